"""What the library adds to a handshake on the side that lets clients in: counted by callgrind, so
that the figure does not depend on the machine's load. CURVE itself takes two million."""

import re
import subprocess

import pytest
from harness import builds

from . import certificates, variants

MOST_INSTRUCTIONS = 200_000
FEW, MANY = 16, 80
AGENT = str(builds.BUILD / "tests" / "bench" / "bench_agent")

pytestmark = pytest.mark.skipif(builds.WITH_ASAN, reason="the instrumentation would be counted")


def agent(role, endpoint, count, env, tool=()):
    return subprocess.Popen([*tool, AGENT, role, endpoint, str(count), "1", "1"], env=env,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def instructions(variant, count, directory):
    env = variant.environment(directory)
    tool = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    server = agent("echo", "tcp://127.0.0.1:*", count, env, tool)
    try:
        client = agent("handshakes", server.stdout.readline().strip(), count, env)
        done, _ = client.communicate(timeout=120)
        assert f'"count": {count}' in done
        _, log = server.communicate(timeout=120)
    finally:
        server.kill()
        server.wait()
    return int(re.search(r"Collected : (\d+)", log).group(1))


def per_handshake(variant, directory):
    few, many = (instructions(variant, count, directory) for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def test_instructions(tmp_path):
    certificates.make(tmp_path, 1)
    more = per_handshake(variants.SHIM, tmp_path) - per_handshake(variants.HAND, tmp_path)
    assert 0 < more <= MOST_INSTRUCTIONS
