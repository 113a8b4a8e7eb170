"""What the observer costs a call on a descriptor that carries no handshake: counted by callgrind, so
that the figures do not depend on the machine's load."""

import re
import subprocess

import pytest
from harness import agents, builds

from bench import hooked_calls

MOST_INSTRUCTIONS = 15
FEW, MANY = 1000, 11000

pytestmark = pytest.mark.skipif(builds.SANITIZED, reason="the instrumentation would be counted")


def instructions(call, count, shim):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         str(builds.BUILD / "tests" / "bench" / "hooked_calls"), call, str(count)],
        env=agents.environment(shim=shim), check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def per_call(call, shim):
    return (instructions(call, MANY, shim) - instructions(call, FEW, shim)) / (MANY - FEW)


@pytest.mark.parametrize("call", ["write", "read", "send", "recv"])
def test_instructions(call):
    more = per_call(call, True) - per_call(call, False)
    assert 0 < more <= MOST_INSTRUCTIONS


@pytest.mark.parametrize("call", ["write", "read", "send", "recv"])
def test_no_further_system_call(tmp_path, call):
    counts = []
    for shim in (False, True):
        log = tmp_path / f"calls-{shim}"
        done = []
        for count in (10, 110):
            subprocess.run(["strace", "-f", "-o", str(log),
                            str(builds.BUILD / "tests" / "bench" / "hooked_calls"), call,
                            str(count)], env=agents.environment(shim=shim), check=True,
                           capture_output=True)
            done.append(len(log.read_text(encoding="utf-8").splitlines()))
        counts.append(done[1] - done[0])
    assert counts == [100, 100]


def test_what_is_measured_is_hooked():
    script = (builds.REPOSITORY / "shim" / "curveshim.map").read_text(encoding="ascii")
    exported = set(re.findall(r"^    (\w+);", script, re.M))
    measured = {name for program in hooked_calls.PROGRAMS for call in hooked_calls.names(program).values()
                for name in call.split(", ")}
    assert measured <= exported and len(measured) > 35


def test_a_call_is_counted_with_what_it_calls(tmp_path):
    found = hooked_calls.counted(hooked_calls.PROGRAMS[0], {}, tmp_path / "profile")
    assert 0 < found["call_write"] < 50 < found["call_connect"]
    assert found["call_connect"] > found["call_socket"]
