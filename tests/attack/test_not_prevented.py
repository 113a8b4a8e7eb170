"""What is not prevented, shown, so that SECURITY.md says what is true."""

import os
import subprocess

import pytest

from contract.certs import pair
from contract.peer import where
from contract.program import PATIENCE, environment
from harness import builds

from . import curve
from .cases import attack

SUBJECT = "not prevented"
APART = builds.BUILD / "tests" / "attack" / "apart"
SYSTEM_CALLS = {"x86_64": {"read": 0, "write": 1}, "aarch64": {"read": 63, "write": 64}}


@attack(SUBJECT, "an authorised peer claims another's ROUTER routing id",
        "it gets it, if the other is not there: the application has to look at the User-Id")
def test_routing_id(start, certs, peers):
    program = start()
    program("a = bound('ROUTER')")
    keys = pair()
    certs.authorize("mallory", keys)
    client = peers.client("DEALER", program("where(a)"), keys, certs.server.public,
                          routing_id=b"anna")
    client.send(b"I am anna")
    program("who, said = a.recv_multipart(copy=False)")
    assert program("who.bytes.decode()") == "anna"
    assert program("said.get('User-Id')") == keys.public


@attack(SUBJECT, "one of several agents that share a server key takes the place of another",
        "clients cannot tell: each agent needs a server key of its own")
def test_shared_server_key(start, certs, peers):
    program = start()
    other = peers.server("PULL", certs.server)
    program(f"b = connected('PUSH', {where(other)!r})")
    program("b.send(b'meant for the first')")
    assert other.recv() == b"meant for the first"


@attack(SUBJECT, "the program starts a child with a cleaned environment",
        "the child speaks in clear: the library is not in it")
def test_child_with_a_cleaned_environment(start, peers):
    program = start()
    clear = peers.socket("PULL")
    port = clear.bind_to_random_port("tcp://127.0.0.1")
    program(f"""
        import subprocess
        child = '''import zmq
        c = zmq.Context()
        s = c.socket(zmq.PUSH)
        s.connect("tcp://127.0.0.1:{port}"); s.send(b"in clear")
        s.close(); c.term()
        '''.replace(chr(10) + "        ", chr(10))
        assert subprocess.run(["/usr/bin/env", "-i", sys.executable, "-c", child]).returncode == 0
    """)
    assert clear.recv() == b"in clear"


@pytest.mark.skipif(not APART.exists(), reason="not in sanitized builds")
@attack(SUBJECT, "the program loads a library that uses libzmq by dlmopen, into a namespace of its own",
        "it speaks in clear: it has another libzmq and another C library, without hooks")
def test_dlmopen(certs, peers, tmp_path):
    clear = peers.socket("PULL")
    port = clear.bind_to_random_port("tcp://127.0.0.1")
    subprocess.run([APART, APART.with_name("libapart_speak.so"), f"tcp://127.0.0.1:{port}"],
                   env=environment(certs), cwd=tmp_path, timeout=PATIENCE, check=True)
    assert clear.recv() == b"in clear"


@attack(SUBJECT, "code in the process writes to a socket by system calls of its own",
        "it goes out: the program is trusted")
def test_system_calls(start, peers):
    program = start()
    clear = peers.socket("PULL")
    port = clear.bind_to_random_port("tcp://127.0.0.1")
    ready = curve.command(b"READY", curve.property_of(b"Socket-Type", b"PUSH"))
    numbers = SYSTEM_CALLS[os.uname().machine]
    program(f"""
        import ctypes, socket
        def call(number, data):
            return ctypes.CDLL(None).syscall(ctypes.c_long(number), s.fileno(), data, len(data))
        def say(data):
            assert call({numbers["write"]}, data) == len(data)
        s = socket.create_connection(("127.0.0.1", {port}))
        say({curve.greeting(b"NULL") + ready!r})
        # libzmq reads no message before it has said READY itself.
        said, room = b"", ctypes.create_string_buffer(1)
        while b"READY" not in said:
            assert call({numbers["read"]}, room) == 1
            said += room.raw
        say(bytes([0, 8]) + b"in clear")
    """)
    assert clear.recv() == b"in clear"


@attack(SUBJECT, "a forged ERROR 400 is sent three times in a row by a man in the middle",
        "the client gives up until it is restarted: SECURITY.md says so; nothing is disclosed")
def test_forged_errors(start, man):
    def forge(direction, number, frame):
        return [curve.command(b"ERROR", b"\x03400")] if (direction, number) == ("server", 1) else [frame]

    program = start()
    program("a = bound('PULL')")
    between = man(program("where(a)"), forge)
    program(f"b = connected('PUSH', {between.endpoint!r}); b.send(b'secret')")
    event = program.log.wait("handshake", result="failed",
                             reason="refused for good by the peer's authenticator (400)")
    assert event["role"] == "client"
    assert not any(b"secret" in frame for each in between.passed for side in each.values()
                   for frame in side)
