"""Unmodified agents under the preload: everything arrives, and the wire shows only CURVE."""

import pytest

from harness import pairwise, runtimes
from harness.agents import environment
from harness.exchange import (PATTERNS, TRANSPORTS, Party, assert_complete,
                              assert_curve_on_the_wire)
from harness.runtimes import C, DEBIAN, WHEEL

BINDERS = ("server", "client")


def every_case(server, client, transports=TRANSPORTS, binders=BINDERS, patterns=PATTERNS):
    return [(server, client, pattern, transport, binder)
            for pattern in patterns for transport in transports for binder in binders]


def cases():
    found = every_case(C, C) + every_case(DEBIAN, DEBIAN)
    found += every_case(C, DEBIAN, ("tcp4",)) + every_case(DEBIAN, C, ("tcp4",), ("server",))
    for wheel in WHEEL.values():
        found += every_case(wheel, C, ("tcp4",), ("server",))
        found += every_case(C, wheel, ("tcp4",), ("client",))
        found += every_case(wheel, wheel, ("tcp6", "ipc"), ("server",), ("req-rep", "pub-sub"))
    newest, *older = WHEEL.values()
    for wheel in older:
        found += every_case(newest, wheel, ("ipc",), BINDERS, ("router-dealer",))
    return pairwise.thinned(found)


@pytest.mark.parametrize("server, client, pattern, transport, binder", cases())
def test_agents_talk_in_curve_only(theatre, certs, server, client, pattern, transport, binder):
    plain, secured = environment(), environment(shim=True, certs=certs)
    exchange = theatre.play(Party(server, secured), Party(client, secured), pattern, transport,
                            binder)
    assert_complete(exchange, pattern)
    assert_curve_on_the_wire(exchange.relay)

    unsecured = theatre.play(Party(server, plain), Party(client, plain), pattern, transport,
                             binder)
    assert exchange.output() == unsecured.output()


@pytest.mark.parametrize("runtime", runtimes.EVERY, ids=str)
def test_each_agent_says_once_that_it_is_secured(theatre, certs, runtime):
    party = Party(runtime, environment(shim=True, certs=certs))
    exchange = theatre.play(party, party)
    assert_complete(exchange, "req-rep")
    for agent in (exchange.server, exchange.client):
        line, = agent.errors
        assert "curveshim" in line and f": on, certificates {certs}, 1 authorised" in line


@pytest.mark.parametrize("runtime", (C, DEBIAN), ids=str)
def test_ipc_wildcard(stage, theatre, certs, runtime):
    env = environment(shim=True, certs=certs, TMPDIR=theatre.sockets)
    server = stage.start(runtime, "--mode", "server", "--count", "1", "--bind", "ipc://*", env=env)
    relay = theatre.relay_to(server.endpoint())
    client = stage.start(runtime, "--mode", "client", "--count", "1",
                         "--connect", relay.endpoint, env=env)
    assert (client.wait(), server.wait()) == (0, 0)
    assert_curve_on_the_wire(relay)
