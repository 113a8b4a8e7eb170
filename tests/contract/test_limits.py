"""Contract, Environment: HANDSHAKE_TIMEOUT, MAX_MESSAGE_SIZE, IO_THREADS, ALLOW and DENY."""

import socket
import time

import pytest

from .program import wait_until


def time_until_cut(endpoint, patience):
    """How long a server bears a peer that says nothing."""
    host, port = endpoint.rsplit("/", 1)[1].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as silent:
        silent.settimeout(patience)
        start = time.monotonic()
        try:
            while silent.recv(4096):
                pass
        except TimeoutError:
            return None
        return time.monotonic() - start


def test_handshake_timeout_applies_where_the_program_left_the_default(start):
    program = start(HANDSHAKE_TIMEOUT=300)
    program("a = bound('PULL')")
    assert 0.2 < time_until_cut(program("where(a)"), 20) < 5


@pytest.mark.parametrize("own", [0, 20000])
def test_and_not_where_it_chose_itself(start, own):
    program = start(HANDSHAKE_TIMEOUT=200)
    program(f"a = bound('PULL', handshake_ivl={own})")
    assert time_until_cut(program("where(a)"), 1) is None


def test_max_message_size_applies_where_the_program_left_the_default(start, certs, peers):
    program = start(MAX_MESSAGE_SIZE=1000)
    program("a = bound('PULL'); own = bound('PULL', maxmsgsize=5000); any = bound('PULL')")
    for name, size, arrives in [("a", 900, True), ("a", 1100, False), ("own", 4000, True),
                                ("own", 6000, False)]:
        client = peers.client("PUSH", program(f"where({name})"), certs.client,
                              certs.server.public)
        client.send(b"x" * size)
        assert bool(program(f"{name}.poll({20000 if arrives else 500})")) == arrives, (name, size)
        if arrives:
            assert program(f"len({name}.recv())") == size
        client.close(0)


def test_without_the_variables_the_defaults_are_libzmqs(start):
    program = start()
    program("a = bound('PULL'); b = connected('PUSH', where(a)); b.send(bytes(3000000))")
    assert program("len(a.recv())") == 3000000
    assert time_until_cut(program("where(a)"), 0.5) is None


def io_threads(program):
    return program("""sum(open(f'/proc/self/task/{t}/comm').read().startswith('ZMQbg/IO')
                          for t in os.listdir('/proc/self/task'))""".replace("\n", " "))


@pytest.mark.parametrize("variable, own, expected", [
    (None, None, 1), ("3", None, 3), ("3", 2, 3), ("3", 5, 5), ("1", 2, 2), ("3", 0, 0)])
def test_io_threads_are_raised_and_never_lowered(start, variable, own, expected):
    program = start(IO_THREADS=variable)
    if own is not None:
        program(f"ctx.set(zmq.IO_THREADS, {own})")
    assert program("ctx.get(zmq.IO_THREADS)") == (1 if own is None else own)
    program("a = sock('PULL'); a.bind('inproc://x')")
    # Each thread names itself, once it runs.
    assert wait_until(lambda: io_threads(program) >= expected, 5)
    assert io_threads(program) == expected
    assert program("ctx.get(zmq.IO_THREADS)") == (1 if own is None else own)


def test_io_threads_change_nothing_when_off(start):
    program = start(IO_THREADS=4, SECURE_ZMQ="0")
    program("a = bound('PULL')")
    assert wait_until(lambda: io_threads(program) >= 1, 5)
    assert io_threads(program) == 1


