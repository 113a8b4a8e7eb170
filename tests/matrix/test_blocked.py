"""Agents whose ZeroMQ can't be reached: nothing but what every greeting has leaves them."""

import time

import pytest

from harness.agents import wait_until
from harness.bare_peer import SPEECHES, Listener, visit
from harness.exchange import (CLIENT_TEXT, SERVER_TEXT, assert_clear_on_the_wire,
                              assert_complete)

from . import rows
from .play import ask, party, play, serve
from .processes import cpu_seconds

# Signature, and version: the mechanism's name begins behind them.
COMMON = 12
TIMES = 2
WATCHED_SECONDS = 2


@pytest.fixture
def listener(request):
    listener = Listener(SPEECHES[request.param](b"REP"))
    yield listener
    listener.close()


def assert_nothing_left(heard):
    for said in heard:
        assert len(said) <= COMMON, said
        assert said[:1] in (b"", b"\xff") and said[9:11] in (b"", b"\x7f", b"\x7f\x03"), said
    everything = b"".join(heard)
    assert SERVER_TEXT.encode() not in everything and CLIENT_TEXT.encode() not in everything


def told(agent):
    """What it logged of the handshake: which side speaks no CURVE depends on who greets first."""
    return [line for line in agent.errors if " blocked: " in line or " handshake: peer " in line]


def assert_well(agent):
    """It says why, is alive, and doesn't spin."""
    assert wait_until(lambda: told(agent)), agent.report()
    assert "127.0.0.1" in told(agent)[0]
    before = cpu_seconds(agent.process.pid)
    # CPU time is only told by time that passes.
    time.sleep(WATCHED_SECONDS)
    assert agent.process.poll() is None, agent.report()
    assert cpu_seconds(agent.process.pid) - before < 0.05 * WATCHED_SECONDS


@pytest.mark.parametrize("speech", SPEECHES)
@pytest.mark.parametrize("row", rows.BLOCKED, ids=str)
def test_server(theatre, certs, row, speech):
    server = serve(theatre, party(row, certs))
    endpoint = server.endpoint()
    assert_nothing_left([visit(endpoint, SPEECHES[speech](b"REQ")) for _ in range(TIMES)])
    assert_well(server)
    assert server.received() == []


@pytest.mark.parametrize("listener", SPEECHES, indirect=True)
@pytest.mark.parametrize("row", rows.BLOCKED, ids=str)
def test_client(theatre, certs, row, listener):
    client = ask(theatre, party(row, certs), listener.endpoint)
    assert wait_until(lambda: len(listener.heard) >= TIMES), (client.report(), listener.heard)
    assert_well(client)
    assert_nothing_left(listener.heard)
    assert client.received() == []


@pytest.mark.parametrize("row", rows.BLOCKED, ids=str)
def test_it_names_the_program_and_the_remedy(theatre, certs, row):
    server = serve(theatre, party(row, certs))
    visit(server.endpoint(), SPEECHES["waiting"](b"REQ"))
    assert wait_until(lambda: any(" blocked: " in line for line in server.errors)), server.report()
    line = next(line for line in server.errors if " blocked: " in line)
    assert "object=" in line and "SECURE_ZMQ_PLAINTEXT" in line and 'peer="tcp://127.0.0.1:' in line


@pytest.mark.parametrize("shimmed", ("server", "client"))
@pytest.mark.parametrize("row", rows.BLOCKED, ids=str)
def test_one_side_is_enough(theatre, certs, row, shimmed):
    """The other side is ready to talk in clear."""
    server = serve(theatre, party(row, certs if shimmed == "server" else None))
    relay = theatre.relay_to(server.endpoint())
    client = ask(theatre, party(row, certs if shimmed == "client" else None), relay.endpoint)
    agent, side = (server, "binder") if shimmed == "server" else (client, "connector")
    assert wait_until(lambda: told(agent)), agent.report()
    assert_nothing_left([bytes(getattr(c, side)) for c in relay.conversations])
    assert server.received() == client.received() == []


@pytest.mark.parametrize("row", rows.BLOCKED, ids=str)
def test_in_clear_without_the_shim(theatre, row):
    exchange = play(theatre, party(row), party(row))
    assert_complete(exchange, "req-rep")
    assert_clear_on_the_wire(exchange.relay, "req-rep")


@pytest.mark.parametrize("row", rows.BLOCKED, ids=str)
def test_exempted_endpoint(theatre, certs, row):
    """The operator's word is the only way out."""
    variables = {"SECURE_ZMQ_PLAINTEXT": "tcp://127.0.0.1:*"}
    exchange = play(theatre, party(row, certs, **variables), party(row, certs, **variables))
    assert_complete(exchange, "req-rep")
