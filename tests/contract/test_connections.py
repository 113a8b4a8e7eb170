"""Contract, Certificates: which connection is whose stays known, whatever becomes of descriptors."""

import random
import subprocess
import threading
import time

import pytest
import zmq

from .certs import pair
from .crowd import Crowd
from .program import PYTHON, environment, wait_until
from .test_revocation import (ECHO, SECOND, assert_ended_in_time, assert_undisturbed, authorize,
                              revoke, settled)


@pytest.fixture
def crowd():
    crowd = Crowd()
    yield crowd
    crowd.clear()


class Churn(threading.Thread):
    """Clients that come and vanish, at any moment of their handshakes, so that descriptors are
    used again and again."""

    def __init__(self, keys, server, endpoint):
        super().__init__(daemon=True)
        self.keys, self.server, self.endpoint = keys, server, endpoint
        self.count = 0
        self.going = True

    def run(self):
        context = zmq.Context()
        alive = []
        while self.going or alive:
            if self.going:
                keys = random.choice(self.keys)
                client = context.socket(zmq.DEALER)
                client.linger = 0
                client.curve_publickey = keys.public.encode()
                client.curve_secretkey = keys.secret.encode()
                client.curve_serverkey = self.server.encode()
                client.connect(self.endpoint)
                alive.append(client)
                self.count += 1
            if len(alive) > 30 or not self.going:
                alive.pop(random.randrange(len(alive))).close()
            time.sleep(random.choice((0, 0, 0.001, 0.003)))
        context.term()


@pytest.mark.parametrize("clients, revoked, rounds", [
    (60, 20, 1), pytest.param(150, 50, 12, marks=pytest.mark.slow)])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_nobody_is_taken_for_another(start, certs, short, transport, clients, revoked, rounds):
    for _ in range(rounds):
        names = [f"client-{n}-{time.monotonic_ns()}" for n in range(clients)]
        keys = authorize(certs, *names)
        server = start(IO_THREADS=2)
        server(f"to = {'ipc://' + short + '/s' if transport == 'ipc' else 'tcp://127.0.0.1:*'!r}")
        server(ECHO.replace("bound('ROUTER')", "bound('ROUTER', to)"))
        churn = Churn([*keys, pair(), pair()], certs.server.public, server("to"))
        crowd = Crowd()
        try:
            churn.start()
            for each in keys:
                crowd.add(each, certs.server.public, server("to"))
            chosen = random.sample(range(clients), revoked)
            victims = [crowd.clients[n] for n in chosen]
            innocents = [c for c in crowd.clients if c not in victims]
            crowd.may_stall.update(victims)
            crowd.start()
            assert settled(crowd.clients)
            churn.going = False
            churn.join()
            for n in chosen:
                certs.revoke(names[n], keys[n])
            assert_ended_in_time(victims, time.monotonic())
            crowd.stop()
            assert_undisturbed(innocents)
            assert churn.count > clients
        finally:
            churn.going = False
            crowd.clear()
        server.end()


def test_a_forked_child_and_its_parent_keep_to_their_own(start, certs, crowd):
    """Descriptors of the parent's connections are open in the child too."""
    one, two, three = authorize(certs, "one", "two", "three")
    server = start()
    server(ECHO)
    parents = [crowd.add(k, certs.server.public, server("to")) for k in (one, two, three)]
    first = Crowd()
    try:
        first.clients, crowd.clients = crowd.clients, []
        first.start()
        assert settled(first.clients)
        server("""
            import ctypes
            out, into = os.pipe()
            if os.fork() == 0:
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # with its parent
                mine = zmq.Context()
                b = mine.socket(zmq.ROUTER); b.bind('tcp://127.0.0.1:*')
                os.write(into, b.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0'))
                while True: b.send_multipart(b.recv_multipart())
        """)
        to = server("os.read(out, 100).decode()")
        children = [crowd.add(k, certs.server.public, to) for k in (one, two, three)]
        crowd.start()
        assert settled(crowd.clients)
        first.may_stall.update((parents[0], parents[2]))
        crowd.may_stall.update((children[1], children[2]))
        certs.authorize("one", one, endpoints=to)
        certs.authorize("two", two, endpoints=server("to"))
        moment = revoke(certs, "three")
        assert_ended_in_time([parents[0], parents[2], children[1], children[2]], moment)
        first.stop()
        crowd.stop()
        assert_undisturbed([parents[1], children[0]])
    finally:
        first.clear()


