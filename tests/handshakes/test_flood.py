"""A thousand bad handshakes a second: few lines, no more memory, and the good clients are served."""

import os
import pathlib
import subprocess

import pytest

from harness import agents, builds
from harness.agents import wait_until
from harness.runtimes import DEBIAN_PYTHON

HERE = pathlib.Path(__file__).resolve().parent
RATE = 1000
# Lines of all peers together: these at once, and so many a second (shim/ratelimit.h).
AT_ONCE, EACH_SECOND = 40, 4
MEMORY_KB = 2048
RATIO = 0.8


def start(scene, *arguments, log):
    env = agents.environment(shim=True, certs=scene.certs, SECURE_ZMQ_LOG=scene.directory / log,
                             SECURE_ZMQ_LOG_FORMAT="json", SECURE_ZMQ_LOG_LEVEL="warning",
                             SECURE_ZMQ_HANDSHAKE_TIMEOUT="2000")
    # On the first core, where there is a choice: the flood comes from another.
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    agent = agents.Agent([DEBIAN_PYTHON, str(HERE / "stream.py"), *arguments], env,
                         scene.directory)
    os.sched_setaffinity(0, cores)
    scene.stage.agents.append(agent)
    return agent


def memory(agent):
    status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def last(agent):
    return next(o for o in reversed(agent.objects()) if "answered" in o)


def rate(agent, seconds):
    """Requests a second in the next so many seconds."""
    begin = last(agent)
    assert wait_until(lambda: last(agent)["at"] >= begin["at"] + seconds, seconds + 30)
    end = last(agent)
    return (end["answered"] - begin["answered"]) / (end["at"] - begin["at"])


def flood(endpoint, seconds):
    """On the last core, where there is a choice."""
    command = [DEBIAN_PYTHON, str(HERE / "flood.py"), endpoint.rpartition(":")[2], str(RATE),
               str(seconds), "wrong-key", "plain", "web", "old", "mute"]
    core = max(os.sched_getaffinity(0))
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, {core}))


def run(scene, seconds, quiet):
    server = start(scene, "server", log="server.log")
    endpoint = server.endpoint()
    start(scene, "client", endpoint, log="client.log")
    assert wait_until(lambda: any("answered" in o for o in server.objects())), server.report()
    before = rate(server, quiet)
    flooding = flood(endpoint, seconds)
    first = rate(server, seconds / 4)
    early = memory(server)
    during = (first + 3 * rate(server, seconds * 3 / 4 - 1)) / 4
    late = memory(server)
    made = int(flooding.communicate(timeout=seconds + 60)[0])
    after = rate(server, quiet)
    lines = (scene.directory / "server.log").read_text(encoding="utf-8").splitlines()
    ratio = during / ((before + after) / 2)
    print(f"{made} in {seconds} s, {len(lines)} lines, {late - early} kB more, ratio {ratio:.2f} "
          f"({before:.0f}, {during:.0f}, {after:.0f} requests/s)")
    assert 1 < len(lines) <= AT_ONCE + EACH_SECOND * (seconds + quiet * 2) + 5
    # A sanitizer keeps for a while what was freed.
    assert builds.WITH_ASAN or late - early <= MEMORY_KB
    return made, ratio


def test_three_seconds(scene):
    made, ratio = run(scene, 3, 1)
    # What else the machine does meanwhile is not known: only that they are served.
    assert made > 100 and ratio > 0


@pytest.mark.slow
@pytest.mark.skipif(builds.WITH_ASAN, reason="the figures would be the sanitizer's")
def test_a_minute(scene):
    made, ratio = run(scene, 60, 10)
    assert made > 50 * RATE and ratio >= RATIO
