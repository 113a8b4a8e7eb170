"""Contract, Roles: where the program has set a ZAP domain for a socket that the shim secures, its
own handler and the authenticator both have to let a client in."""

import time

import pytest

from .certs import pair, write, write_secret
from .peer import gets
from .program import wait_until


@pytest.mark.parametrize("first", ["handler", "secured bind", "own bind"])
def test_started_before_and_after_the_binds_and_again(handled, peers, certs, first):
    program = handled()
    steps = {"handler": "h = Handler(say(b'400'))", "own bind": "own = curve_server()",
             "secured bind": "a = bound('PULL', zap_domain=b'mine')"}
    for step in sorted(steps, key=lambda step: step != first):
        program(steps[step])
    program("to = where(a)")
    for status, allowed in (("400", False), ("200", True), ("400", False)):
        program(f"h.stop(); h = Handler(say(b'{status}'))")
        peers.client("PUSH", program("to"), certs.client, certs.server.public).send(b"x")
        assert program(f"h.wait(1) and a.poll({20000 if allowed else 500})") == allowed
        program("a.recv() if a.poll(0) else None; b = curve_client(own)")
        assert program(f"passes(b, own, {20 if allowed else 0.5})") == allowed


@pytest.mark.parametrize("kind, known, says, allowed", [
    ("REP", True, "200", True), ("ROUTER", True, "200", True), ("REP", False, "200", False),
    ("REP", True, "300", False), ("ROUTER", True, "400", False), ("REP", True, "500", False),
    ("ROUTER", False, "400", False),
])
def test_both_have_to_let_a_client_in(handled, peers, certs, kind, known, says, allowed):
    program = handled()
    program(f"a = bound('PULL', zap_domain=b'mine'); h = Handler(say(b'{says}'), {kind!r})")
    keys = certs.client if known else pair()
    peers.client("PUSH", program("where(a)"), keys, certs.server.public).send(b"x")
    event = program.log.wait("auth", result="allow" if allowed else "deny")
    assert program(f"a.poll({20000 if allowed else 500})") == allowed
    # Whoever is not authorised is not the program's business.
    assert program("len(h.requests) > 0") == known
    if known and not allowed:
        assert event["reason"] == "refused by the program's ZAP handler"
    assert event["key"] == keys.public


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "ipc"])
@pytest.mark.parametrize("sockets", ["PULL", "ROUTER"])
def test_it_is_asked_as_without_the_shim(both, tmp_path, endpoint, sockets):
    def requests(program):
        to = f"ipc://@curveshim-{program.process.pid}" if endpoint == "ipc" else endpoint
        program(f"""
            h = Handler(); a = sock({sockets!r}, zap_domain=b'mine', identity=b'me')
            a.bind({to!r})
            b = connected('PUSH' if a.type == zmq.PULL else 'DEALER', where(a), identity=b'you')
            b.send(b'x'); a.recv()
        """)
        pid = str(program.process.pid).encode().hex()
        return [[frame.replace(pid, "pid") for frame in r] for r in program("h.seen()")]

    request, = both(requests)
    assert bytes.fromhex(request[5]) == b"NULL" and bytes.fromhex(request[2]) == b"mine"


@pytest.mark.parametrize("server, client, user", [("PULL", "PUSH", True), ("REQ", "REP", False)])
def test_what_the_program_is_told_of_a_client(handled, peers, certs, server, client, user):
    """A REQ socket that binds can't be told a User-Id."""
    certs.authorize("client", certs.client, name="anna")
    program = handled()
    program(f"""
        extra = b'\\x04Name\\0\\0\\0\\3bob' + b'\\x04Role\\0\\0\\0\\5admin'
        h = Handler(lambda request: reply(request, user=b'bob', metadata=extra))
        a = bound({server!r}, zap_domain=b'mine')
    """)
    peer = peers.client(client, program("where(a)"), certs.client, certs.server.public)
    if server == "REQ":
        program("a.send(b'question')")
        assert gets(peer, 20) == "question"
    peer.send(b"x")
    program("m = a.recv(copy=False)")
    assert program("[m.get(n) for n in ('User-Id', 'Name', 'Role')]") == [
        certs.client.public if user else "", "anna", "admin"]


@pytest.mark.parametrize("says", ["200", "400"])
def test_clients_of_both_server_keys_while_one_is_rotated(handled, peers, certs, says):
    newer = pair()
    write_secret(certs.path / "server.next.key_secret", newer)
    write(certs.path / "server.next.key", newer)
    program = handled()
    program(f"h = Handler(say(b'{says}')); a = bound('PULL', zap_domain=b'mine')")
    for count, server in enumerate((certs.server, newer), 1):
        peers.client("PUSH", program("where(a)"), certs.client, server.public).send(b"x")
        assert program(f"a.poll({20000 if says == '200' else 500}) != 0") == (says == "200")
        program("a.recv() if a.poll(0) else None")
        assert program(f"h.wait({count})")


def test_a_revocation_while_it_thinks(handled, peers, certs):
    program = handled()
    program("""
        go = threading.Event()
        def answer(request):
            go.wait(100)
            return reply(request)
        h = Handler(answer); a = bound('PULL', zap_domain=b'mine')
    """)
    peers.client("PUSH", program("where(a)"), certs.client, certs.server.public).send(b"x")
    # The answer is not given before it has been asked.
    assert wait_until(lambda: program("h.socket.events") == 0)
    certs.revoke("client", certs.client)
    program.log.wait("reload", revoked=1)
    program("go.set()")
    assert program.log.wait("auth", result="deny")["reason"] == "revoked"
    assert program("a.poll(500)") == 0


