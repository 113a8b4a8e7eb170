"""Who does not belong exchanges nothing: neither agent gets a message, and none is on the wire."""

import pytest

from harness import certificates, zmtp
from harness.agents import environment
from harness.exchange import PATTERNS, Party, assert_nothing_arrived, greetings
from harness.runtimes import C, DEBIAN

# Long enough for dozens of handshakes; each test also sees on the wire that one was tried.
PATIENCE = 2

runtime_pairs = pytest.mark.parametrize(
    "server, client", [(C, C), (DEBIAN, DEBIAN), (C, DEBIAN)], ids=lambda runtime: str(runtime))
every_pattern = pytest.mark.parametrize("pattern", PATTERNS)
either_binds = pytest.mark.parametrize("binder", ["server", "client"])


def secured(runtime, certs):
    return Party(runtime, environment(shim=True, certs=certs))


def plain(runtime):
    return Party(runtime, environment())


def commands(exchange):
    """Handshake commands of every connection: what connectors said, what binders said."""
    conversations = exchange.relay.conversations
    return ({name for c in conversations for name in zmtp.commands(c.connector)},
            {name for c in conversations for name in zmtp.commands(c.binder)})


def mechanisms(exchange):
    seen = greetings(exchange.relay)
    return ({connector.mechanism for connector, _ in seen if connector},
            {binder.mechanism for _, binder in seen if binder})


def assert_mismatch(exchange, connector, binder):
    """Whoever reads the other's greeting first hangs up, so that often only one is complete."""
    said_by_connector, said_by_binder = mechanisms(exchange)
    assert said_by_connector | said_by_binder, exchange.report()
    assert said_by_connector <= {connector} and said_by_binder <= {binder}, exchange.report()
    assert commands(exchange) == (set(), set())


@runtime_pairs
@every_pattern
def test_plaintext_connector(theatre, certs, server, client, pattern):
    exchange = theatre.play(secured(server, certs), plain(client), pattern, patience=PATIENCE)
    assert_nothing_arrived(exchange, pattern)
    assert_mismatch(exchange, "NULL", "CURVE")


@runtime_pairs
@every_pattern
def test_plaintext_binder(theatre, certs, server, client, pattern):
    exchange = theatre.play(plain(server), secured(client, certs), pattern, patience=PATIENCE)
    assert_nothing_arrived(exchange, pattern)
    assert_mismatch(exchange, "CURVE", "NULL")


@runtime_pairs
@either_binds
@every_pattern
def test_unknown_key(theatre, tmp_path, certs, server, client, pattern, binder):
    stranger = certificates.make_stranger(tmp_path / "stranger", certs)
    connector_certs, binder_certs = stranger, certs
    server_certs, client_certs = (binder_certs, connector_certs) if binder == "server" else (
        connector_certs, binder_certs)
    exchange = theatre.play(secured(server, server_certs), secured(client, client_certs), pattern,
                            binder=binder, patience=PATIENCE)
    assert_nothing_arrived(exchange, pattern)
    assert mechanisms(exchange) == ({"CURVE"}, {"CURVE"})
    assert commands(exchange) == ({"HELLO", "INITIATE"}, {"WELCOME"})


@runtime_pairs
@every_pattern
def test_wrong_server_key(theatre, tmp_path, certs, server, client, pattern):
    misled = certificates.make_misled(tmp_path / "misled", certs)
    exchange = theatre.play(secured(server, certs), secured(client, misled), pattern,
                            patience=PATIENCE)
    assert_nothing_arrived(exchange, pattern)
    assert mechanisms(exchange) == ({"CURVE"}, {"CURVE"})
    assert commands(exchange) == ({"HELLO"}, set())


@pytest.mark.parametrize("runtime", (C, DEBIAN), ids=str)
def test_refusal_is_logged_by_the_server(theatre, tmp_path, certs, runtime):
    stranger = certificates.make_stranger(tmp_path / "stranger", certs)
    exchange = theatre.play(secured(runtime, certs), secured(runtime, stranger),
                            patience=PATIENCE)
    key = certificates.public_key(stranger / "client.key")
    assert any(key in line for line in exchange.server.errors), exchange.report()
