"""The part of bench_agent.c that is measured with pyzmq too; same arguments, same output."""

import functools
import json
import os
import sys
import time

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

ROLE, ENDPOINT, COUNT, SIZE, PEERS = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
SECURITY, CERTS = os.environ["BENCH_SECURITY"], os.environ["BENCH_CERTS"]
QUANTILES = {"p10": 100, "p50": 500, "p90": 900, "p99": 990, "p999": 999}  # of a thousand
context = zmq.Context(int(os.environ.get("BENCH_IO_THREADS", "1")))
context.set(zmq.MAX_SOCKETS, 32768)


@functools.cache
def certificate(name):
    return zmq.auth.load_certificate(f"{CERTS}/{name}")


def made(kind, binds):
    socket = context.socket(kind)
    socket.linger = 0
    socket.hwm = 0
    socket.backlog = 4096
    socket.rcvtimeo = 180000
    if SECURITY == "none":
        return socket
    socket.curve_publickey, socket.curve_secretkey = certificate(
        "server.key_secret" if binds else "client.key_secret")
    if binds:
        socket.curve_server = True
        if SECURITY == "thread":
            socket.zap_domain = b"global"
    else:
        socket.curve_serverkey = certificate("server.key")[0]
    return socket


@functools.cache  # which keeps it: it would end with the last reference to it
def start_authenticator():
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain="global", location=f"{CERTS}/authorized_clients")
    return authenticator


def bound(kind):
    if SECURITY == "thread":
        start_authenticator()
    socket = made(kind, True)
    socket.bind(ENDPOINT)
    print(socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode(), flush=True)
    return socket


def connected(kind):
    socket = made(kind, False)
    socket.connect(ENDPOINT)
    return socket


def slices():
    """How many there are in each."""
    if COUNT:
        yield COUNT
    else:
        yield from map(int, sys.stdin)


def report(seconds, count, **more):
    print(json.dumps({"seconds": seconds, "count": count, **more}), flush=True)


def sink():
    socket = bound(zmq.PULL)
    for count in slices():
        start = time.monotonic()
        if COUNT:
            socket.recv()
            start, count = time.monotonic(), count - 1
        for _ in range(count):
            socket.recv()
        report(time.monotonic() - start, count)


def source():
    socket, data = connected(zmq.PUSH), b"x" * SIZE
    for count in slices():
        for _ in range(count):
            socket.send(data)
    sys.stdin.read()


def publish():
    socket, data = bound(zmq.XPUB), b"x" * SIZE
    socket.xpub_verbose = True
    for _ in range(PEERS):
        socket.recv()
    for count in slices():
        for _ in range(count):
            socket.send(data)
    sys.stdin.read()


def subscribe():
    sockets = [connected(zmq.SUB) for _ in range(PEERS)]
    for socket in sockets:
        socket.subscribe(b"")
    for count in slices():
        start = None if COUNT else time.monotonic()
        for _ in range(count):
            for socket in sockets:
                socket.recv()
                start = start or time.monotonic()
        report(time.monotonic() - start, count * PEERS)


def round_trip(socket, data=b"x"):
    socket.send(data)
    socket.recv()


def crowd():
    sockets, data = [connected(zmq.DEALER) for _ in range(PEERS)], b"x" * SIZE
    for socket in sockets:
        round_trip(socket, data)
    for count in slices():
        start = time.monotonic()
        for socket in sockets:
            socket.send(data)
        for left in reversed(range(count)):
            for socket in sockets:
                socket.recv()
                if left:
                    socket.send(data)
        report(time.monotonic() - start, count * PEERS)


def handshakes():
    """A handshake is done when a message was there and back; the first waits for the server."""
    socket = connected(zmq.DEALER)
    round_trip(socket)
    socket.close()
    for count in slices():
        start = time.monotonic()
        for _ in range(0, count, PEERS):
            sockets = [connected(zmq.DEALER) for _ in range(PEERS)]
            for socket in sockets:
                socket.send(b"x")
            for socket in sockets:
                socket.recv()
                socket.close()
        report(time.monotonic() - start, count)


def echo():
    socket = bound(zmq.ROUTER)
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.register(0, zmq.POLLIN)
    while 0 not in (ready := dict(poller.poll())):
        if socket in ready:
            socket.send_multipart(socket.recv_multipart())


def report_times(times):
    all_of_them, count = sum(times), len(times)
    times = sorted(times)
    report(all_of_them, count, **{name: times[count * share // 1000] for name, share in QUANTILES.items()})


def ask():
    """After the last slice comes a line of all together."""
    socket, data, everything = connected(zmq.REQ), b"x" * SIZE, []
    for _ in range(50):
        round_trip(socket, data)
    for count in slices():
        times = []
        for _ in range(count):
            before = time.monotonic()
            round_trip(socket, data)
            times.append(time.monotonic() - before)
        report_times(times)
        everything += times
    if not COUNT:
        report_times(everything)


{"sink": sink, "source": source, "publish": publish, "subscribe": subscribe, "echo": echo, "ask": ask,
 "crowd": crowd, "handshakes": handshakes}[ROLE]()
os._exit(0)
