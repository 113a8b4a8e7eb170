"""The wall clock is set while agents run: what is valid is judged by the new time."""

import datetime
import os

import pytest

from harness import builds

from . import program as programs
from .certs import pair
from .program import wait_until

HOURS = 6 * 3600
CLOCK = builds.BUILD / "tests" / "contract" / "libclock.so"

pytestmark = pytest.mark.skipif(not CLOCK.exists(), reason="not in sanitized builds")


def in_hours(hours):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_stepped_forwards_and_back(start, certs, peers, tmp_path):
    step = tmp_path / "step"
    step.write_bytes(b"")
    env = programs.environment(certs, True)
    env.update(LD_PRELOAD=f"{env['LD_PRELOAD']}:{CLOCK}", CLOCK_STEP=str(step))
    later = pair()
    certs.authorize("client", certs.client, expires=in_hours(3))
    certs.authorize("later", later, not_before=in_hours(3))
    server = start(env=env)
    server("a = bound('PULL')")

    def client(keys):
        return peers.client("PUSH", server("where(a)"), keys, certs.server.public)

    def arrives(word, patience):
        return server("a.poll(%d)" % (patience * 1000)) and server("a.recv().decode()") == word

    early, other = client(certs.client), client(later)
    early.send(b"early")
    other.send(b"other")
    assert arrives("early", 20) and not arrives("other", 0.3)
    other.close(0)
    os.truncate(step, HOURS)
    assert server.log.wait("auth", connection="ended")["reason"] == "expired"
    client(later).send(b"later")
    assert arrives("later", 20)
    os.truncate(step, 0)
    assert wait_until(lambda: arrives("again", 0.1) or early.send(b"again"), 20)
