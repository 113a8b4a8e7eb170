"""Who does not belong exchanges nothing: neither agent gets a message, and none is on the wire."""

import dataclasses
import itertools
import typing

import pytest

from harness import certificates, pairwise, zmtp
from harness.agents import environment
from harness.exchange import PATTERNS, Party, assert_nothing_arrived, greetings
from harness.runtimes import C, DEBIAN

# From the first attempt that is seen on the wire.
PATIENCE = 0.8


def secured(runtime, certs):
    return Party(runtime, environment(shim=True, certs=certs))


def party(runtime, certs):
    return Party(runtime, environment()) if certs is None else secured(runtime, certs)


def commands(relay):
    """Handshake commands of every connection: what connectors said, what binders said."""
    conversations = list(relay.conversations)
    return ({name for c in conversations for name in zmtp.commands(c.connector)},
            {name for c in conversations for name in zmtp.commands(c.binder)})


def mechanisms(relay):
    seen = greetings(relay)
    return ({connector.mechanism for connector, _ in seen if connector},
            {binder.mechanism for _, binder in seen if binder})


@dataclasses.dataclass(frozen=True, eq=False)
class Why:
    name: str
    # Of (the agents' certificates, a new directory), those of the connector; None: in clear.
    connector: typing.Callable
    # What is said on the wire: mechanism and commands of the connector, and of the binder.
    said: tuple
    in_clear_binder: bool = False

    def __str__(self):
        return self.name

    @property
    def mechanisms(self):
        return tuple({mechanism} for mechanism, _ in self.said)

    @property
    def commands(self):
        return tuple(names for _, names in self.said)

    def tried(self, relay):
        if self.commands == (set(), set()):
            return any(mechanisms(relay))
        return (mechanisms(relay), commands(relay)) == (self.mechanisms, self.commands)

    def assert_tried(self, exchange):
        relay = exchange.relay
        assert self.tried(relay), exchange.report()
        assert commands(relay) == self.commands, exchange.report()
        # Of a mismatch: whoever reads the other's greeting first hangs up, so that often only one
        # is complete.
        for said, expected in zip(mechanisms(relay), self.mechanisms):
            assert said <= expected, exchange.report()


PLAINTEXT_CONNECTOR = Why("plaintext-connector", lambda certs, _: None,
                          (("NULL", set()), ("CURVE", set())))
PLAINTEXT_BINDER = Why("plaintext-binder", lambda certs, _: certs,
                       (("CURVE", set()), ("NULL", set())), in_clear_binder=True)
UNKNOWN_KEY = Why("unknown-key", lambda certs, new: certificates.make_stranger(new, certs),
                  (("CURVE", {"HELLO", "INITIATE"}), ("CURVE", {"WELCOME"})))
WRONG_SERVER_KEY = Why("wrong-server-key", lambda certs, new: certificates.make_misled(new, certs),
                       (("CURVE", {"HELLO"}), ("CURVE", set())))
WHYS = (PLAINTEXT_CONNECTOR, PLAINTEXT_BINDER, UNKNOWN_KEY, WRONG_SERVER_KEY)


def cases():
    agents = ((C, C), (DEBIAN, DEBIAN), (C, DEBIAN))
    binders = ("server", "client")
    every = itertools.product(WHYS, agents, PATTERNS, binders)
    return pairwise.thinned((why, *pair, pattern, binder) for why, pair, pattern, binder in every
                            if binder == "server" or why is UNKNOWN_KEY)


@pytest.mark.parametrize("why, server, client, pattern, binder", cases())
def test_nothing_arrives(theatre, tmp_path, certs, why, server, client, pattern, binder):
    of_binder = None if why.in_clear_binder else certs
    of_connector = why.connector(certs, tmp_path / "other")
    of_server, of_client = ((of_binder, of_connector) if binder == "server"
                            else (of_connector, of_binder))
    exchange = theatre.play(party(server, of_server), party(client, of_client), pattern,
                            binder=binder, patience=PATIENCE, tried=why.tried)
    assert_nothing_arrived(exchange, pattern)
    why.assert_tried(exchange)


@pytest.mark.parametrize("runtime", (C, DEBIAN), ids=str)
def test_refusal_is_logged_by_the_server(theatre, tmp_path, certs, runtime):
    stranger = certificates.make_stranger(tmp_path / "stranger", certs)
    exchange = theatre.play(secured(runtime, certs), secured(runtime, stranger),
                            patience=PATIENCE, tried=UNKNOWN_KEY.tried)
    key = certificates.public_key(stranger / "client.key")
    assert any(key in line for line in exchange.server.errors), exchange.report()
