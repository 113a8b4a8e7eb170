"""Contract, Certificates: a server key is rotated with nobody left outside."""

import os
import socket

import pytest

from harness import builds

from . import program as programs
from .certs import pair, write, write_secret


def switch(certs, newer):
    """As `curveshim-cert rotate DIR server --switch`."""
    (certs.path / "server.key_secret").rename(certs.path / "server.superseded.key_secret")
    (certs.path / "server.next.key_secret").rename(certs.path / "server.key_secret")
    write(certs.path / "server.key", newer)


def entrances(program):
    """Not what is told of those that are still connected."""
    return [each for each in program.log.events("auth") if "connection" not in each]


def descriptors(program):
    return os.listdir(f"/proc/{program.process.pid}/fd")


def second_listeners(program):
    """What they wait on; libzmq's own have low numbers."""
    return [fd for fd in descriptors(program) if int(fd) >= 200
            and "eventfd" in os.readlink(f"/proc/{program.process.pid}/fd/{fd}")]


@pytest.mark.parametrize("switched", [False, True])
@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "tcp://[::1]:*", "ipc://{}/s",
                                      "ipc://@{}"])
def test_clients_of_either_key_get_in_at_once(start, certs, newer, one_chance, short, endpoint,
                                              switched):
    if switched:
        switch(certs, newer)
    program = start()
    program(f"a = sock('PULL', ipv6=1); a.bind({endpoint.format(short)!r})")
    event = program.log.events("bind")[-1]
    assert len(program.log.events("bind")) == 1
    assert event["key"] == (newer if switched else certs.server).public
    assert event["second_key"] == (certs.server if switched else newer).public
    for n in range(10):
        for keys in (certs.server, newer):
            one_chance(program("where(a)"), keys, ipv6=1).send(str(n).encode())
            assert program("a.poll(20000) and a.recv().decode()") == str(n)
    assert program.log.events("handshake", result="failed") == []


def test_all_at_once(start, certs, newer, one_chance):
    program = start(IO_THREADS=2)
    program("a = bound('PULL')")
    where = program("where(a)")
    clients = [one_chance(where, keys) for _ in range(60) for keys in (certs.server, newer)]
    for n, client in enumerate(clients):
        client.send(str(n).encode())
    got = program("[int(a.recv()) for _ in range(120)]")
    assert sorted(got) == list(range(120))
    assert len(program.log.events("auth", result="allow")) == 120


def test_authorisation_is_the_same(start, certs, newer, one_chance, peers):
    certs.authorize("client", certs.client, name="anna", endpoints="tcp://lo:*")
    program = start(HANDSHAKE_TIMEOUT=500)
    program("a = bound('PULL', 'tcp://lo:*')")
    where = program("where(a)")
    for keys in (certs.server, newer):
        stranger = peers.client("PUSH", where, pair(), keys.public)
        stranger.send(b"x")
        assert program.log.wait("auth", result="deny")["reason"] == "unknown key"
        stranger.close()
        one_chance(where, keys).send(b"x")
        program("m = a.recv(copy=False)")
        assert program("m.get('User-Id')") == certs.client.public
        assert program("m.get('Name')") == "anna"
        assert program("m.get('Peer-Address')") == "127.0.0.1"


def test_each_use_of_the_superseded_server_key_is_named(start, certs, newer, one_chance):
    program = start(LOG_LEVEL="warning")
    program("a = bound('PULL')")
    where = program("where(a)")

    def comes(keys):
        one_chance(where, keys).send(b"x")
        program("a.recv()")
        return entrances(program)
    # Prepared only: nobody can know the new key yet.
    assert comes(certs.server) == []
    switch(certs, newer)
    assert comes(newer) == []
    event, = comes(certs.server)
    assert (event["result"], event["reason"]) == ("allow", "superseded server key")
    assert (event["level"], event["name"]) == ("warning", "client")
    # The same for a server that is started now.
    other = start(LOG_LEVEL="warning")
    other("a = bound('PULL')")
    for keys in (newer, certs.server):
        one_chance(other("where(a)"), keys).send(b"x")
        other("a.recv()")
    event, = entrances(other)
    assert event["reason"] == "superseded server key"


@pytest.mark.slow
def test_connections_that_last_are_named_too(start, certs, newer, one_chance):
    program = start(LOG_LEVEL="warning")
    program("a = bound('PULL')")
    client = one_chance(program("where(a)"), certs.server)
    client.send(b"x")
    program("a.recv()")
    assert program.log.events("auth") == []
    switch(certs, newer)
    event = program.log.wait("auth")
    assert (event["result"], event["reason"]) == ("allow", "superseded server key")
    assert event["connection"] == "live"
    client.send(b"y")
    assert program("a.recv().decode()") == "y"
    client.close()


