"""What the library adds to bad handshakes of all kinds: instructions and system calls, so that the
figures do not depend on the machine's load. libzmq itself spends tens of thousands on garbage, and
hundreds of thousands on a key that does not fit."""

import contextlib
import dataclasses
import re
import socket

import pytest
from handshakes import flood
from harness import builds

from . import cells, certificates, measure, profiles, variants

MOST_INSTRUCTIONS = 12_000
MOST_CALLS = 4.5
# Few enough addresses for each to have its lines in the log at once, and then none for seconds.
FEW, MANY, ADDRESSES = 40, 140, 8
# More than the library keeps a record of, and without lines.
EVERYWHERE, ERRORS_ONLY = 241, dataclasses.replace(
    variants.SHIM, shim=(*variants.SHIM.shim, ("SECURE_ZMQ_LOG_LEVEL", "error")))

pytestmark = pytest.mark.skipif(builds.WITH_ASAN, reason="the instrumentation would be counted")


def fail(port, kind, address):
    """A bad handshake, which is over when this returns."""
    with socket.socket() as made:
        made.bind((f"127.1.1.{address + 1}", 0))
        made.connect(("127.0.0.1", port))
        made.sendall(flood.WORDS[kind]())
        if kind == "mute":
            made.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while made.recv(4096):
                pass


def failures(count, addresses, variant, directory, within):
    """A server sees so many, and ends."""
    cell, kinds = cells.Counted("handshakes", size=1), list(flood.WORDS)
    server = measure.Agent(cell, "echo", "tcp://127.0.0.1:*", variant.environment(directory), within)
    try:
        port = int(server.line().rpartition(":")[2])
        for number in range(count):
            fail(port, kinds[number % len(kinds)], number % addresses)
        server.end()
    finally:
        server.kill()


def instructions(count, addresses, variant, directory):
    profile = directory / f"profile-{count}"
    failures(count, addresses, variant, directory, profiles.counted(profile))
    return profiles.own_cost(profile)[0]


def calls(count, addresses, variant, directory):
    log = directory / f"calls-{count}"
    failures(count, addresses, variant, directory, ("strace", "-f", "-o", str(log)))
    return len(re.findall(r"^\d+ +\w+\(", log.read_text(encoding="utf-8"), re.MULTILINE))


def more(cost, directory, variant=variants.SHIM, few=FEW, addresses=ADDRESSES):
    """By how much the library's is higher, for each of the last hundred."""
    certificates.make(directory, 1)
    many, found = few + MANY - FEW, {}
    for each in (variant, variants.HAND):
        found[each] = (cost(many, addresses, each, directory)
                       - cost(few, addresses, each, directory)) / (many - few)
        print(f"{each.name}: {found[each]:.1f} {cost.__name__}")
    return found[variant] - found[variants.HAND]


def test_instructions(tmp_path):
    assert 0 < more(instructions, tmp_path) <= MOST_INSTRUCTIONS


def test_instructions_when_each_has_another_address(tmp_path):
    assert 0 < more(instructions, tmp_path, ERRORS_ONLY, EVERYWHERE,
                    EVERYWHERE) <= MOST_INSTRUCTIONS


def test_system_calls(tmp_path):
    assert 0 < more(calls, tmp_path) <= MOST_CALLS
