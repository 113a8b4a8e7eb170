"""Contract, Roles: who becomes a CURVE server, who a client, and what is left alone."""

import socket

import pytest
import zmq

from harness.relay import Relay
from harness import zmtp

from .peer import gets
from .program import wait_until


def test_bind_is_server_and_connect_is_client(start):
    program = start()
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    bind, = program.log.events("bind")
    connect, = program.log.events("connect")
    assert (bind["role"], connect["role"]) == ("server", "client")


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "tcp://lo:*", "tcp://[::1]:*",
                                      "tcp://*:*", "tcp://0.0.0.0:0", "ipc://{}/socket", "ipc://*"])
@pytest.mark.parametrize("binder", ["PUSH", "PULL"])
def test_roles_follow_the_call_on_every_kind_of_endpoint(start, short, endpoint, binder):
    program = start()
    connector = "PUSH" if binder == "PULL" else "PULL"
    program("a = bound(%r, %r, ipv6=%d)" % (binder, endpoint.format(short), "[" in endpoint))
    program("to = where(a).replace('0.0.0.0', '127.0.0.1')")
    program("b = connected(%r, to, ipv6=%d)" % (connector, "[" in endpoint))
    assert program("one_way(%s, %s)" % (("a", "b") if binder == "PUSH" else ("b", "a"))) == "ping"


def test_both_sides_greet_with_curve_and_nothing_is_readable(start):
    program = start()
    program("a = bound('REP')")
    with Relay(program("where(a)")) as relay:
        program("b = connected('REQ', %r)" % relay.endpoint)
        program("b.send(b'question-in-clear'); q = a.recv(); a.send(b'answer-in-clear'); b.recv()")
        talk, = relay.conversations
        assert zmtp.commands(talk.connector) == ["HELLO", "INITIATE"]
        assert zmtp.commands(talk.binder) == ["WELCOME", "READY"]
        assert {zmtp.mechanism(talk.connector), zmtp.mechanism(talk.binder)} == {"CURVE"}
        assert b"in-clear" not in relay.bytes_seen()


@pytest.mark.parametrize("first", ["bind", "connect"])
def test_one_socket_does_both_in_any_order_many_times(start, first):
    program = start()
    program("hub = sock('DEALER'); others = []")
    steps = ["bind", "connect"] * 4 if first == "bind" else ["connect", "bind"] * 4
    for step in [*steps, "bind", "bind", "connect", "connect"]:
        if step == "bind":
            program("hub.bind('tcp://127.0.0.1:*'); others.append(connected('DEALER', where(hub)))")
        else:
            program("others.append(bound('DEALER')); hub.connect(where(others[-1]))")
    program("[o.send(b'%d' % n) for n, o in enumerate(others)]")
    assert program("sorted(int(hub.recv()) for o in others)") == list(range(12))
    program("[hub.send(b'x') for o in others]")
    assert program("[o.recv().decode() for o in others]") == ["x"] * 12
    assert len(program.log.events("bind")) == len(program.log.events("connect")) == 12


def test_unsecured_client_and_unsecured_server_exchange_nothing(start, peers):
    program = start()
    program("a = bound('PULL')")
    plain = peers.socket("PUSH", immediate=1, sndtimeo=600)
    plain.connect(program("where(a)"))
    with pytest.raises(zmq.Again):
        plain.send(b"clear")
    server = peers.socket("PULL")
    port = server.bind_to_random_port("tcp://127.0.0.1")
    program("b = connected('PUSH', 'tcp://127.0.0.1:%d'); b.send(b'x')" % port)
    assert gets(server, 0.5) is None
    assert program("a.poll(100)") == 0


def test_inproc_is_untouched(start):
    program = start(certs="/nonexistent")
    program("a = bound('PAIR', 'inproc://here'); b = connected('PAIR', 'inproc://here')")
    assert program("one_way(a, b)") == "ping"
    assert program("a.mechanism") == 0
    assert program.log.events() == []


def test_stream_socket_may_use_inproc_and_a_socket_mixes_inproc_with_tcp(start):
    program = start()
    program("""
        a = bound('PULL'); a.bind('inproc://x')
        b = connected('PUSH', where(a)) if 'tcp' in where(a) else None
    """)
    program("c = connected('PUSH', 'inproc://x')")
    assert program("one_way(c, a)") == "ping"
    assert len(program.log.events("bind")) == 1


