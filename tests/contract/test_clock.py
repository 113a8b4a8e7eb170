"""The wall clock is set while agents run: what is valid is judged by the new time."""

import datetime
import os
import time

import pytest

from harness import builds

from . import program as programs
from .certs import pair

HOURS = 6 * 3600
# The contract's second.
WITHIN = 1
CLOCK = builds.BUILD / "tests" / "contract" / "libclock.so"

pytestmark = pytest.mark.skipif(not CLOCK.exists(), reason="not in sanitized builds")


def in_hours(hours):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(event):
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


class Clock:
    """Of a program: how long after each step it ends a connection, by its own clock."""

    def __init__(self, tmp_path):
        self.file = tmp_path / "step"
        self.file.write_bytes(b"")
        self.ended = 0

    def took(self, server, seconds, reason):
        """Sets the clock to so many seconds ahead of ours, and waits for the next end."""
        start = time.time() + seconds
        os.truncate(self.file, seconds)
        self.ended += 1
        event = server.log.wait("auth", count=self.ended, connection="ended")
        assert event["reason"] == reason
        return moment(event) - start


def test_stepped_forwards_and_back(start, certs, peers, tmp_path):
    clock = Clock(tmp_path)
    env = programs.environment(certs, True)
    env.update(LD_PRELOAD=f"{env['LD_PRELOAD']}:{CLOCK}", CLOCK_STEP=str(clock.file))
    later = pair()
    certs.authorize("client", certs.client, expires=in_hours(3))
    certs.authorize("later", later, not_before=in_hours(3))
    server = start(env=env)
    server("a = bound('PULL')")

    def arrives(keys, word):
        client = peers.client("PUSH", server("where(a)"), keys, certs.server.public)
        client.send(word.encode())
        assert server("a.recv().decode()") == word
        return client

    other = peers.client("PUSH", server("where(a)"), later, certs.server.public)
    other.send(b"too early")
    early = arrives(certs.client, "early")
    server.log.wait("auth", result="deny", reason="not yet valid")
    assert clock.took(server, HOURS, "expired") <= WITHIN
    early.close(0)
    # It tries again by itself.
    assert server("a.recv().decode()") == "too early"
    assert clock.took(server, 0, "not yet valid") <= WITHIN
    other.close(0)
    arrives(certs.client, "again")
