"""What a socket costs does not depend on how many are open: instructions of the library itself for
opening and closing one, counted by callgrind."""

import subprocess
import time

import pytest
from harness import agents, builds

from . import profiles

RATIO = 1.1

pytestmark = pytest.mark.skipif(builds.SANITIZED, reason="the instrumentation would be counted")


def per_socket(directory, certs, kind, count):
    profile = directory / f"profile-{count}"
    # Two descriptors for each, and callgrind's own.
    subprocess.run(["prlimit", f"--nofile={2 * count + 500}", *profiles.counted(profile),
                    str(builds.BUILD / "tests" / "bench" / "many_sockets"), kind,
                    f"ipc://{directory}/nobody", str(count)],
                   env=agents.environment(shim=True, certs=certs, SECURE_ZMQ_LOG="none"),
                   check=True, capture_output=True)
    return profiles.own_cost(profile)[1] / count


def compare(directory, certs, kind, counts):
    # Certificates that have changed in the last two seconds are read at each call.
    time.sleep(2.1)
    few, many = (per_socket(directory, certs, kind, count) for count in counts)
    print(f"{kind}: {few:.0f} instructions for each of {counts[0]} sockets, {many:.0f} of "
          f"{counts[1]}")
    assert few > 1000
    assert many <= few * RATIO


def test_instructions(tmp_path, certs):
    compare(tmp_path, certs, "bind", (100, 500))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bind", "connect", "enforce"])
def test_instructions_for_many(tmp_path, certs, kind):
    compare(tmp_path, certs, kind, (200, 2000))
