"""Agents that the shim secures: each talks to itself and to libzmq by way of pyzmq, and the wire
carries CURVE only."""

import pytest

from harness.exchange import (assert_clear_on_the_wire, assert_complete,
                              assert_curve_on_the_wire)

from . import rows
from .play import party, play

REFERENCE, *OTHERS = rows.SECURED


@pytest.mark.parametrize("row", rows.SECURED, ids=str)
def test_in_curve(theatre, certs, row):
    exchange = play(theatre, party(row, certs), party(row, certs))
    assert_complete(exchange, "req-rep")
    assert_curve_on_the_wire(exchange.relay)


@pytest.mark.parametrize("role", ("server", "client"))
@pytest.mark.parametrize("row", OTHERS, ids=str)
def test_in_curve_with_another_agent(theatre, certs, row, role):
    pair = party(row, certs), party(REFERENCE, certs)
    exchange = play(theatre, *(pair if role == "server" else reversed(pair)))
    assert_complete(exchange, "req-rep")
    assert_curve_on_the_wire(exchange.relay)


@pytest.mark.parametrize("row", rows.SECURED, ids=str)
def test_in_clear_without_the_shim(theatre, row):
    """What the test above would see if the shim did nothing."""
    exchange = play(theatre, party(row), party(row))
    assert_complete(exchange, "req-rep")
    assert_clear_on_the_wire(exchange.relay, "req-rep")