@pytest.mark.parametrize("options", [{"reconnect_ivl": -1}, {}])
def test_a_client_that_does_not_reconnect_is_told(start, certs, newer, options):
    program = start(LOG_LEVEL="warning")
    program("a = bound('PULL')")
    given = "".join(f", {name}={value}" for name, value in options.items())
    program(f"b = connected('PUSH', where(a){given}); b.send(b'x'); a.recv()")
    events = program.log.events("connect")
    assert ["does not reconnect" in event["message"] for event in events] == [True] * len(options)


def test_without_a_next_key_nothing_is_different(start, certs, newer, one_chance):
    for file in certs.path.glob("server.next.*"):
        file.unlink()
    program = start()
    program("a = bound('PULL')")
    assert "second_key" not in program.log.events("bind")[-1]
    one_chance(program("where(a)"), newer).send(b"x")
    one_chance(program("where(a)"), certs.server).send(b"y")
    assert program("a.recv().decode()") == "y"
    assert program("a.poll(300)") == 0
    assert second_listeners(program) == []


@pytest.mark.parametrize("end", ["a.unbind(to)", "a.close()"])
@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "ipc://{}/s"])
def test_both_listeners_end_together(start, certs, newer, one_chance, short, endpoint, end):
    program = start()
    program(f"keep = bound('PULL'); a = bound('PULL', {endpoint.format(short)!r}); to = where(a)")
    before = len(descriptors(program))
    where = program("to")
    program(end)
    assert programs.wait_until(lambda: len(descriptors(program)) <= before - 2)
    assert len(second_listeners(program)) == 1
    with socket.socket(socket.AF_UNIX if "ipc" in where else socket.AF_INET) as plain:
        assert plain.connect_ex(where[6:] if "ipc" in where
                                else ("127.0.0.1", int(where.rpartition(":")[2]))) != 0
    # And again, as often as one likes.
    for _ in range(3):
        program("b = sock('PULL'); b.bind(to)")
        for keys in (certs.server, newer):
            one_chance(where, keys).send(b"x")
            assert program("b.recv().decode()") == "x"
        after = len(descriptors(program))
        program("b.close()")
        assert programs.wait_until(lambda: len(descriptors(program)) < after - 1)
        program("ctx2 = zmq.Context(); ctx2.term()")


def test_what_the_program_sees_of_it(start, certs, newer):
    program = start()
    program("a = sock('PULL'); m = a.get_monitor_socket(); a.bind('tcp://127.0.0.1:*')")
    assert program("a.getsockopt(zmq.USE_FD)") == -1
    assert program("a.curve_server") == 0
    assert program("a.getsockopt(zmq.ZAP_DOMAIN).strip(bytes(1)).decode()") == ""
    program("to = where(a); a.unbind(to)")
    assert program("to").startswith("tcp://127.0.0.1:")
    assert program.refused("a.unbind(to)") == "ENOENT"
    program("from zmq.utils.monitor import recv_monitor_message as seen")
    events = program("[(e['event'].name, e['endpoint'].decode()) for e in (seen(m) for _ in 'four')]")
    to = program("to")
    assert sorted(events) == [["CLOSED", to]] * 2 + [["LISTENING", to]] * 2


def test_a_port_that_is_taken_stays_taken(start, certs, newer):
    with socket.create_server(("127.0.0.1", 0)) as other:
        program = start()
        program("a = sock('PULL')")
        port = other.getsockname()[1]
        assert program.refused(f"a.bind('tcp://127.0.0.1:{port}')") == "EADDRINUSE"
        assert program.log.events("refused") == []
        assert second_listeners(program) == []


def test_nobody_slips_in_beside_it(start, certs, newer):
    program = start()
    program("a = bound('PULL')")
    port = int(program("where(a)").rpartition(":")[2])
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError):
            intruder.bind(("127.0.0.1", port))
            intruder.listen()


def test_a_next_pair_that_cannot_be_used_is_named(start, certs, newer):
    (certs.path / "server.next.key_secret").chmod(0o644)
    program = start()
    program("a = sock('PULL')")
    assert program.refused("a.bind('tcp://127.0.0.1:*')") == "EACCES"
    assert "server.next.key_secret" in program.log.events("refused")[0]["message"]
    write_secret(certs.path / "server.next.key_secret", type(newer)(newer.public, pair().secret))
    assert program.refused("a.bind('tcp://127.0.0.1:*')") == "EACCES"
    assert "do not belong together" in program.log.events("refused")[1]["message"]