@pytest.mark.parametrize("variables, passes", [
    ({"ALLOW": "127.0.0.0/8"}, True),
    ({"ALLOW": "10.0.0.0/8, 127.0.0.1"}, True),
    ({"ALLOW": "10.0.0.0/8 192.0.2.1"}, False),
    ({"ALLOW": "::1"}, False),
    ({"ALLOW": "127.0.0.2"}, False),
    ({"DENY": "127.0.0.0/8"}, False),
    ({"DENY": "10.0.0.0/8"}, True),
    ({"ALLOW": "127.0.0.1", "DENY": "127.0.0.0/8"}, False),
    ({"ALLOW": "0.0.0.0/0", "DENY": "127.0.0.2"}, True),
])
def test_allow_and_deny(start, certs, peers, variables, passes):
    program = start(**variables)
    program("a = bound('PULL')")
    client = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
    client.send(b"x")
    event = program.log.wait("auth")
    assert event["result"] == ("allow" if passes else "deny")
    assert event["address"] == "127.0.0.1"
    assert bool(program(f"a.poll({20000 if passes else 200})")) == passes
    if not passes:
        name = "SECURE_ZMQ_DENY" if "DENY" in variables else "SECURE_ZMQ_ALLOW"
        assert name in event["reason"]


@pytest.mark.parametrize("variables, result", [({"DENY": "127.0.0.1"}, "deny"),
                                               ({"ALLOW": "127.0.0.1"}, "allow"),
                                               ({"ALLOW": "::/0"}, "deny")])
def test_mapped_addresses_count_as_ipv4(start, certs, peers, variables, result):
    program = start(**variables)
    program("a = bound('PULL', 'tcp://*:*', ipv6=1)")
    port = program("where(a).rsplit(':', 1)[1]")
    peers.client("PUSH", f"tcp://127.0.0.1:{port}", certs.client, certs.server.public).send(b"x")
    assert program.log.wait("auth")["result"] == result


def test_cidrs_do_not_apply_to_ipc(start, certs, peers, short):
    program = start(ALLOW="192.0.2.1", DENY="0.0.0.0/0 ::/0")
    program(f"a = bound('PULL', 'ipc://{short}/s')")
    peers.client("PUSH", f"ipc://{short}/s", certs.client, certs.server.public).send(b"x")
    assert program("a.recv().decode()") == "x"


def test_deny_holds_without_authentication_too(start, certs, peers):
    program = start(AUTHORIZED="any", DENY="127.0.0.1")
    program("a = bound('PULL', sndtimeo=1)")
    client = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
    client.send(b"x")
    assert program.log.wait("auth")["result"] == "deny"
    assert program("a.poll(200)") == 0


def test_any_lets_everybody_in_and_warns_at_the_first_bind(start, certs, peers):
    from .certs import pair
    program = start(AUTHORIZED="any", LOG_LEVEL="warning")
    assert program.log.events() == []
    program("a = bound('PULL')")
    warning, = program.log.events("config", level="warning")
    assert "SECURE_ZMQ_AUTHORIZED" in warning["message"]
    program("b = bound('PULL')")
    peers.client("PUSH", program("where(a)"), pair(), certs.server.public).send(b"x")
    assert program("a.recv().decode()") == "x"
    assert len(program.log.events("config", level="warning")) == 1
    # Encrypted all the same.
    plain = peers.socket("PUSH", immediate=1)
    plain.connect(program("where(a)"))
    assert program("a.poll(200)") == 0


def test_any_still_refuses_revoked_keys(start, certs, peers):
    certs.revoke("gone", certs.client)
    program = start(AUTHORIZED="any")
    program("a = bound('PULL')")
    client = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
    client.send(b"x")
    assert program.log.wait("auth", result="deny")["reason"] == "revoked"
    assert program("a.poll(200)") == 0


def test_a_missing_directory_of_clients_refuses_the_bind_only(start, certs):
    for file in certs.authorized.iterdir():
        file.unlink()
    certs.authorized.rmdir()
    program = start()
    assert program.refused("bound('PULL')") == "EACCES"
    assert f"{certs}/authorized_clients" in program.log.events("refused")[0]["message"]
    program("b = connected('PUSH', 'tcp://127.0.0.1:9')")


def test_an_empty_directory_of_clients_authorises_nobody(start, certs, peers):
    (certs.authorized / "client.key").unlink()
    program = start()
    program("a = bound('PULL')")
    client = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
    client.send(b"x")
    assert program.log.wait("auth", result="deny")["reason"] == "unknown key"
    assert program("a.poll(100)") == 0
