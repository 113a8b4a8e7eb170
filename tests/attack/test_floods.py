"""Floods: unauthenticated peers cost a bounded amount, and good clients are served meanwhile."""

import contextlib
import os
import resource
import socket
import threading
import time

import pytest

from harness import builds

from . import curve
from .cases import attack

HELD = 400 if builds.SANITIZED else 2000


@pytest.fixture
def server(start):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, min(hard, 2 * HELD + 200))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    program = start()
    program("a = bound('REP', backlog=1024); c = connected('REQ', where(a))")
    served(program)
    yield program
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def served(program):
    program("c.send(b'question')")
    assert program("a.recv().decode()") == "question"
    program("a.send(b'answer')")
    assert program("c.recv().decode()") == "answer"


def resident(program):
    """MiB."""
    with open(f"/proc/{program.process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def address(program):
    host, port = program("where(a)").removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


@attack("floods", "handshake frames that say that they have up to 2^63 bytes, and hundreds of megabytes "
        "of them", "the connection is cut at 64 KiB; memory stays bounded; good clients are served")
@pytest.mark.parametrize("size", [65537, 1 << 20, 1 << 31, 1 << 63])
def test_huge_frames(server, attacker, size):
    before = resident(server)
    wires = [attacker(server("where(a)")) for _ in range(8)]
    for wire in wires:
        wire.send(curve.greeting())
        wire.greeting()
        with contextlib.suppress(ConnectionError):
            wire.send(b"\6" + size.to_bytes(8, "big") + b"\5HELLO")
            for _ in range(32):
                wire.send(bytes(1 << 20))
        with contextlib.suppress(ConnectionError, curve.Ended):
            assert wire.is_ended() is not None
    served(server)
    assert resident(server) - before < (200 if builds.SANITIZED else 20)


@pytest.mark.parametrize("said", [b"", curve.SIGNATURE, curve.greeting()],
                         ids=["nothing", "signature", "greeting"])
@attack("floods", "connections by the thousand are held open in mid-handshake",
        "good clients are served; what is held costs less than 64 KiB each")
def test_slow_handshakes(server, said):
    before = resident(server)
    held = []
    try:
        for _ in range(HELD):
            held.append(socket.create_connection(address(server)))
            held[-1].sendall(said)
        served(server)
        server("d = connected('REQ', where(a)); d.send(b'newcomer')")
        assert server("a.recv().decode()") == "newcomer"
        server("a.send(b'welcome')")
        assert server("d.recv().decode()") == "welcome"
        if not builds.SANITIZED:
            assert resident(server) - before < HELD * 64 / 1024
    finally:
        for each in held:
            each.close()


@attack("floods", "connections are opened, greeted and dropped as fast as they can be",
        "good clients are served; no descriptor is left, log lines are held back")
def test_connection_flood(server):
    before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    endpoint = address(server)
    until = time.monotonic() + 3
    counts = []

    def flood():
        count = 0
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(endpoint) as each:
                each.sendall(curve.greeting(b"NULL"))
                count += 1
        counts.append(count)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    rounds = 0
    while time.monotonic() < until:
        served(server)
        rounds += 1
    for thread in threads:
        thread.join()
    assert sum(counts) > 100 and rounds > 0
    served(server)
    end = time.monotonic() + 20
    while (now := len(os.listdir(f"/proc/{server.process.pid}/fd"))) > before + 2:
        assert time.monotonic() < end, f"{now} descriptors, {before} before"
        time.sleep(0.05)
    assert len(server.log.lines()) < 60, "\n".join(server.log.lines()[:5])


@attack("floods", "a client says HELLO again and again in one connection",
        "one WELCOME at the most; the connection ends")
def test_many_hellos(server, certs, attacker):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    client.start()
    with contextlib.suppress(ConnectionError):
        wire.send(b"".join(client.hello() for _ in range(200)))
    said = wire.is_ended()
    assert said is not None and b"WELCOME" not in said
    served(server)
