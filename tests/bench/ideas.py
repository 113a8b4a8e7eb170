"""What could make CURVE faster for small messages: each idea against the library as it is, measured in
turns. IDEAS.md has what came out."""

import argparse
import dataclasses
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bench import cells, certificates, measure, message_profile, ratios, variants  # noqa: E402
from harness import builds  # noqa: E402

IDEAS = pathlib.Path(__file__).resolve().parent / "IDEAS.md"
LIBRARY = builds.BUILD / "tests" / "bench" / "libbench_ideas.so"
LIBRARIES = pathlib.Path("/usr/lib") / f"{os.uname().machine}-linux-gnu"
WHEEL = builds.REPOSITORY / ".venvs/pyzmq-27.3.0/lib/python3.11/site-packages/pyzmq.libs"

NOTHING = "nothing"
IN_GROUP = 4
ROUNDS = 13
HEADS = ("messages a second", "messages for a second of CPU")
STREAM, TINY, LARGER = (cells.Cell("push-pull", size) for size in (100, 10, 1000))
TRIP = cells.Cell("req-rep", 100)
MANY, FEW = cells.Cell("router-dealer", 100, peers=64), cells.Cell("pub-sub", 100, peers=8)


@dataclasses.dataclass(frozen=True)
class Idea(variants.Variant):
    shim: tuple = variants.SHIM.shim
    cells: tuple = (STREAM,)
    before: tuple = ()   # libraries preloaded in front of the library
    behind: tuple = ()   # and after it
    base: tuple = ()     # settings of what it is compared with, and of itself

    def environment(self, directory):
        env = super().environment(directory)
        env["LD_PRELOAD"] = ":".join(map(str, (*self.before, builds.SHIM, *self.behind)))
        return env

    def without(self):
        """What it is compared with: the same but for the idea, preloaded libraries that make it possible
        included."""
        return Idea("as it is", shim=variants.SHIM.shim + self.base, before=self.before)

    def is_here(self):
        return all(file is not None and pathlib.Path(file).exists()
                   for file in self.before + self.behind)


def setting(name, *pairs, where=(STREAM,), base=()):
    """With what ideas.c can set."""
    return Idea(name, shim=variants.SHIM.shim + base + pairs, cells=where, before=(LIBRARY,), base=base)


def variable(name, *pairs, where=(STREAM,)):
    return Idea(name, shim=variants.SHIM.shim + pairs, cells=where)


def preload(name, *files, where=(STREAM,)):
    return Idea(name, cells=where, behind=files)


def first(pattern):
    return next(iter(sorted(WHEEL.glob(pattern))), None)


