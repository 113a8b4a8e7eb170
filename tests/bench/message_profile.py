"""Where the instructions go: by callgrind, in the library and function that executes them."""

import collections
import pathlib

from . import cells, measure
from .profiles import costs, counted

FEW, MANY = 1000, 6000
PARTS = (("libsodium", "libsodium"), ("libc", "libc.so"), ("libstdc++", "libstdc++"),
         ("libzmq", "libzmq"), ("curveshim", "libcurveshim"), ("agent", "bench_agent"))


def stream(cell, variant, directory):
    """(sender's costs, receiver's) of one stream."""
    env, agents = variant.environment(directory), []
    files = [directory / f"{role}-{cell.count}" for role in ("source", "sink")]
    try:
        endpoint = "tcp://127.0.0.1:*"
        for role, file in (("sink", files[1]), ("source", files[0])):
            agents.append(measure.Agent(cell, role, endpoint, env, counted(file)))
            if role == "sink":
                endpoint = agents[0].line()
        agents[0].result()
        for agent in agents:
            agent.end()
        return [costs(file) for file in files]
    finally:
        for agent in agents:
            agent.kill()


def per_message(size, variant, directory):
    """[sender's, receiver's]: Counter of (object, function): instructions for each message."""
    few, many = (stream(cells.Counted("push-pull", size=size, messages=count), variant, directory)
                 for count in (FEW, MANY))
    return [collections.Counter({where: (cost - a[where]) / (MANY - FEW) for where, cost in b.items()})
            for a, b in zip(few, many)]


def part_of(file):
    return next((part for part, name in PARTS if pathlib.Path(file).name.startswith(name)), "others")


def table(variant, directory, sizes=(10, 100, 1000), functions=12):
    lines = ["| | size | instructions | " + " | ".join(part for part, _ in PARTS) + " |",
             "|---" * (len(PARTS) + 3) + "|"]
    most = []
    for size in sizes:
        for side, found in zip(("sender", "receiver"), per_message(size, variant, directory)):
            parts = collections.Counter()
            for (file, _), cost in found.items():
                parts[part_of(file)] += cost
            total = sum(parts.values())
            lines.append(f"| {side} | {size} B | {total:,.0f} | " + " | ".join(
                f"{parts[part] / total:.1%}" for part, _ in PARTS) + " |")
            if size == 100:
                most += [f"| {side} | `{name}` | {part_of(file)} | {cost:,.0f} |"
                         for (file, name), cost in found.most_common(functions)]
    return "\n".join(lines + ["", "| at 100 B | function | in | instructions |", "|---|---|---|---|"]
                     + most)
