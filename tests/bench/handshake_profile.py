"""Where a handshake's time goes: CPU by thread, how often threads go to sleep, and system calls."""

import collections
import contextlib
import pathlib
import re
import statistics

from . import cells, measure, variants

# CURVE by hand, without an authenticator and with the one that programs of that kind have.
AMONG = {agents: (variants.HAND, variants.reference(cells.Cell("handshakes", agents=agents)), variants.SHIM)
         for agents in ("c", "pyzmq")}
SLICES, IN_SLICE = 15, 40
FEW, MANY = 10, 60  # under strace


def thread_name(pid, task):
    """Authenticators of czmq's and pyzmq's have no names of their own."""
    name = (task / "comm").read_text("ascii").strip()
    if name.startswith("ZMQbg/IO"):
        return "I/O thread"
    if name == "curveshim-zap" or (name in ("bench_agent", "python3") and task.name != str(pid)):
        return "authenticator"
    return "agent" if task.name == str(pid) else "others"


def threads(pid):
    """Counter of (thread, "CPU") in nanoseconds, and of how often one went to sleep."""
    found = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = thread_name(pid, task)
        found[name, "CPU"] += int((task / "schedstat").read_text("ascii").split()[0])
        found["sleeps"] += int(re.search(r"voluntary_ctxt_switches:\s+(\d+)",
                                         (task / "status").read_text("utf-8"))[1])
    return found


def of_slice(one):
    """{what: of each handshake} in one slice."""
    agents = (("server", one.server.process.pid), ("client", one.client.process.pid))
    before = {side: threads(pid) for side, pid in agents}
    one.slice(IN_SLICE)
    found = collections.Counter()
    for side, pid in agents:
        for what, value in threads(pid).items():
            value = (value - before[side][what]) / IN_SLICE
            if what == "sleeps":
                found["times a thread went to sleep"] += value
            else:
                found[f"{side}'s {what[0]}, µs"] += value / 1000
    return found


def measured(agents, directory):
    """{variant: {what: median over slices}}; all are alive at the same time. What never happens is
    left out."""
    cell, slices = cells.Cell("handshakes", agents=agents), {variant.name: [] for variant in AMONG[agents]}
    with contextlib.ExitStack() as stack:
        living = [stack.enter_context(measure.Living(cell, variant, directory))
                  for variant in AMONG[agents]]
        for _ in range(SLICES):
            for one in living:
                slices[one.variant.name].append(of_slice(one))
    return {name: {what: round(statistics.median(each[what] for each in found), 1)
                   for what in sorted({what for each in found for what, value in each.items() if value >= 1})}
            for name, found in slices.items()}


def system_calls(variant, side, count, directory, agents="c"):
    summary = directory / f"strace-{side}-{count}"
    traced = ("strace", "-f", "-c", "-o", str(summary))
    cell = cells.Counted("handshakes", size=1, agents=agents, messages=count)
    env = variant.environment(directory)
    both = [measure.Agent(cell, "echo", "tcp://127.0.0.1:*", env, traced if side == "server" else ())]
    try:
        both.append(measure.Agent(cell, "handshakes", both[0].line(), env,
                                  traced if side == "client" else ()))
        both[1].result()
        for agent in reversed(both):
            agent.end()
    finally:
        for agent in both:
            agent.kill()
    return sum(int(line.split()[3]) for line in summary.read_text("ascii").splitlines()
               if re.match(r" *[\d.]+ +[\d.]+ +\d+ +\d+ ", line) and not line.endswith("total"))


def profile(directory, agents="c"):
    found = measured(agents, directory)
    for variant in AMONG[agents]:
        for side in ("server", "client"):
            few, many = (system_calls(variant, side, count, directory, agents) for count in (FEW, MANY))
            found[variant.name][f"{side}'s system calls"] = round((many - few) / (MANY - FEW), 1)
    return found


def pyzmq_profile(directory):
    return profile(directory, "pyzmq")
