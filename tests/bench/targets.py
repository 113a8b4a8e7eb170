"""What curveshim promises of its speed, held against what was measured."""

from . import ratios, variants

SHIM = variants.SHIM.name
LEAST, LEAST_MEDIAN = 0.99, 0.95
MOST_LATENCY, MOST_MEDIAN_LATENCY = 1.01, 1.05
MOST_INSTRUCTIONS_RATIO = 1.01
MOST_START_UP = 150_000


def check(document):
    """[{"target", "what", "measured", "met"}], a row for each cell and figure."""
    rows = []
    for cell in document["cells"]:
        mine = cell["variants"].get(SHIM)
        if mine is None:
            continue
        if cell["pattern"] == "handshakes":
            rows += handshakes(cell, mine)
        elif cell["pattern"] == "req-rep":
            add(rows, "latency", cell, mine.get("latency_to_reference"),
                lambda r: r["low"] <= MOST_LATENCY and r["median"] <= MOST_MEDIAN_LATENCY)
        else:
            add(rows, "message path", cell, mine["to_reference"],
                lambda r: r["high"] >= LEAST and r["median"] >= LEAST_MEDIAN, mine.get("cpu_to_reference"))
    return rows + counted(document["figures"])


def add(rows, target, cell, ratio, is_met, of_cpu=None):
    """What a second of CPU is good for says more where the machine has other things to do."""
    if ratio is not None:
        more = f", for a second of CPU {ratios.shown(of_cpu)}" if of_cpu else ""
        rows.append({"target": target, "what": cell["cell"], "measured": ratios.shown(ratio) + more,
                     "met": is_met(ratio)})


def handshakes(cell, mine):
    rows = []
    add(rows, "handshakes, to CURVE without authenticator", cell, mine["to_hand"],
        lambda r: r["median"] >= LEAST_MEDIAN)
    add(rows, f"handshakes, to {cell['reference']}", cell, mine["to_reference"],
        lambda r: r["median"] > 1, mine.get("cpu_to_reference"))
    return rows


def counted(figures):
    rows = []
    each = figures.get("instructions per message", {})
    if SHIM in each:
        ratio = each[SHIM] / each[variants.ZAUTH.name]
        rows.append({"target": "instructions per message", "what": "100 B", "met":
                     ratio <= MOST_INSTRUCTIONS_RATIO,
                     "measured": f"{each[SHIM]}, {ratio:.4f} of {variants.ZAUTH.name}"})
    for name, value in figures.get("start-up of /bin/true", {}).items():
        if isinstance(value, dict):
            continue
        is_count = isinstance(value, int)
        rows.append({"target": "start-up of /bin/true", "what": name,
                     "measured": f"{value:,}" if is_count else ", ".join(value) or "none",
                     "met": value <= MOST_START_UP if is_count else
                     not [file for file in value if "certificates" not in file]})
    return rows


TARGETS = {
    "message path": f"95 % interval reaches {LEAST}, median at least {LEAST_MEDIAN}",
    "latency": f"95 % interval reaches {MOST_LATENCY}, median at most {MOST_MEDIAN_LATENCY}",
    "handshakes, to CURVE without authenticator": f"median at least {LEAST_MEDIAN}",
    "instructions per message": "at most 1 % more",
    "start-up of /bin/true": f"at most {MOST_START_UP:,} more; no file that is not needed"}


def table(rows):
    lines = ["| target | | measured | |", "| --- | --- | --- | --- |"]
    for row in rows:
        lines.append(f"| {row['target']}: {TARGETS.get(row['target'], 'ahead')} | {row['what']} | "
                     f"{row['measured']} | {'met' if row['met'] else '**missed**'} |")
    return "\n".join(lines) + "\n"
