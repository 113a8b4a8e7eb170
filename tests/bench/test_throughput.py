"""What events and metrics cost a stream of messages in time. test_message_cost.py counts instructions."""

import statistics
import subprocess

import pytest

from harness import agents, builds

LEAST = 0.99
PAIRS = 25

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(builds.SANITIZED, reason="the instrumentation would be measured")]

AGENT = str(builds.BUILD / "tests" / "bench" / "throughput")


@pytest.fixture
def off(certs):
    return agents.environment(shim=True, certs=certs, SECURE_ZMQ_LOG="none")


@pytest.fixture
def on(certs, tmp_path):
    (tmp_path / "metrics").mkdir()
    return agents.environment(
        shim=True, certs=certs, SECURE_ZMQ_LOG=tmp_path / "log", SECURE_ZMQ_LOG_FORMAT="json",
        SECURE_ZMQ_LOG_LEVEL="debug", SECURE_ZMQ_METRICS=tmp_path / "metrics")


def processor_time(env):
    done = subprocess.run([AGENT, "200000", "100"], env=env, check=True,
                          capture_output=True, text=True)
    return int(done.stdout.split()[1])


def test_throughput(off, on, tmp_path):
    """Interleaved, each first in turn; the processor's time, because others use the machine too.
    Their noise is allowed for: the mean may miss the mark by two standard errors."""
    ratios = []
    for number in range(PAIRS):
        pair = (off, on) if number % 2 else (on, off)
        times = {id(env): processor_time(env) for env in pair}
        ratios.append(times[id(off)] / times[id(on)])
    assert (tmp_path / "log").exists() and list((tmp_path / "metrics").iterdir())
    mean, error = statistics.mean(ratios), statistics.stdev(ratios) / PAIRS ** 0.5
    print(f"throughput with events and metrics, without them = 1: {mean:.4f} (+-{error:.4f})")
    assert mean + 2 * error >= LEAST
