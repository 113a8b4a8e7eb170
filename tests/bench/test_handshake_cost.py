"""What the library adds to a handshake: counted, so that the figure does not depend on the machine's
load. CURVE itself takes two million instructions and, on either side, some 180 system calls."""

import pytest
from harness import builds

from . import cells, certificates, handshake_profile, measure, profiles, variants

MOST_INSTRUCTIONS = 200_000
FEW, MANY = 16, 80
# Of those of CURVE by hand, which asks nobody. How often threads are woken varies.
MOST_SYSTEM_CALLS = {"server": 1.22, "client": 1.0}

pytestmark = pytest.mark.skipif(builds.SANITIZED, reason="the instrumentation would be counted")


def instructions(variant, count, directory):
    cell, env = cells.Counted("handshakes", size=1, messages=count), variant.environment(directory)
    profile = directory / f"server-{count}"
    agents = [measure.Agent(cell, "echo", "tcp://127.0.0.1:*", env, profiles.counted(profile))]
    try:
        agents.append(measure.Agent(cell, "handshakes", agents[0].line(), env))
        assert agents[1].result()["count"] == count
        agents[0].end()
    finally:
        for agent in agents:
            agent.kill()
    total, _ = profiles.own_cost(profile)
    return total


def per_handshake(variant, directory):
    few, many = (instructions(variant, count, directory) for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def test_instructions(tmp_path):
    certificates.make(tmp_path, 1)
    more = per_handshake(variants.SHIM, tmp_path) - per_handshake(variants.HAND, tmp_path)
    assert 0 < more <= MOST_INSTRUCTIONS


def system_calls(variant, side, directory):
    few, many = (handshake_profile.system_calls(variant, side, count, directory) for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


@pytest.mark.parametrize("side", ["server", "client"])
def test_system_calls(tmp_path, side):
    certificates.make(tmp_path, 1)
    by_hand = system_calls(variants.HAND, side, tmp_path)
    assert by_hand > 100  # it has been counted
    assert system_calls(variants.SHIM, side, tmp_path) <= by_hand * MOST_SYSTEM_CALLS[side]
