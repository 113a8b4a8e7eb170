"""SECURE_ZMQ unset or 0: the preload changes nothing."""

import pytest

from harness import runtimes
from harness.agents import environment
from harness.exchange import PATTERNS, Party, assert_clear_on_the_wire, assert_complete
from harness.runtimes import C, DEBIAN


def preloaded(**variables):
    env = environment(shim=True, **variables)
    if "SECURE_ZMQ" not in variables:
        del env["SECURE_ZMQ"]
    return env


def check(theatre, runtime, env, pattern="req-rep", **where):
    exchange = theatre.play(Party(runtime, env), Party(runtime, env), pattern, **where)
    assert_complete(exchange, pattern)
    assert_clear_on_the_wire(exchange.relay, pattern)
    assert exchange.server.errors == exchange.client.errors == []
    return exchange


@pytest.mark.parametrize("runtime", runtimes.EVERY, ids=str)
def test_without_preload(theatre, runtime):
    check(theatre, runtime, environment())


@pytest.mark.parametrize("runtime", (C, DEBIAN), ids=str)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_unset(theatre, runtime, pattern):
    exchange = check(theatre, runtime, preloaded(), pattern)
    plain = check(theatre, runtime, environment(), pattern)
    assert exchange.output() == plain.output()


@pytest.mark.parametrize("runtime", runtimes.EVERY, ids=str)
@pytest.mark.parametrize("value", ["0", "", "no"])
def test_zero(theatre, runtime, value):
    check(theatre, runtime, preloaded(SECURE_ZMQ=value))


@pytest.mark.parametrize("runtime", (C, DEBIAN), ids=str)
def test_forgotten_switch_is_warned_about(theatre, certs, runtime):
    party = Party(runtime, preloaded(certs=certs))
    exchange = theatre.play(party, party)
    assert_complete(exchange, "req-rep")
    assert_clear_on_the_wire(exchange.relay, "req-rep")
    for agent in (exchange.server, exchange.client):
        line, = agent.errors
        assert "SECURE_ZMQ" in line