REFUSED = ["udp://127.0.0.1:5555", "pgm://127.0.0.1;239.192.1.1:5555", "ws://127.0.0.1:5555",
           "epgm://127.0.0.1;239.192.1.1:5555", "norm://127.0.0.1:5555", "wss://127.0.0.1:5555",
           "tipc://{5560,0,0}", "vmci://1:5555", "TCP://127.0.0.1:5555", "tcps://127.0.0.1:5555"]


@pytest.mark.parametrize("call", ["bind", "connect"])
@pytest.mark.parametrize("endpoint", REFUSED)
def test_other_transports_are_refused(start, call, endpoint):
    program = start()
    program("a = sock('PULL')")
    assert program.refused(f"a.{call}({endpoint!r})") == "EPROTONOSUPPORT"
    refused, = program.log.events("refused")
    assert refused["endpoint"] == endpoint and refused["call"] == f"zmq_{call}"
    assert refused["error"] == "EPROTONOSUPPORT" and refused["level"] == "error"


SOCKETS = {
    "STREAM": ("STREAM", ""),
    "ROUTER_RAW": ("ROUTER", "a.setsockopt(zmq.ROUTER_RAW, 1)"),
    "PLAIN server": ("REP", "a.plain_server = True"),
    "PLAIN client": ("REP", "a.plain_username = b'me'; a.plain_password = b'word'"),
}


@pytest.mark.parametrize("kind", SOCKETS)
@pytest.mark.parametrize("call, endpoint", [("bind", "tcp://127.0.0.1:*"), ("bind", "ipc://*"),
                                            ("connect", "tcp://127.0.0.1:9")])
def test_sockets_that_curve_cannot_carry_are_refused(start, kind, call, endpoint):
    program = start()
    kind, setup = SOCKETS[kind]
    program(f"a = sock({kind!r})\n{setup}")
    before = program("a.mechanism")
    assert program.refused(f"a.{call}({endpoint!r})") == "EPROTONOSUPPORT"
    refused, = program.log.events("refused")
    assert "SECURE_ZMQ_PLAINTEXT" in refused["message"]
    assert program("a.mechanism") == before


@pytest.mark.parametrize("kind", SOCKETS)
@pytest.mark.parametrize("call", ["bind", "connect"])
def test_exempted_they_pass_with_an_event(start, kind, call):
    program = start(PLAINTEXT="tcp://127.0.0.1:*")
    kind, setup = SOCKETS[kind]
    program(f"a = sock({kind!r})\n{setup}")
    endpoint = "tcp://127.0.0.1:*" if call == "bind" else "tcp://127.0.0.1:9"
    program(f"a.{call}({endpoint!r})")
    event, = program.log.events("plaintext")
    assert event["endpoint"] == endpoint and event["level"] == "warning"
    assert program.log.events("refused") == []


def test_gssapi_is_refused(start):
    program = start()
    program("a = sock('REP')")
    try:
        program("a.setsockopt(zmq.GSSAPI_SERVER, 1)")
    except Exception:
        pytest.skip("this libzmq has no GSSAPI")
    assert program.refused("a.bind('tcp://127.0.0.1:*')") == "EPROTONOSUPPORT"


def test_router_raw_taken_back_is_secured(start):
    program = start()
    program("a = sock('ROUTER'); a.setsockopt(zmq.ROUTER_RAW, 1); a.setsockopt(zmq.ROUTER_RAW, 0)")
    program("a.bind('tcp://127.0.0.1:*')")
    assert len(program.log.events("bind", role="server")) == 1


def test_exempted_plain_socket_keeps_its_passwords(start):
    program = start(PLAINTEXT="tcp://127.0.0.1:*")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program("a = sock('PUSH', plain_username=b'me', plain_password=b'word')")
        program("a.connect('tcp://127.0.0.1:%d')" % listener.getsockname()[1])
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(20)
            connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00PLAIN" + bytes(15) + b"\x01"
                               + bytes(31))
            seen = b""
            while b"word" not in seen:
                data = connection.recv(4096)
                assert data, seen
                seen += data
    assert zmtp.mechanism(seen) == "PLAIN" and b"\x05HELLO\x02me\x04word" in seen


