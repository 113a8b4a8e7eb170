"""Contract, Certificates: while a server's key is rotated, a program may close what it does not
know, and use its numbers, as daemons and careless libraries do. Nothing is written into what is the
program's, nothing of it is closed, and who cannot be served any more is told of in one line."""

import os
import socket

import pytest

from .program import wait_until
from .test_server_rotation import second_listeners

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(15) + bytes(32)
HELLO = b"\x04\xc8\x05HELLO" + bytes(194)
LOST = "the other key of this server cannot come in any more"


def is_heard(program, client):
    client.send(b"x")
    return program("a.poll(20000) and a.recv().decode()") == "x"


def number_of(program):
    number, = second_listeners(program)
    return number


WAYS = {
    "closerange": "os.closerange({n}, {n} + 1); assert os.dup2(mine, {n}) == {n}",
    "closerange all": "os.closerange(200, 5000); assert os.dup2(mine, {n}) == {n}",
    "dup2": "os.dup2(mine, {n})",
    "system calls": "libc.syscall(3, {n}); libc.syscall(33, mine, {n})",
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls")
@pytest.mark.parametrize("way", WAYS)
def test_the_second_listeners_descriptor_becomes_a_file(start, certs, newer, one_chance, way,
                                                        tmp_path):
    program = start()
    program("a = bound('PULL'); to = where(a); import ctypes; libc = ctypes.CDLL(None)")
    number, where = number_of(program), program("to")
    assert is_heard(program, one_chance(where, newer))
    program(f"mine = os.open({str(tmp_path / 'mine')!r}, os.O_RDWR | os.O_CREAT)")
    program(WAYS[way].format(n=number))
    came = one_chance(where, newer)
    came.send(b"lost")
    event = program.log.wait("bind", level="error")
    assert LOST in event["message"] and event["endpoint"] == where
    assert is_heard(program, one_chance(where, certs.server))
    assert wait_until(lambda: program.log.events("handshake", result="failed", role="server"))
    program("a.unbind(to)")
    assert wait_until(lambda: program.refused("a.unbind(to)") == "ENOENT")
    program(f"os.write({number}, b'mine')")
    assert (tmp_path / "mine").read_bytes() == b"mine"
    # Bound anew, both come in again.
    program("a.close(); ctx.term(); ctx = zmq.Context(); ctx.linger = 0; a = bound('PULL')")
    program(f"os.write({number}, b'+')")
    assert (tmp_path / "mine").read_bytes() == b"mine+"
    for keys in (certs.server, newer):
        assert is_heard(program, one_chance(program("where(a)"), keys))
    assert len(program.log.events("bind", level="error")) == 1


def test_it_is_told_of_though_nobody_comes(start, certs, newer):
    program = start()
    program("a = bound('PULL')")
    # By then its certificates are watched, so that the authenticator wakes by itself.
    assert wait_until(lambda: program("any('inotify' in os.path.realpath('/proc/self/fd/' + f) "
                                      "for f in os.listdir('/proc/self/fd'))"))
    number = number_of(program)
    program(f"os.closerange({number}, {number} + 1)")
    assert LOST in program.log.wait("bind", level="error")["message"]


def test_a_program_that_closes_all_it_does_not_know_one_by_one(start, certs, newer, one_chance):
    program = start()
    program("a = bound('PULL')")
    number_of(program)
    program("[attempt(os.close, fd) for fd in range(200, 2000)]")
    for keys in (certs.server, newer):
        assert is_heard(program, one_chance(program("where(a)"), keys))
    assert program.log.events("bind", level="error") == []


def test_a_connection_on_trial_becomes_the_programs(start, certs, newer, one_chance):
    """It is not handed to the second listener, whatever the program reads under its number."""
    program = start()
    program("""
        def sockets():
            links = {f: os.path.realpath('/proc/self/fd/' + f) for f in os.listdir('/proc/self/fd')}
            return {(int(f), link) for f, link in links.items() if 'socket' in link}
        a = bound('PULL'); import socket; old = sockets()
    """)
    port = int(program("where(a)").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(GREETING)
        assert len(client.recv(64, socket.MSG_WAITALL)) == 64
        number, = program("[f for f, _ in sockets() - old]")
        program(f"""
            mine, other = socket.socketpair()
            os.dup2(mine.fileno(), {number})
            mine.close()
            mine = socket.socket(fileno={number})
            other.sendall({HELLO!r})
        """)
        assert program("len(mine.recv(300))") == len(HELLO)
        program("mine.close()")
        assert program("other.recv(1) == b''")
    for keys in (certs.server, newer):
        assert is_heard(program, one_chance(program("where(a)"), keys))
