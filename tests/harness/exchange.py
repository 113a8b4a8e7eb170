"""Two agents that talk through a recording relay, and what came of it."""

import dataclasses
import json
import tempfile
import time

from . import builds
from . import relay as relays
from . import runtimes, zmtp
from .agents import PATIENCE, wait_until

COUNT = 3
# Seconds; 0 is no end, but then who sends last waits for a second only until it has gone.
UNHURRIED = PATIENCE if builds.SLOWED else 0
SERVER_TEXT = "words-of-the-server-7f3a9c"
CLIENT_TEXT = "words-of-the-client-b81e4d"

PATTERNS = ("req-rep", "pub-sub", "push-pull", "router-dealer", "pair", "xpub-xsub")
TRANSPORTS = ("tcp4", "tcp6", "ipc")


@dataclasses.dataclass(frozen=True)
class Party:
    runtime: runtimes.Runtime
    env: dict
    arguments: tuple = ()


@dataclasses.dataclass
class Exchange:
    server: object
    client: object
    server_status: int
    client_status: int
    relay: relays.Relay
    binder: str

    def report(self):
        wire = [(bytes(c.connector[:160]), bytes(c.binder[:160]))
                for c in self.relay.conversations]
        return f"server {self.server.report()}\nclient {self.client.report()}\nwire {wire}"

    def output(self):
        """Both agents' stdout. Only the place where they listened differs between runs."""
        return {name: [hide_endpoint(line) for line in agent.lines]
                for name, agent in (("server", self.server), ("client", self.client))}


def hide_endpoint(line):
    return '{"endpoint": …}\n' if "endpoint" in json.loads(line) else line


def place(transport, directory):
    return {"tcp4": ("tcp://127.0.0.1:*",), "tcp6": ("tcp://[::1]:*", "--ipv6"),
            "ipc": (f"ipc://{directory}/agent",)}[transport]


class Theatre:
    """Runs exchanges for one test; `sockets` is a directory with a short name."""

    def __init__(self, stage, sockets):
        self.stage = stage
        self.sockets = sockets
        self.relays = []

    def relay_to(self, endpoint):
        relay = relays.Relay(endpoint)
        self.relays.append(relay)
        return relay

    def start(self, party, *arguments):
        return self.stage.start(party.runtime, *arguments, *party.arguments, env=party.env)

    def play(self, server, client, pattern="req-rep", transport="tcp4", binder="server",
             count=COUNT, patience=None, tried=None):
        """With `patience` the client gives up after so many seconds, and the server is then
        told to stop; without, both are to end by themselves. With `tried` the seconds begin when
        that is true of the relay, and the client is told to stop too."""
        common = {
            "server": ("--mode", "server", "--payload", SERVER_TEXT,
                       "--timeout", str(0 if patience else UNHURRIED)),
            "client": ("--mode", "client", "--payload", CLIENT_TEXT,
                       "--timeout", str(0 if tried else patience or UNHURRIED)),
        }
        parties = {"server": server, "client": client}
        connector = "client" if binder == "server" else "server"
        where, *ipv6 = place(transport, tempfile.mkdtemp(dir=self.sockets))
        rest = ("--pattern", pattern, "--count", str(count), *ipv6)
        agents = {binder: self.start(parties[binder], *common[binder], *rest, "--bind", where)}
        relay = self.relay_to(agents[binder].endpoint())
        agents[connector] = self.start(parties[connector], *common[connector], *rest,
                                       "--connect", relay.endpoint)
        if tried:
            wait_until(lambda: tried(relay))
            time.sleep(patience)
        client_status = agents["client"].stop() if tried else agents["client"].wait()
        # A publisher has no end of its own.
        stop = patience is not None or pattern == "pub-sub"
        server_status = agents["server"].stop() if stop else agents["server"].wait()
        return Exchange(agents["server"], agents["client"], server_status, client_status, relay,
                        binder)

    def clear(self):
        self.stage.clear()
        for relay in self.relays:
            relay.close()


def expected(pattern):
    """What each side prints of the messages that it receives: (server, client)."""
    numbers = range(1, COUNT + 1)
    asked = [f"{CLIENT_TEXT} {n}" for n in numbers]
    if pattern == "push-pull":
        return asked, []
    if pattern in ("pub-sub", "xpub-xsub"):
        return [], [f"{SERVER_TEXT} {n}" for n in numbers]
    return asked, [f"{SERVER_TEXT} to {text}" for text in asked]


def assert_complete(exchange, pattern):
    assert (exchange.server_status, exchange.client_status) == (0, 0), exchange.report()
    assert (exchange.server.received(), exchange.client.received()) == expected(pattern)


def assert_nothing_arrived(exchange, pattern="req-rep"):
    """Neither agent got a message, and the wire carried none."""
    for agent in (exchange.server, exchange.client):
        assert [o for o in agent.objects() if "endpoint" not in o] == [], exchange.report()
    # PUSH and PUB wait for nothing; libzmq doesn't tell them that nobody took their messages.
    if pattern != "push-pull":
        assert exchange.client_status == 3, exchange.report()
    if pattern != "pub-sub":
        assert exchange.server_status == 3, exchange.report()
    assert_unreadable(exchange.relay)


def assert_unreadable(relay):
    seen = relay.bytes_seen()
    for text in (SERVER_TEXT, CLIENT_TEXT):
        assert text.encode() not in seen


def greetings(relay):
    """(connector, binder) of every connection on which at least one side greeted."""
    both = [(zmtp.greeting(c.connector), zmtp.greeting(c.binder)) for c in relay.conversations]
    return [pair for pair in both if any(pair)]


def assert_curve_on_the_wire(relay):
    """Every greeting says CURVE, the first connection's handshake is complete, and nothing of
    the messages can be read."""
    seen = greetings(relay)
    assert seen, "nobody greeted"
    for pair in seen:
        assert {g.mechanism for g in pair if g} == {"CURVE"}
    first = relay.conversations[0]
    assert zmtp.commands(first.connector) == ["HELLO", "INITIATE"]
    assert zmtp.commands(first.binder) == ["WELCOME", "READY"]
    assert_unreadable(relay)


def assert_clear_on_the_wire(relay, pattern):
    for connector, binder in greetings(relay):
        assert {g.mechanism for g in (connector, binder) if g} == {"NULL"}
    seen = relay.bytes_seen()
    for text in (*expected(pattern)[0], *expected(pattern)[1]):
        assert text.encode() in seen
