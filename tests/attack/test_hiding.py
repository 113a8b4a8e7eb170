"""Hiding places: other transports, proxies, and addresses that look exempted."""

import contextlib
import socket
import threading

import pytest

from .arrivals import assert_nothing_comes
from .cases import attack


@pytest.mark.parametrize("endpoint", ["ws://127.0.0.1:*", "wss://127.0.0.1:*", "udp://127.0.0.1:*",
                                      "tipc://{1000,0}", "pgm://127.0.0.1;239.0.0.1:5555",
                                      "norm://127.0.0.1:6000", "vmci://1:1", "TCP://127.0.0.1:*",
                                      " tcp://127.0.0.1:*", "tcp2://127.0.0.1:*", "hyperv://x"])
@attack("hiding places", "the program binds and connects by a transport that CURVE does not protect, or "
        "by one that is spelt strangely", "refused; nothing listens, nothing is sent")
def test_other_transports(start, endpoint):
    program = start()
    program("a = sock('PUB')")
    for call in ("bind", "connect"):
        assert program(f"attempt(a.{call}, {endpoint!r})") in (
            "EPROTONOSUPPORT", "EINVAL", "ENODEV", "ENOENT")
    assert not listening(program)


def listening(program):
    """TCP ports on which the process listens."""
    inodes = program("""[os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")]""")
    lines = program("""open("/proc/self/net/tcp").read().splitlines()[1:]""")
    return [line for line in lines if line.split()[3] == "0A"
            and f"socket:[{line.split()[9]}]" in inodes]


class Socks:
    """A SOCKS 5 proxy that does as it is told, and hears everything."""

    def __init__(self):
        self.heard = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.talk, args=self.listener.accept()[:1],
                                 daemon=True).start()

    def talk(self, client):
        with client, contextlib.suppress(OSError):
            client.recv(257)
            client.sendall(b"\5\0")
            request = client.recv(262)
            port = int.from_bytes(request[-2:], "big")
            with socket.create_connection(("127.0.0.1", port)) as server:
                client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
                self.asked.set()
                threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
                self.pump(client, server)

    def pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.heard += data
                sink.sendall(data)

    def close(self):
        self.listener.close()


@attack("hiding places", "a client goes through a SOCKS proxy, which listens in",
        "the proxy hears CURVE only; an unsecured server behind it gets nothing")
def test_socks(start, peers):
    proxy = Socks()
    program = start()
    program("a = bound('PULL')")
    program(f"c = sock('PUSH', socks_proxy=b'127.0.0.1:{proxy.port}')")
    program("c.connect(where(a)); c.send(b'by proxy')")
    assert program("a.recv().decode()") == "by proxy"
    assert proxy.heard.count(b"CURVE") >= 2 and b"by proxy" not in proxy.heard
    clear = peers.socket("PULL")
    port = clear.bind_to_random_port("tcp://127.0.0.1")
    proxy.asked.clear()
    program(f"d = sock('PUSH', socks_proxy=b'127.0.0.1:{proxy.port}')")
    program(f"d.connect('tcp://127.0.0.1:{port}'); d.send(b'to nobody')")
    assert proxy.asked.wait(20)
    assert not clear.poll(1000)
    assert b"to nobody" not in proxy.heard
    proxy.close()


@attack("hiding places", "an endpoint is spelt so that it resembles an exempted one",
        "only what the globs match, to the letter, stays in clear")
@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:{port}", "tcp://127.0.0.1.:{port}",
                                      "tcp://lo:{port}", "tcp://[::ffff:127.0.0.1]:{port}"])
def test_resembling_endpoint(start, peers, endpoint):
    clear = peers.socket("PULL")
    port = clear.bind_to_random_port("tcp://127.0.0.1")
    exempted = peers.socket("PULL")
    exempted.bind(f"tcp://127.0.0.2:{port}")
    program = start(PLAINTEXT=f"tcp://127.0.0.1:{port}0 tcp://127.0.0.2:{port} ipc://*")
    program("c = sock('PUSH', ipv6=1)")
    # Not a refusal: what must not get through is what was sent.
    assert program(f"attempt(c.connect, {endpoint.format(port=port)!r})") == 0
    program("attempt(c.send, b'secret', zmq.DONTWAIT)")
    program(f"d = connected('PUSH', 'tcp://127.0.0.2:{port}'); d.send(b'exempted')")
    assert exempted.poll(20000)
    assert not clear.poll(700)


@attack("hiding places", "a socket is unsecured again after its bind: by options, a second bind, unbind and "
        "rebind, a disconnect", "every listener stays CURVE, and lets nobody in without a key")
def test_changing_the_socket_afterwards(start, peers):
    program = start()
    program("""
        a = bound("PULL")
        a.curve_server = 0
        a.setsockopt(zmq.PLAIN_SERVER, 0)
        first = where(a)
        a.bind("tcp://127.0.0.1:*")
        second = where(a)
        a.unbind(second)
        for _ in range(200):
            if attempt(a.bind, second) == 0:
                break
            time.sleep(0.02)
    """)
    for name in ("first", "second"):
        client = peers.socket("PUSH")
        client.connect(program(name))
        client.send(b"in clear")
    assert_nothing_comes(program, "a", 700)
    assert len([line for line in program.log.events("bind")]) >= 2