def ideas(sodium):
    cheap = (("IDEA_CHEAP", "1"),)
    two, four = (("SECURE_ZMQ_IO_THREADS", n) for n in "24")
    sodium = sodium or first("libsodium-*")
    return (
        setting(f"{NOTHING} (how far chance goes)", where=(STREAM, TRIP)),
        variable(f"{NOTHING}, once more", where=(STREAM, FEW, MANY)),
        variable("2 I/O threads", two, where=(STREAM, TRIP, FEW, MANY)),
        variable("4 I/O threads", four, where=(MANY,)),
        setting("2 I/O threads, subscribers that do not decrypt", two, where=(FEW,), base=cheap),
        setting("a receiver that does not decrypt (no idea: a bound)", *cheap),
        setting("socket buffers of 1 MiB", ("IDEA_SOCKET", "11=1048576,12=1048576")),
        setting("socket buffers of 64 KiB", ("IDEA_SOCKET", "11=65536,12=65536")),
        setting("without TCP_NODELAY", ("IDEA_TCP", "6:1=0"), where=(STREAM, TRIP)),
        setting("TCP_QUICKACK", ("IDEA_QUICKACK", "1"), where=(TRIP,)),
        setting("SO_BUSY_POLL 50 µs", ("IDEA_TCP", "1:46=50"), where=(TRIP,)),
        setting("no zero-copy receive", ("IDEA_CONTEXT", "10=0")),
        setting("I/O threads pinned", ("IDEA_PIN", "1"), where=(STREAM, TRIP)),
        setting("I/O threads SCHED_BATCH", ("IDEA_CONTEXT", "4=3"), where=(STREAM, TRIP)),
        variable("malloc: huge pages", ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")),
        variable("malloc: one arena", ("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")),
        variable("malloc: never trims", (
            "GLIBC_TUNABLES", "glibc.malloc.trim_threshold=1073741824:glibc.malloc.top_pad=67108864:"
            "glibc.malloc.mmap_threshold=1073741824")),
        variable("malloc: large caches of threads", ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=65535")),
        preload("jemalloc", LIBRARIES / "libjemalloc.so.2"),
        preload("tcmalloc", LIBRARIES / "libtcmalloc_minimal.so.4"),
        preload("mimalloc", LIBRARIES / "libmimalloc.so.2", where=(TINY, STREAM, LARGER)),
        preload("newer libsodium", sodium, where=(TINY, STREAM, LARGER)),
        preload("newer libzmq (4.3.5 of a wheel, its libsodium)", first("libzmq-*"),
                first("libsodium-*")),
        preload("mimalloc and newer libsodium", LIBRARIES / "libmimalloc.so.2", sodium,
                where=(TINY, STREAM, LARGER)),
    )


def failed(variant, why):
    print(f"ideas: {variant.name}: {why}", file=sys.stderr)


def groups(wanted):
    """[(cell, base, ideas)]: a few at a time that are compared with the same. All of one take turns."""
    found = {}
    for idea, cell in wanted:
        found.setdefault((cell, idea.without()), []).append(idea)
    return [(cell, base, each[first:first + IN_GROUP]) for (cell, base), each in found.items()
            for first in range(0, len(each), IN_GROUP)]


def compared(cell, base, group, rounds, directory):
    """{(idea, cell): [ratio of messages a second, ratio of messages for each second of CPU]}."""
    among = [base, *group]
    found = [measure.measure(cell, among[number % len(among):] + among[:number % len(among)], directory, failed)
             for number in range(rounds)]
    return {(idea, cell): [ratios.compare(found, idea.name, base.name, figures)
                           for figures in (ratios.rates, ratios.cpu_rates)] for idea in group}


def all_compared(wanted, rounds, directory):
    found, plan = {}, groups(wanted)
    for number, group in enumerate(plan, 1):
        started = time.monotonic()
        found.update(compared(*group, rounds, directory))
        print(f"ideas: {number} of {len(plan)}: {group[0].name}: {', '.join(i.name for i in group[2])}: "
              f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return found


def band(found, what):
    """How far from 1 the intervals of those go that change nothing."""
    return max((abs(1 - each[what][end]) for (idea, _), each in found.items()
                if idea.name.startswith(NOTHING) and each[what] for end in ("low", "high")), default=0)


def beyond(found):
    """A line of those whose whole interval is beyond that of nothing."""
    bands = [band(found, what) for what in range(len(HEADS))]
    far = [f"{idea.name} at {cell.name}, {head} ({ratios.shown(each[what])})"
           for what, head in enumerate(HEADS) for (idea, cell), each in found.items()
           if each[what] and not idea.name.startswith(NOTHING)
           and (each[what]["low"] > 1 + bands[what] or each[what]["high"] < 1 - bands[what])]
    return ("Chance alone goes " + ", ".join(f"{wide:.0%}{' far' * (not what)} for {HEADS[what]}"
                                             for what, wide in enumerate(bands))
            + f". Beyond that: {'; '.join(far) or 'nothing'}.")


def counted(idea, cell, directory):
    """A row: ratio of instructions for each message, of both ends, in the process."""
    mine, base = (sum(sum(end.values()) for end in message_profile.per_message(cell.size, variant, directory))
                  for variant in (idea, idea.without()))
    return f"| {idea.name} | {cell.name} | {mine:,.0f} | {mine / base:.3f} |"


def rows(options, directory):
    heads = ("instructions", "to as it is") if options.instructions else HEADS
    yield f"| idea | cell | {' | '.join(heads)} |\n|---|---|---|---|"
    wanted = [(idea, cell) for idea in ideas(options.sodium) for cell in idea.cells if options.only in idea.name]
    found = {} if options.instructions else all_compared(
        [(idea, cell) for idea, cell in wanted if idea.is_here()], options.rounds, directory)
    for idea, cell in wanted:
        if not idea.is_here():
            yield f"| {idea.name} | {cell.name} | not on this machine | |"
        elif not options.instructions:
            yield f"| {idea.name} | {cell.name} | {' | '.join(map(ratios.shown, found[idea, cell]))} |"
        elif cell.pattern == "push-pull":
            yield counted(idea, cell, directory)
    if found:
        yield "\n" + beyond(found)


def write(name, lines):
    """Into IDEAS.md, in the place of the table of this name."""
    begin, end = f"<!-- {name} -->\n", "<!-- end -->\n"
    before, _, rest = IDEAS.read_text(encoding="utf-8").partition(begin)
    IDEAS.write_text(before + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2],
                     encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(prog="ideas", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each idea (%(default)s)")
    parser.add_argument("--only", default="", help="ideas whose name contains this")
    parser.add_argument("--sodium", help="a libsodium to try, instead of that of a pyzmq wheel")
    parser.add_argument("--write", action="store_true", help="put the table into IDEAS.md, too")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--instructions", action="store_true",
                         help="count them, for streams: exact, but without the kernel's")
    instead.add_argument("--profile", action="store_true", help="where the instructions go")
    return parser.parse_args()


def main():
    options = arguments()
    with certificates.directory(1) as directory:
        lines = []
        for line in ((message_profile.table(preload("", *filter(None, [options.sodium])), directory),)
                     if options.profile else rows(options, directory)):
            print(line, flush=True)
            lines.append(line)
    if options.write:
        write("profile" if options.profile else
              "instructions" if options.instructions else "ratios", lines)


if __name__ == "__main__":
    main()
