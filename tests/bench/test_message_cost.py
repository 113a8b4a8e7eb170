"""What a message costs with events and metrics on, and with both off: instructions, counted by
callgrind. All that differs is what the library itself executes; how libzmq's threads are scheduled
is left out of the account."""

import subprocess

import pytest
from harness import agents, builds

from . import profiles

FEW, MANY = 500, 2500
RATIO = 0.99

pytestmark = pytest.mark.skipif(builds.SANITIZED, reason="the instrumentation would be counted")


def run(directory, count, certs, **variables):
    profile = directory / f"profile-{count}"
    subprocess.run([*profiles.counted(profile),
                    str(builds.BUILD / "tests" / "bench" / "messages"), str(count)],
                   env=agents.environment(shim=True, certs=certs, **variables), check=True,
                   capture_output=True)
    return profiles.own_cost(profile)


def per_message(directory, certs, **variables):
    """What else happens in a run, as waiting for a handshake, only adds instructions: of three runs of
    each length, the one in which the library spent least."""
    few, many = (min((run(directory, count, certs, **variables) for _ in range(3)),
                     key=lambda costs: costs[1]) for count in (FEW, MANY))
    return [(b - a) / (MANY - FEW) for a, b in zip(few, many)]


@pytest.mark.slow
def test_events_and_metrics(tmp_path, certs):
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    log = tmp_path / "log"
    total, off = per_message(tmp_path, certs, SECURE_ZMQ_LOG="none")
    _, on = per_message(tmp_path, certs, SECURE_ZMQ_LOG=log, SECURE_ZMQ_LOG_LEVEL="debug",
                  SECURE_ZMQ_METRICS=metrics)
    assert " handshake: " in log.read_text(encoding="utf-8") and list(metrics.iterdir())
    print(f"{total:.0f} instructions a message, the library's own {off:.0f} with both off, "
          f"{on:.0f} with both on: ratio {total / (total - off + on):.4f}")
    assert total > 1000 and off > 0
    assert total / (total - off + on) >= RATIO
