"""Endpoints: which mechanism do they speak."""

import contextlib
import os
import socket
import threading

import pytest

from harness import ports

from .tool import NOT, SECURED, UNKNOWN, check, reasons

zmq = pytest.importorskip("zmq")

SIGNATURE = bytes([0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F])


def greeting(mechanism, minor=1, server=0):
    return (SIGNATURE + bytes([3, minor]) + mechanism.ljust(20, b"\0") + bytes([server])
            + bytes(31))


OURS = greeting(b"CURVE")


class Peer:
    """Accepts one connection after the other, says its lines, and records what it hears."""

    def __init__(self, *says, family=socket.AF_INET, address=("127.0.0.1", 0), after=0,
                 hangs_up=False):
        self.says, self.after, self.hangs_up = says, after, hangs_up
        self.heard = b""
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(address)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def endpoint(self):
        name = self.listener.getsockname()
        if isinstance(name, tuple):
            host = f"[{name[0]}]" if ":" in name[0] else name[0]
            return f"tcp://{host}:{name[1]}"
        name = name.decode() if isinstance(name, bytes) else name
        return "ipc://" + name.replace("\0", "@", 1)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.talk(self.listener.accept()[0])

    def talk(self, connection):
        with connection, contextlib.suppress(OSError):
            while len(self.heard) < self.after:
                self.heard += connection.recv(1024)
            for line in self.says:
                connection.sendall(line)
            while not self.hangs_up and (data := connection.recv(1024)):
                self.heard += data

    def close(self):
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(timeout=30)
        self.listener.close()


@pytest.fixture
def peer():
    peers = []

    def starts(*says, **options):
        peers.append(Peer(*says, **options))
        return peers[-1]

    yield starts
    for each in peers:
        each.close()


@pytest.fixture
def bound():
    """A socket of libzmq, configured by the function given."""
    context = zmq.Context()
    sockets = []

    def binds(endpoint, configure=lambda made: None):
        sockets.append(context.socket(zmq.REP))
        configure(sockets[-1])
        sockets[-1].bind(endpoint)
        return sockets[-1].getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()

    yield binds
    for each in sockets:
        each.close(0)
    context.term()


def curve(made):
    made.curve_secretkey = zmq.curve_keypair()[1]
    made.curve_server = True


def plain(made):
    made.plain_server = True


def ipv6(made):
    made.ipv6 = True
    curve(made)


@pytest.mark.parametrize("configure, mechanism, status", (
    (lambda made: None, "NULL", NOT), (plain, "PLAIN", NOT), (curve, "CURVE", SECURED)))
def test_the_mechanisms_of_libzmq(bound, short, configure, mechanism, status):
    for endpoint in ("tcp://127.0.0.1:*", f"ipc://{short}/{mechanism}",
                     f"ipc://@curveshim-{mechanism}-{os.getpid()}"):
        answer = check(bound(endpoint, configure))
        assert (answer["status"], answer["kind"]) == (status, "endpoint"), answer
        assert answer["verdict"] == ("secured" if status == SECURED else "not secured")
        assert answer["details"]["mechanism"] == mechanism
        assert answer["details"]["zmtp"].startswith("3.")
        assert (answer["remedy"] is None) == (status == SECURED)


def test_names_and_ipv6(bound):
    port = bound("tcp://127.0.0.1:*", curve).rsplit(":", 1)[1]
    assert check(f"tcp://localhost:{port}")["status"] == SECURED
    try:
        endpoint = bound("tcp://[::1]:*", ipv6)
    except zmq.ZMQError:
        pytest.skip("there is no IPv6 here")
    assert check(endpoint)["status"] == SECURED


def test_a_socket_is_none_the_worse_for_being_asked(bound):
    endpoint = bound("tcp://127.0.0.1:*", curve)
    for _ in range(20):
        assert check(endpoint)["status"] == SECURED


@pytest.mark.parametrize("says, status, zmtp, mechanism", (
    ([greeting(b"GSSAPI", server=1)], NOT, "3.1", "GSSAPI"),
    ([greeting(b"CURVE", minor=0)], SECURED, "3.0", "CURVE"),
    ([greeting(b"NULL")[:7], greeting(b"NULL")[7:]], NOT, "3.1", "NULL"),
    ([greeting(b"CURVEBALL")], NOT, "3.1", "CURVEBALL"),
    ([greeting(b"")], NOT, "3.1", ""),
    ([greeting(b"\x1b[31m")], NOT, "3.1", "\x1b[31m"),
    ([SIGNATURE + b"\x01\x05\x00\x00"], NOT, "2.0", None),
    ([b"\x01\x00"], NOT, "1.0", None)))
def test_greetings(peer, says, status, zmtp, mechanism):
    answer = check(peer(*says).endpoint)
    assert answer["status"] == status, answer
    assert (answer["details"]["zmtp"], answer["details"]["mechanism"]) == (zmtp, mechanism)


def test_as_server_is_told(peer):
    assert check(peer(greeting(b"CURVE", server=1)).endpoint)["details"]["as_server"] is True
    assert check(peer(greeting(b"CURVE")).endpoint)["details"]["as_server"] is False


@pytest.mark.parametrize("banner, name", (
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"), (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"), (b"220 mail ESMTP\r\n", "SMTP or FTP"),
    (b"hello\x00\x1b", "bytes 68 65 6c 6c 6f 00 1b")))
@pytest.mark.parametrize("hangs_up", (False, True))
def test_what_is_not_zmtp(peer, banner, name, hangs_up):
    answer = check(peer(banner, hangs_up=hangs_up).endpoint)
    assert (answer["status"], answer["verdict"]) == (UNKNOWN, "could not tell")
    assert answer["details"]["looks_like"] == name and name in reasons(answer)


def test_a_peer_that_waits_for_the_whole_greeting(peer):
    server = peer(greeting(b"CURVE"), after=64)
    assert check(server.endpoint)["status"] == SECURED
    assert server.heard == OURS


def test_nothing_but_a_greeting_is_sent(peer):
    for says in ([], [greeting(b"NULL")], [greeting(b"CURVE")], [SIGNATURE], [b"HTTP/1.1 "]):
        server = peer(*says)
        check(server.endpoint, "--timeout", "600")
        server.close()
        assert server.heard and OURS.startswith(server.heard)

def test_silence(peer):
    answer = check(peer().endpoint, "--timeout", "100")
    assert answer["status"] == UNKNOWN and "100 ms" in reasons(answer)
    answer = check(peer(SIGNATURE).endpoint, "--timeout", "100")
    assert answer["status"] == UNKNOWN and "beginning" in reasons(answer)
    answer = check(peer(hangs_up=True).endpoint)
    assert answer["status"] == UNKNOWN and "hung up" in reasons(answer)


def test_nobody_there(short):
    answer = check(f"tcp://127.0.0.1:{ports.lasting()}")
    assert answer["status"] == UNKNOWN and answer["details"]["error"] == "ECONNREFUSED"
    answer = check(f"ipc://{short}/nobody")
    assert answer["status"] == UNKNOWN and answer["details"]["error"] == "ENOENT"


@pytest.mark.parametrize("endpoint", (
    "tcp://", "tcp://:", "tcp://host", "tcp://127.0.0.1:", "tcp://127.0.0.1:x", "tcp://[::1", "tcp://*:5",
    "tcp://nosuch.invalid:1", "ipc://", "ipc://" + "x" * 200, "udp://127.0.0.1:1", "://", "inproc://x"))
def test_endpoints_that_make_no_sense(endpoint):
    answer = check(endpoint)
    assert answer["status"] == UNKNOWN and answer["reasons"]