def test_descriptors_that_the_program_duplicated(start, certs, crowd):
    """The connection ends although another descriptor keeps its socket open."""
    keys, other = authorize(certs, "victim", "other")
    server = start()
    server("""
        a = bound('ROUTER'); to = where(a); copies = {}
        def answer():
            while True:
                parts = a.recv_multipart(copy=False)
                fd = parts[-1].get(zmq.SRCFD)
                if fd not in copies: copies[fd] = os.dup(fd)
                a.send_multipart(parts)
        threading.Thread(target=answer, daemon=True).start()
    """)
    victim, innocent = (crowd.add(k, certs.server.public, server("to")) for k in (keys, other))
    crowd.may_stall.add(victim)
    crowd.start()
    assert settled(crowd.clients)
    assert server("len(copies)") == 2
    assert_ended_in_time([victim], revoke(certs, "victim"))
    crowd.stop()
    assert_undisturbed([innocent])


DAEMON = """
import os, zmq
s = zmq.Context().socket(zmq.ROUTER)
s.bind('tcp://127.0.0.1:*')
print(s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode(), flush=True)
os.close(0)
while True:
    *rest, last = s.recv_multipart(copy=False)
    s.send_multipart([*rest, b'%d' % last.get(zmq.SRCFD)])
"""


def test_the_smallest_descriptor_of_all(certs, peers, tmp_path):
    """A daemon has closed its standard input: the next connection gets its number."""
    daemon = subprocess.Popen([PYTHON, "-c", DAEMON], env=environment(certs), cwd=tmp_path,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        to = daemon.stdout.readline().strip()
        # Something else may have it for a moment.
        for _ in range(20):
            client = peers.client("DEALER", to, certs.client, certs.server.public)
            monitor = client.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            client.send(b"x")
            if (number := client.recv()) == b"0":
                break
        assert number == b"0"
        (certs.authorized / "client.key").unlink()
        assert monitor.poll(10000)
    finally:
        daemon.kill()
        daemon.communicate()


def test_in_each_context_of_a_process(start, certs, crowd):
    keys, other = authorize(certs, "victim", "other")
    server = start()
    server("""
        where_to = []
        def serve():
            s = zmq.Context().socket(zmq.ROUTER); s.bind('tcp://127.0.0.1:*')
            where_to.append(where(s))
            while True: s.send_multipart(s.recv_multipart())
        for _ in range(3): threading.Thread(target=serve, daemon=True).start()
    """)
    assert wait_until(lambda: server("len(where_to)") == 3)
    to = server("where_to")
    victims = [crowd.add(keys, certs.server.public, endpoint) for endpoint in to]
    innocents = [crowd.add(other, certs.server.public, endpoint) for endpoint in to]
    crowd.may_stall.update(victims)
    crowd.start()
    assert settled(crowd.clients)
    assert_ended_in_time(victims, revoke(certs, "victim"))
    crowd.stop()
    assert_undisturbed(innocents)


def test_what_a_closed_socket_still_sends_ends_too(start, certs, peers):
    """zmq_close lingers: the listener is gone, the connection is not."""
    server = start()
    server("a = bound('PUSH', sndhwm=0, linger=-1); to = where(a)")
    client = peers.client("PULL", server("to"), certs.client, certs.server.public, rcvhwm=1)
    server("for n in range(1000): a.send(b'x' * 100000)")
    assert client.recv()
    server("a.close()")
    # The endpoint that the certificate is narrowed from does not exist any more.
    certs.authorize("client", certs.client, endpoints="ipc://*")
    ended = server.log.wait("auth", connection="ended", reason="endpoint not allowed")
    assert ended["endpoint"] == server("to")
    count = 1
    while client.poll(1000):
        client.recv()
        count += 1
    assert count < 1000


def test_a_server_that_is_slow_to_read(start, certs, peers):
    """What its kernel holds for it has not been received; libzmq itself reads 8 KiB at once."""
    server = start()
    server("a = bound('PULL', rcvhwm=10); to = where(a)")
    client = peers.client("PUSH", server("to"), certs.client, certs.server.public, sndhwm=0)
    for n in range(3000):
        client.send(b"%06d" % n * 100)
    server.log.wait("auth", result="allow")
    time.sleep(SECOND)
    revoke(certs, "client")
    server.log.wait("auth", connection="ended")
    server("count = 0")
    server("while a.poll(500): a.recv(); count += 1")
    assert 10 <= server("count") < 60