def test_a_slow_one_delays_nobody_else(handled, peers, certs):
    """Neither the clients of other sockets; nor does a refusal elsewhere end who waits for it."""
    program = handled()
    program("""
        go = threading.Event()
        def answer(request):
            go.wait(60)
            return reply(request)
        h = Handler(answer); own = curve_server(); a = bound('PULL', zap_domain=b'mine')
        b = bound('PULL'); watches = [s.get_monitor_socket(zmq.EVENT_ACCEPTED) for s in (own, a, b)]
        client = curve_client(own); client.send(b'waited')
    """)
    server = certs.server.public
    peers.client("PUSH", program("where(a)"), certs.client, server).send(b"waited")
    to = program("where(b)")
    stranger = peers.client("PUSH", to, pair(), server)
    for n in range(20):
        peers.client("PUSH", to, certs.client, server).send(b"%d" % n)
        assert program("b.recv().decode()") == str(n)
    # Longer than a refused client is left waiting, which the stranger is.
    time.sleep(2.5)
    program("go.set()")
    assert program("[own.recv().decode(), a.recv().decode()]") == ["waited"] * 2
    program("times = [sum(1 for _ in iter(lambda: w.poll(0) and w.recv_multipart(), 0)) "
            "for w in watches]; [w.close() for w in watches]")
    assert program("times[:2]") == [1, 1]
    assert program("times[2]") > 21 and stranger


def test_one_that_never_answers_and_then_ends(handled, peers, certs):
    program = handled()
    program("h = Handler(lambda request: None, 'ROUTER'); a = bound('PULL', zap_domain=b'mine')")
    peer = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
    peer.send(b"x")
    assert program("h.wait(1)")
    assert program("a.poll(300)") == 0
    # It ends: the client is told to try again, and there is nobody to ask any more.
    program("h.stop()")
    assert program("a.recv().decode()") == "x"
    assert [e["reason"] for e in program.log.events("auth")] == [
        "refused by the program's ZAP handler (it ended without an answer)", "authorised"]


def test_in_one_of_several_contexts(handled, peers, certs):
    program = handled()
    program("""
        other = zmq.Context(); other.linger = 0
        a = bound('PULL', zap_domain=b'mine'); h = Handler(say(b'400'), context=other)
        b = other.socket(zmq.PULL); b.zap_domain = b'mine'; b.bind('tcp://127.0.0.1:*')
    """)
    for name, allowed in (("a", True), ("b", False)):
        to = program(f"where({name})")
        peers.client("PUSH", to, certs.client, certs.server.public).send(b"x")
        assert program(f"{name}.poll({20000 if allowed else 500})") == allowed
    assert program("len(h.requests)") > 0


def test_max_sockets_are_all_the_programs_with_a_handler_too(handled):
    program = handled()
    program("ctx.set(zmq.MAX_SOCKETS, 4); h = Handler(); a = bound('PULL', zap_domain=b'mine')")
    program("b = connected('PUSH', where(a)); c = sock('PUSH')")
    assert program("passes(b, a)") and program("len(h.requests)") == 1
    assert program.refused("sock('PUSH')") == "EMFILE"
    assert program("ctx.get(zmq.MAX_SOCKETS)") == 4


@pytest.mark.parametrize("order", ["ha", "ah"])
@pytest.mark.parametrize("answers", ["", "None and "])
def test_the_context_ends(handled, order, answers):
    program = handled()
    program(f"""
        h = Handler(lambda request: {answers}reply(request), 'ROUTER')
        a = bound('PULL', zap_domain=b'mine'); b = connected('PUSH', where(a)); b.send(b'x')
        h.wait(1)
    """)
    program("b.close()")
    for each in order:
        program({"h": "h.stop()", "a": "a.close()"}[each])
    program("begin = time.monotonic(); ctx.term(); took = time.monotonic() - begin")
    assert program("took") < 2
    down = program.log.wait("authenticator", state="down")
    assert down["level"] == "info"


def test_it_ends_with_the_context(handled):
    """The handler's thread learns from ETERM that it is over, as a program's may."""
    program = handled()
    program("""
        h = Handler(); a = bound('PULL', zap_domain=b'mine'); b = connected('PUSH', where(a))
        passed = passes(b, a); a.close(); b.close(); ctx.term(); h.thread.join(20)
    """)
    assert program("passed and not h.thread.is_alive()")


def test_in_a_forked_child(handled):
    program = handled()
    program("""
        h = Handler(); a = bound('PULL', zap_domain=b'mine')
        child = os.fork()
        if child == 0:
            try:
                ctx = zmq.Context(); h = Handler(); a = bound('PULL', zap_domain=b'mine')
                b = connected('PUSH', where(a))
                passed = passes(b, a) and len(h.requests) == 1
                h.stop(); ctx.destroy(0)
                os._exit(0 if passed else 1)
            except BaseException as failed:
                print(repr(failed), file=sys.stderr, flush=True)
                os._exit(2)
        status = os.waitpid(child, 0)[1]
        b = connected('PUSH', where(a))
    """)
    assert program("[status, passes(b, a), len(h.requests)]") == [0, True, 1]


def test_certificates_that_come_later_count(handled, peers, certs):
    hidden = certs.path.rename(certs.path.with_name("hidden"))
    program = handled(AUTHORIZED=certs.authorized)
    program("h = Handler()")
    assert program.refused("bound('PULL')") == "EACCES"
    hidden.rename(certs.path)
    program("a = bound('PULL'); to = where(a)")
    later = pair()
    certs.authorize("later", later)
    program.log.wait("reload", authorised=2)
    peers.client("PUSH", program("to"), later, certs.server.public).send(b"x")
    assert program("a.recv().decode()") == "x"