def test_a_descriptor_that_the_program_gives(start, certs, newer, one_chance):
    with socket.create_server(("127.0.0.1", 0)) as given:
        given.set_inheritable(True)
        program = start(pass_fds=[given.fileno()])
        program(f"a = sock('PULL', use_fd={given.fileno()}); a.bind('tcp://127.0.0.1:*')")
        assert program("a.getsockopt(zmq.USE_FD)") == given.fileno()
        for keys in (certs.server, newer):
            one_chance("tcp://127.0.0.1:%d" % given.getsockname()[1], keys).send(b"x")
            assert program("a.recv().decode()") == "x"


def test_who_knows_neither_key_stays_outside(start, certs, newer, one_chance, peers):
    program = start()
    program("a = bound('PULL')")
    where = program("where(a)")
    before = len(descriptors(program))
    for _ in range(20):
        one_chance(where, pair()).send(b"x")
    assert programs.wait_until(lambda: len(descriptors(program)) <= before)
    failed = program.log.wait("handshake", result="failed")
    assert failed["role"] == "server" and failed["reason"].startswith("wrong server key")
    one_chance(where, newer).send(b"y")
    assert program("a.recv().decode()") == "y"
    assert program("a.poll(100)") == 0


@pytest.mark.parametrize("said", [b"", b"\xff" + b"\0" * 8 + b"\x7f", b"GET / HTTP/1.0\r\n\r\n"])
def test_half_a_handshake_is_not_handed_over(start, certs, newer, one_chance, said):
    program = start(HANDSHAKE_TIMEOUT=1500 if builds.WITH_TSAN else 300)
    program("a = bound('PULL')")
    where = program("where(a)")
    with socket.create_connection(("127.0.0.1", int(where.rpartition(":")[2]))) as plain:
        plain.sendall(said)
        plain.settimeout(20)
        try:
            while plain.recv(1000):
                pass
        except ConnectionResetError:
            pass
    one_chance(where, newer).send(b"y")
    assert program("a.recv().decode()") == "y"


def test_both_pairs_are_kept_where_they_are_out_of_reach(start, certs, newer, one_chance):
    program = start()
    program("zmq.Context().term()")
    away = certs.path.rename(certs.path.with_name("away"))
    program("a = bound('PULL')")
    for keys in (certs.server, newer):
        one_chance(program("where(a)"), keys).send(b"x")
        assert program("a.recv().decode()") == "x"
    away.rename(certs.path)
    # With the pair in use in sight, no other pair means that there is none.
    (certs.path / "server.next.key_secret").unlink()
    program("b = bound('PULL')")
    assert "second_key" not in program.log.events("bind")[-1]


def test_both_pairs_are_kept_after_loss_of_privilege(start, certs, newer, one_chance):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    program = start()
    program("zmq.Context().term(); os.setgid(65534); os.setuid(65534)")
    program("a = bound('PULL')")
    for keys in (certs.server, newer):
        one_chance(program("where(a)"), keys).send(b"x")
        assert program("a.recv().decode()") == "x"


def test_in_a_forked_child(start, certs, newer, one_chance):
    program = start()
    program("a = bound('PULL')")
    where = program("where(a)")
    program("""
        r, w = os.pipe()
        child = os.fork()
        if child == 0:
            c = zmq.Context().socket(zmq.PULL)
            c.bind('tcp://127.0.0.1:*')
            os.write(w, where(c).encode())
            got = [c.recv().decode() for _ in range(2)]
            os.write(w, '+'.join(got).encode())
            os._exit(0)
    """)
    theirs = program("os.read(r, 100).decode()")
    for keys in (certs.server, newer):
        one_chance(theirs, keys).send(b"x")
        one_chance(where, keys).send(b"y")
        assert program("a.recv().decode()") == "y"
    assert program("os.read(r, 100).decode()") == "x+x"
    assert program("os.waitpid(child, 0)[1]") == 0


def test_the_context_ends_in_the_middle(start, certs, newer, one_chance):
    program = start()
    for _ in range(10):
        program("a = bound('PULL')")
        where = program("where(a)")
        clients = [one_chance(where, newer) for _ in range(10)]
        program("a.close(); ctx.term(); ctx = zmq.Context(); ctx.linger = 0")
        for client in clients:
            client.close()
    before = len(descriptors(program))
    program("a = bound('PULL'); a.close(); ctx.term(); ctx = zmq.Context()")
    assert programs.wait_until(lambda: len(descriptors(program)) <= before)
