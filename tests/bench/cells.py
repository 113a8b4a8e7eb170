"""What is measured: the cells of the matrix."""

import dataclasses
import itertools

SIZES = (10, 100, 1000, 10_000, 100_000, 1_000_000)
# For about a third of a second of hand-made CURVE each.
MESSAGES = {10: 200_000, 100: 200_000, 1000: 100_000, 10_000: 8000, 100_000: 1400,
            1_000_000: 140}
ROUND_TRIPS = {10: 3200, 100: 3200, 1000: 3200, 10_000: 2400, 100_000: 1200, 1_000_000: 160}
MANY_KEYS = 10_000  # to read a directory of more takes most of a second


@dataclasses.dataclass(frozen=True)
class Cell:
    pattern: str  # push-pull, pub-sub, req-rep, router-dealer, handshakes
    size: int = 100
    peers: int = 1
    keys: int = 1
    threads: int = 1
    agents: str = "c"  # or "pyzmq"

    @property
    def name(self):
        parts = [self.pattern, amount(self.size)]
        if self.pattern == "handshakes":
            parts = [self.pattern, f"{self.peers} at a time", f"{self.keys} keys"]
        elif self.peers > 1:
            parts.append(f"{self.peers} peers")
        if self.threads > 1:
            parts.append(f"{self.threads} I/O threads")
        if self.agents != "c":
            parts.append(self.agents)
        return ", ".join(parts)

    @property
    def count(self):
        """Of messages or round trips, for each peer."""
        few = 4 if self.agents == "pyzmq" else 1
        if self.pattern == "handshakes":
            return 320 if self.peers > 1 else 80 if self.keys > MANY_KEYS else 200
        if self.pattern == "req-rep":
            return ROUND_TRIPS[self.size] // few
        if self.pattern == "router-dealer":
            return max(20, ROUND_TRIPS[self.size] * 2 // self.peers)
        return max(20, MESSAGES[self.size] // few // self.peers)

    @property
    def slices(self):
        """In how many parts of a round that count is measured."""
        if self.pattern == "handshakes":
            return 4 if self.keys > MANY_KEYS else max(1, min(10, self.count // self.peers))
        return 8 if self.is_latency else 20

    @property
    def in_slice(self):
        each = max(2, self.count // self.slices)
        return max(self.peers, each // self.peers * self.peers) if self.pattern == "handshakes" else each

    def in_slice_of(self, variant):
        is_slow = variant.reads_each_time and self.pattern == "handshakes" and self.keys > MANY_KEYS
        return self.peers if is_slow else self.in_slice

    @property
    def warm_up(self):
        """Of what is not counted: connections are made, memory is taken."""
        return self.peers if self.pattern == "handshakes" else self.in_slice

    @property
    def is_latency(self):
        return self.pattern == "req-rep"

    @property
    def is_across(self):
        """Measured between two network namespaces as well."""
        return self.pattern in ("push-pull", "req-rep") and self.agents == "c" and self.threads == 1

    @property
    def server_role(self):
        return {"push-pull": "sink", "pub-sub": "publish"}.get(self.pattern, "echo")

    @property
    def client_role(self):
        return {"push-pull": "source", "pub-sub": "subscribe", "req-rep": "ask",
                "router-dealer": "crowd"}.get(self.pattern, "handshakes")

    @property
    def server_measures(self):
        return self.pattern == "push-pull"


@dataclasses.dataclass(frozen=True)
class Counted(Cell):
    """As many as are asked for."""
    messages: int = 0

    @property
    def count(self):
        return self.messages


QUICK = (Cell("push-pull", 100), Cell("push-pull", 10_000), Cell("req-rep"),
         Cell("handshakes"))

NAMED = (
    Cell("push-pull", 10), Cell("push-pull", 100), Cell("push-pull", 10_000),
    Cell("push-pull", 1_000_000), Cell("push-pull", 100, agents="pyzmq"),
    Cell("pub-sub", 100, peers=8), Cell("req-rep"), Cell("router-dealer", peers=64),
    Cell("handshakes"), Cell("handshakes", keys=100_000),
    Cell("handshakes", peers=64, keys=1000), Cell("handshakes", agents="pyzmq"))


def everything():
    cells = list(NAMED)
    cells += [Cell("push-pull", size, agents=agents, threads=threads)
              for size, agents, threads in itertools.product(SIZES, ("c", "pyzmq"), (1, 2))]
    cells += [Cell("req-rep", size, agents=agents)
              for size, agents in itertools.product(SIZES, ("c", "pyzmq"))]
    cells += [Cell("pub-sub", size, peers=peers)
              for size, peers in itertools.product((100, 10_000), (1, 8, 64))]
    cells += [Cell("router-dealer", size, peers=peers)
              for size, peers in itertools.product((100, 10_000), (1, 16, 64, 256))]
    cells += [Cell("pub-sub", 100, peers=8, agents="pyzmq"),
              Cell("router-dealer", peers=64, agents="pyzmq")]
    cells += [Cell("handshakes", peers=peers, keys=keys, agents=agents)
              for peers, keys, agents in itertools.product((1, 64), (1, 1000, 100_000),
                                                           ("c", "pyzmq"))]
    return tuple(dict.fromkeys(cells))


def amount(size):
    return f"{size // 1000000} MB" if size >= 1000000 else (
        f"{size // 1000} kB" if size >= 1000 else f"{size} B")
