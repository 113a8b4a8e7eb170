"""Runs of the fleet: one in peace, and pairs with kills, secured and plain, interleaved."""

import dataclasses
import pathlib
import shutil
import tempfile

from containers import container, wire
from harness import builds

from . import fleet, growth, places, plan

PLACES = 4
LOSS = 5  # of 1000 packets, each way
KILLS = 30  # a minute
PAIRS = 5
RESULTS = builds.BUILD / "stress"
MARK = b"STRESS-IN-CLEAR-7f3a9c"  # of the agents' messages
NULL, CURVE = wire.mechanism_field("NULL"), wire.mechanism_field("CURVE")


@dataclasses.dataclass
class Run:
    title: str
    secured: bool
    seed: int
    seconds: float
    kills: int
    processes: int = 0
    runtimes: dict = dataclasses.field(default_factory=dict)
    books: object = None
    counts: dict = dataclasses.field(default_factory=dict)
    in_clear: bool = False
    null_greetings: bool = False
    curve_greetings: bool = False
    dead: list = dataclasses.field(default_factory=list)
    unread_tail: int = 0
    grown: dict = dataclasses.field(default_factory=dict)  # (name, life): what was too much
    most_growth: dict = dataclasses.field(default_factory=dict)
    watched: int = 0

    def lost(self):
        return sum(self.books.lost.values()) + self.unread_tail

    def as_object(self):
        return {**dataclasses.asdict(self), "books": {
            **dataclasses.asdict(self.books), "lost": dict(self.books.lost)}}


def play(run, members, rate, base):
    """Fills in what came of the run."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="stress-", dir=base))
    certs = None
    if run.secured:
        certs = shutil.copytree(base / "certificates", directory / "certificates")
    bridge = container.Bridge()
    onlooker = wire.Wire(bridge, directory / "wire", only=(MARK, NULL, CURVE))
    net = fleet.Places(bridge, PLACES, LOSS, members, run.seed, places.Place)
    crowd = fleet.Fleet(members, net, directory, certs, rate, patient=not run.kills)
    try:
        crowd.start_all()
        crowd.run(plan.events(members, run.seed, run.seconds, run.kills, PLACES), run.seconds)
        run.dead = crowd.dead()
        crowd.settle()
        if run.dead:
            run.dead = [f"{name}: {crowd.report().get(name)}" for name in run.dead]
        note(run, crowd, onlooker)
    finally:
        crowd.stop()
        onlooker.close()
        net.close()
        bridge.close()
    keep = RESULTS / run.title.replace(" ", "-")
    shutil.rmtree(keep, ignore_errors=True)
    for part in ("logs", "errors"):
        shutil.copytree(directory / part, keep / part)
    shutil.rmtree(directory)
    return run


def note(run, crowd, onlooker):
    run.books, run.counts = crowd.account(), crowd.counts
    run.processes = len(crowd.processes)
    for process in crowd.processes:
        name = crowd.members[process].runtime.name
        run.runtimes[name] = run.runtimes.get(name, 0) + 1
    if not run.kills:
        run.unread_tail = crowd.unread_tail()
    run.in_clear = onlooker.shows(MARK.decode())
    run.null_greetings, run.curve_greetings = onlooker.greeted("NULL"), onlooker.greeted("CURVE")
    for who in list(crowd.watch.samples):
        grew = crowd.watch.growth(who)
        if grew is None:
            continue
        run.watched += 1
        too_much = growth.too_much(grew, crowd.members[who[0]].runtime.name)
        if too_much:
            run.grown[f"{who[0]}.{who[1]}"] = {kind: grew[kind] for kind in too_much}
        for kind, value in grew.items():
            run.most_growth[kind] = max(value, run.most_growth.get(kind, value))


def peaceful(members, seconds, rate, seed, base):
    fleet.make_certificates(base / "certificates", members)
    return play(Run("in peace", True, seed, seconds, 0), members, rate, base)


def with_kills(members, seconds, rate, seed, base):
    """The same script for both of a pair; which goes first alternates."""
    runs = []
    for pair in range(PAIRS):
        for secured in ((True, False) if pair % 2 == 0 else (False, True)):
            title = f"kills {pair + 1} {'secured' if secured else 'plain'}"
            run = Run(title, secured, seed + 1 + pair, seconds, KILLS)
            runs.append(play(run, members, rate, base))
    return runs
