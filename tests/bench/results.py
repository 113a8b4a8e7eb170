"""What was measured, on disk: a line a measurement, so that a run that was cut short goes on."""

import contextlib
import json
import os
import pathlib
import re
import statistics
import time

from . import cells, network, ratios, targets, variants

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"
QUANTILES = {"p10": 10, "p50": 50, "p90": 90, "p99": 99, "p999": 99.9}


def parsed(line):
    """None for a line that a run did not live to finish."""
    try:
        return json.loads(line)
    except ValueError:
        return None


class Measurements:
    def __init__(self, path, again):
        self.path = path
        self.done, self.seconds = {}, {}
        if again:
            path.unlink(missing_ok=True)
        if path.exists():
            for entry in map(parsed, path.read_text(encoding="utf-8").splitlines()):
                if entry is None:
                    continue
                if "seconds" in entry:
                    self.spend(entry["spent on"], entry["seconds"])
                    continue
                self.done[entry["cell"], entry["variant"], entry["round"]] = entry["result"]

    def add(self, cell, variant, number, result):
        self.done[cell.name, variant.name, number] = result
        self.write({"cell": cell.name, "variant": variant.name, "round": number, "result": result})

    def write(self, entry):
        with open(self.path, "a", encoding="utf-8") as file:
            # Ahead of each line, so that a torn one spoils no other.
            file.write("\n" + json.dumps(entry))

    def spend(self, what, seconds):
        self.seconds[what] = self.seconds.get(what, 0) + seconds

    @contextlib.contextmanager
    def timing(self, what):
        """What the block takes is kept, also that of one that is cut short; as(): seconds up to now."""
        start = time.monotonic()
        try:
            yield lambda: time.monotonic() - start
        finally:
            seconds = round(time.monotonic() - start, 1)
            self.spend(what, seconds)
            self.write({"spent on": what, "seconds": seconds})

    def has(self, cell, variant, number):
        return (cell.name, variant.name, number) in self.done

    def rounds(self, cell):
        """[{variant name: result}] by round."""
        numbers = sorted({n for c, _, n in self.done if c == cell.name})
        return [{v: r for (c, v, n), r in self.done.items() if c == cell.name and n == number}
                for number in numbers]


def figures(cell, rounds):
    """Of one cell: for each variant its figures and its ratios."""
    reference = variants.reference(cell)
    found = {}
    for variant in variants.EVERY:
        mine = [each[variant.name] for each in rounds if variant.name in each]
        if not mine:
            continue
        row = {"rate": ratios.summary([ratios.rate(each) for each in mine]),
               "cpu_per_million": statistics.median(
                   each["cpu"] / each["count"] * 1e6 for each in mine)}
        for name, other in (("to_reference", reference), ("to_hand", variants.HAND),
                            ("to_null", variants.NULL)):
            row[name] = ratios.compare(rounds, variant.name, other.name, ratios.rates)
        row["cpu_to_reference"] = ratios.compare(rounds, variant.name, reference.name, ratios.cpu_rates)
        for name in QUANTILES:
            if name in mine[0]:
                row[name] = statistics.median(each[name] for each in mine)
        if cell.is_latency:
            row["latency_to_reference"] = ratios.compare(
                rounds, variant.name, reference.name, ratios.trips)
        # Everything that was measured, so that all of the above can be computed from it again.
        row["repetitions"] = [each.get(variant.name) for each in rounds]
        found[variant.name] = row
    return {"cell": cell.name, "pattern": cell.pattern, "size": cell.size, "peers": cell.peers,
            "keys": cell.keys, "threads": cell.threads, "agents": cell.agents,
            "rounds": len(rounds), "reference": reference.name, "variants": found}


def machine():
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
             if line.startswith("model name")]
    return {"cores": os.cpu_count(), "processor": model[0] if model else "unknown",
            "kernel": ".".join(os.uname().release.split(".")[:2]),
            "WireGuard": "" if network.wireguard_lacks() else network.wireguard_kind()}


def table(measured):
    """Markdown, ratios first."""
    lines = []
    for figure in measured:
        lines += [f"**{figure['cell']}** ({figure['rounds']} rounds)", "",
                  f"| | to {figure['reference']} | for a second of CPU | to NULL | median | "
                  "CPU s per million | CPU s per GB |"
                  + (" p50 µs | p99 | p99.9 |" if figure["pattern"] == "req-rep" else ""),
                  "| --- " * (10 if figure["pattern"] == "req-rep" else 7) + "|"]
        for name, row in figure["variants"].items():
            line = (f"| {name} | {ratios.shown(row['to_reference'])} | "
                    f"{ratios.shown(row.get('cpu_to_reference'))} | "
                    f"{ratios.shown(row['to_null'])} | {ratios.per_second(row['rate']['median'])} | "
                    f"{row['cpu_per_million']:.2f} | {'' if figure['pattern'] == 'handshakes' else ratios.per_gigabyte(figure, row)} |")
            if "p50" in row:
                line += "".join(f" {row[p] * 1e6:.0f} |" for p in ("p50", "p99", "p999"))
            lines.append(line)
        lines.append("")
    return "\n".join(lines)


def readable(document):
    """JSON, a list of numbers in a line."""
    return re.sub(r"\[[\s\d.,e+-]+\]", lambda found: " ".join(found[0].split()),
                  json.dumps(document, indent=1)) + "\n"


def write(directory, measurements, extra, lacking):
    measured = [figures(cell, rounds) for cell in cells.everything()
                if (rounds := measurements.rounds(cell))]
    document = {"machine": machine(), "lacking": lacking, "cells": measured, "figures": extra,
                "seconds": measurements.seconds}
    (directory / "results.json").write_text(readable(document), encoding="utf-8")
    (directory / "results.md").write_text(markdown(document), encoding="utf-8")
    return document


def markdown(document):
    parts = ["# Results", "## Targets", targets.table(targets.check(document)), "## Cells",
             table(document["cells"])]
    parts += [f"Not measured: {name}: {why}.\n" for name, why in document["lacking"].items()]
    parts += ["## Other figures", "```json\n" + json.dumps(document["figures"], indent=1) + "\n```\n"]
    return "\n".join(parts + durations(document.get("seconds", {})))


def durations(seconds):
    """Where the time of a run went."""
    if not seconds:
        return []
    return ["## Time", "| | seconds |\n| --- | --- |\n" + "".join(
        f"| {what} | {spent:.0f} |\n" for what, spent in seconds.items())
        + f"| in all | {sum(seconds.values()):.0f} |\n"]