def test_a_socket_with_curve_of_its_own_is_left_as_it_is(start, peers, certs):
    program = start()
    program("""
        public, secret = zmq.curve_keypair()
        a = sock('PULL', curve_server=True, curve_secretkey=secret); a.bind('tcp://127.0.0.1:*')
    """)
    key = program("public.decode()")
    assert key != certs.server.public
    # No handler of the program's: anybody gets in, as without the shim.
    stranger = peers.client("PUSH", program("where(a)"), certs.server, key)
    stranger.send(b"mine")
    assert program("a.recv().decode()") == "mine"
    assert program("[a.getsockopt(o) for o in (zmq.CURVE_SERVER, zmq.MECHANISM)]") == [1, 2]
    assert program.log.events("bind")[0]["message"].startswith("left alone")


def test_own_curve_client_beside_secured_sockets(start, peers, certs):
    """In a context with the shim's authenticator, an own CURVE server still accepts as before."""
    program = start()
    program("""
        secured = bound('PULL')
        public, secret = zmq.curve_keypair()
        own = sock('PULL', curve_server=True, curve_secretkey=secret, zap_domain=b'own')
        own.bind('tcp://127.0.0.1:*')
    """)
    client = peers.client("PUSH", program("where(own)"), certs.server, program("public.decode()"))
    client.send(b"hello")
    program("m = own.recv(copy=False)")
    assert program("m.bytes.decode()") == "hello"
    assert program("m.get('User-Id')") == ""


@pytest.mark.parametrize("setup, error", [
    ("a = sock('STREAM')", "EPROTONOSUPPORT"),
    ("a = sock('REP')", None),
])
def test_socket_is_usable_after_a_refusal(start, setup, error):
    program = start()
    program(setup)
    bad = "tcp://127.0.0.1:9" if error else "ws://127.0.0.1:9"
    for _ in range(3):
        assert program.refused(f"a.bind({bad!r})") == "EPROTONOSUPPORT"
        assert program.refused(f"a.connect({bad!r})") == "EPROTONOSUPPORT"
    if not error:
        program("a.bind('tcp://127.0.0.1:*'); b = connected('REQ', where(a))")
        assert program("one_way(b, a)") == "ping"
    program("a.bind('inproc://after') if a.type != zmq.STREAM else a.close()")


def test_exempted_and_secured_endpoints_on_one_socket(start, peers, certs, short):
    program = start(PLAINTEXT=f"ipc://{short}/clear-*")
    program(f"""
        a = sock('PULL')
        a.bind('ipc://{short}/clear-1')
        a.bind('tcp://127.0.0.1:*')
        to = where(a)
        a.bind('ipc://{short}/clear-2')
    """)
    for n in (1, 2):
        plain = peers.socket("PUSH")
        plain.connect(f"ipc://{short}/clear-{n}")
        plain.send(b"from %d" % n)
        assert program("a.recv().decode()") == f"from {n}"
    good = peers.client("PUSH", program("to"), certs.client, certs.server.public)
    good.send(b"curve")
    assert program("a.recv().decode()") == "curve"
    plain = peers.socket("PUSH", immediate=1, sndtimeo=500)
    plain.connect(program("to"))
    with pytest.raises(zmq.Again):
        plain.send(b"clear to the secured one")
    assert len(program.log.events("plaintext")) == 2


def test_reconnects_keep_the_role(start):
    program = start()
    program("a = bound('PULL'); to = where(a); b = connected('PUSH', to)")
    assert program("one_way(b, a)") == "ping"
    program("""
        a.close()
        a = sock('PULL')
        while attempt(a.bind, to) == 'EADDRINUSE':
            time.sleep(0.01)
    """)
    # What is sent before the end of the old connection is noticed is lost with it.
    assert wait_until(lambda: program("b.send(b'again'); arrived = a.poll(500)") or program("arrived"))
    assert program("a.recv().decode()") == "again"


@pytest.mark.parametrize("first", ["a.bind('tcp://127.0.0.1:*')",
                                   "a.bind('tcp://127.0.0.1:*'); a.connect('tcp://127.0.0.1:9')"])
def test_curve_that_the_program_sets_up_after_a_secured_bind_is_its_own(start, peers, certs, first):
    program = start()
    program(f"""
        a = sock('PULL'); {first}
        public, secret = zmq.curve_keypair()
        a.curve_secretkey = secret; a.curve_server = 1; a.bind('tcp://127.0.0.1:*')
    """)
    client = peers.client("PUSH", program("where(a)"), certs.server, program("public.decode()"))
    client.send(b"mine")
    assert program("a.recv().decode()") == "mine"
    assert program.log.events("auth") == []
