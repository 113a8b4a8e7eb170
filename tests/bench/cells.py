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
            trips = ROUND_TRIPS[self.size] * 2 if self.size < 100_000 else ROUND_TRIPS[self.size] // 2
            return max(8, trips // self.peers)
        return max(20, MESSAGES[self.size] // few // self.peers)

    def is_slow(self, variant):
        """A second or more for each handshake."""
        return variant.reads_each_time and self.keys > MANY_KEYS

    def outlasts(self, variant):
        """libzmq gives a handshake 30 s; those that wait behind so many never come to their end."""
        return self.is_slow(variant) and self.peers > 1

    def keeps(self, variant):
        """Its agents for all rounds: others are new in each, but these take many seconds to start."""
        return variant.reads_slowly and self.keys > MANY_KEYS

    @property
    def slices(self):
        """In how many parts of a round that count is measured."""
        if self.pattern == "handshakes":
            return 4 if self.keys > MANY_KEYS else max(1, min(10, self.count // self.peers))
        return 8 if self.is_latency else min(20, self.count // 2)

    @property
    def in_slice(self):
        each = max(2, self.count // self.slices)
        return max(self.peers, each // self.peers * self.peers) if self.pattern == "handshakes" else each

    def slices_of(self, variant):
        return 1 if self.is_slow(variant) else self.slices

    def in_slice_of(self, variant):
        return self.peers if self.is_slow(variant) else self.in_slice

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
    """Each axis by itself from where the others are usual: more threads, peers or keys where they
    matter, pyzmq for each pattern, size and number of keys that C agents are measured with."""
    found = list(NAMED)
    for agents in ("c", "pyzmq"):
        found += [Cell(pattern, size, agents=agents)
                  for pattern, size in itertools.product(("push-pull", "req-rep"), SIZES)]
        found += [Cell("handshakes", peers=peers, keys=keys, agents=agents)
                  for peers, keys in itertools.product((1, 64), (1, 1000, 100_000))]
        found += [Cell("pub-sub", peers=8, agents=agents), Cell("router-dealer", peers=64, agents=agents)]
        found += [Cell("push-pull", threads=2, agents=agents)]
    found += [Cell("pub-sub", size, peers=8) for size in SIZES]
    found += [Cell("pub-sub", peers=peers) for peers in (1, 64)]
    found += [Cell("router-dealer", size, peers=16) for size in SIZES]
    found += [Cell("router-dealer", peers=peers) for peers in (1, 256)]
    found += [Cell(pattern, peers=peers, threads=threads)
              for pattern, peers in (("pub-sub", 8), ("router-dealer", 64)) for threads in (2, 4)]
    found += [Cell("push-pull", 1_000_000, threads=2)]
    return tuple(dict.fromkeys(found))


def amount(size):
    return f"{size // 1000000} MB" if size >= 1000000 else (
        f"{size // 1000} kB" if size >= 1000 else f"{size} B")
