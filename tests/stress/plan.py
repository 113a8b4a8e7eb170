"""Who is in the fleet, and what happens to it when: the same for the same seed."""

import dataclasses
import random

from harness import builds, runtimes

HERE = builds.REPOSITORY / "tests" / "stress"
C = runtimes.Runtime("c", (str(builds.BUILD / "tests" / "stress" / "stress_agent"),), python=False)
NODE = runtimes.Runtime("node", ("/usr/bin/node", str(HERE / "agent.js")), python=False)
NODE_MODULES = builds.REPOSITORY / ".agents" / "zeromq.js-6.8.0" / "node_modules"
PYTHONS = [runtimes.Runtime(name, (str(interpreter), str(HERE / "agent.py"))) for name, interpreter
           in (("debian", runtimes.DEBIAN_PYTHON),
               *((f"pyzmq-{v}", runtimes.wheel_python(v)) for v in runtimes.WHEELS))]

# What binds, what connects.
PATTERNS = (("PULL", "PUSH"), ("ROUTER", "DEALER"), ("REP", "REQ"), ("PUB", "SUB"), ("PUSH", "PULL"))
NODE_SPEAKS = ("PUSH", "DEALER", "SUB", "PULL")
TRANSPORTS = ("tcp", "slow", "ipc", "tcp")
GROUP = 5  # one binds, the others connect to it; the last in Node, where it can
FIRST_PORT = 6000
MOST_DELAY_MS = 40


@dataclasses.dataclass(frozen=True)
class Member:
    name: str
    runtime: runtimes.Runtime
    kind: str
    binds: bool
    group: int
    transport: str
    place: int

    @property
    def port(self):
        return FIRST_PORT + self.group

    @property
    def rotates(self):
        """A new connection loses nothing of those that wait for their answers first."""
        return self.kind in ("DEALER", "REQ")


def fleet(size, places, in_group=GROUP):
    members, chosen = [], 0
    for number in range(size):
        group, index = divmod(number, in_group)
        binds = index == 0
        kind = PATTERNS[group % len(PATTERNS)][0 if binds else 1]
        transport = TRANSPORTS[(group + group // len(PATTERNS)) % len(TRANSPORTS)]
        # Those of an ipc endpoint live in one place, as they would.
        place = (group if transport == "ipc" else number) % places
        if index == in_group - 1 and kind in NODE_SPEAKS and NODE_MODULES.exists():
            runtime = NODE
        elif index in (1, 3) or (binds and group % 2 == 0):
            runtime = C
        else:
            runtime = PYTHONS[chosen % len(PYTHONS)]
            chosen += 1
        members.append(Member(f"g{group:02}-{kind.lower()}{index}", runtime, kind, binds, group,
                              transport, place))
    return members


@dataclasses.dataclass(frozen=True, order=True)
class Event:
    at: float  # seconds from the start
    what: str  # cut, mend, rotate, finish, revoke, kill, start, prepare, switch
    whom: tuple = ()


def spread(seconds, every, chance, first=0.1, last=0.9):
    """Times at random, one in each stretch of `every` seconds."""
    at = first * seconds
    while at < last * seconds:
        yield at + chance.uniform(0, every / 2)
        at += every


def events(members, seed, seconds, kills, places):
    """With `kills` so many die in a minute and are started again; else none does."""
    chance = random.Random(seed)
    planned = []
    for at in spread(seconds, 6, chance):
        pair = tuple(chance.sample(range(places), 2))
        planned += [Event(at, "cut", pair), Event(at + chance.uniform(0.5, 2.5), "mend", pair[:1])]
    changing = [m.name for m in members if m.rotates]
    chance.shuffle(changing)
    revoked = changing[:max(1, len(changing) // 8)]
    rotated = changing[len(revoked):]
    for at, name in zip(spread(seconds, max(1, 0.6 * seconds / len(revoked)), chance, 0.2, 0.8),
                        revoked):
        planned.append(Event(at, "revoke", (name,)))
    for at, name in zip(spread(seconds, max(1, 0.6 * seconds / len(rotated)), chance, 0.1, 0.7),
                        rotated):
        planned += [Event(at, "rotate", (name,)), Event(at + 0.25 * seconds, "finish", (name,))]
    if kills:
        planned += deaths(members, chance, seconds, kills, {*revoked, *rotated})
    return sorted(planned)


def deaths(members, chance, seconds, kills, busy):
    """Every server dies between `prepare` and `switch`, so that it has both keys by then."""
    planned = []

    def die(at, name):
        planned.append(Event(at, "kill", (name,)))
        planned.append(Event(at + chance.uniform(0.2, 1.0), "start", (name,)))

    servers = [m.name for m in members if m.binds]
    others = [m.name for m in members if not m.binds and m.name not in busy]
    chance.shuffle(servers)
    planned += [Event(0.05 * seconds, "prepare"), Event(0.6 * seconds, "switch")]
    for number, name in enumerate(servers):
        die(seconds * (0.08 + 0.45 * number / len(servers)), name)
    free_at = dict.fromkeys([*servers, *others], 0)
    free_at.update(dict.fromkeys(servers, 0.6 * seconds))
    for at in spread(seconds, 60 / kills, chance):
        able = [name for name, free in free_at.items() if free < at]
        if able:
            name = chance.choice(able)
            free_at[name] = at + 3
            die(at, name)
    return planned
