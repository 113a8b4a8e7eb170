"""The section of the README that shows what was measured: made from results.json, and from nothing else."""

import pathlib

from . import ratios, targets, variants

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- scripts/bench --report -->\n", "<!-- end of the report -->\n"
SHIM, ACROSS = variants.SHIM.name, variants.SHIM_ACROSS.name
RIVALS = ((variants.STUNNEL.name, SHIM), (variants.SPIPED.name, SHIM), (variants.SSH.name, SHIM),
          (variants.WIREGUARD.name, ACROSS))


def short(name):
    return name.split(",")[0]


def shown(cell, name):
    row = cell["variants"].get(name)
    if row is None:
        return ""
    return f"{row['p50'] * 1e6:.0f} µs" if "p50" in row else ratios.per_second(row["rate"]["median"])


def speeds(document):
    """A row for each cell, the ratio first."""
    names = (variants.NULL.name, variants.HAND.name, SHIM, variants.ALL.name, variants.OFF.name,
             *(rival for rival, _ in RIVALS))
    lines = ["| | curveshim to CURVE by hand with an authenticator (95 %) | "
             + " | ".join(map(short_all, names)) + " |", "| --- " * (len(names) + 2) + "|"]
    for cell in document["cells"]:
        mine = cell["variants"].get(SHIM)
        if mine is not None:
            lines.append(f"| {cell['cell']} | {ratios.shown(mine['to_reference'])} | "
                         + " | ".join(shown(cell, name) for name in names) + " |")
    return "\n".join(lines)


def short_all(name):
    return name if name.startswith("curveshim") else short(name)


def against_tunnels(document):
    """A line for each tunnel: at what curveshim is faster, at what the tunnel is, and how many times."""
    lines = []
    for rival, own in RIVALS:
        ahead, behind = [], []
        for cell in document["cells"]:
            theirs, mine = cell["variants"].get(rival), cell["variants"].get(own)
            if theirs is None or mine is None:
                continue
            ratio = mine["rate"]["median"] / theirs["rate"]["median"]
            (ahead if ratio >= 1 else behind).append(
                f"{cell['cell']} ({max(ratio, 1 / ratio):.1f} ×)")
        if ahead or behind:
            lines.append(f"- {short(rival)}: the tunnel is faster at {'; '.join(behind) or 'nothing'}. "
                         f"curveshim is faster at {'; '.join(ahead) or 'nothing'}.")
    return "\n".join(lines)


def verdict(document):
    rows = targets.check(document)
    missed = [f"{row['target']}, {row['what']}: {row['measured']}" for row in rows if not row["met"]]
    return (f"Of {len(rows)} targets, {len(rows) - len(missed)} are met."
            + (" Missed: " + "; ".join(missed) + "." if missed else ""))


def listed(values, unit=""):
    return ", ".join(f"{name} {value:,}{unit}" for name, value in values.items())


def start_up(figures):
    """Of a program that does nothing, and uses no ZeroMQ."""
    found, more = figures.get("start-up of /bin/true", {}), "more instructions than an empty library, "
    lines = []
    if more + "on" in found:
        lines.append(f"- start-up of `/bin/true`, instructions more than with an empty preloaded library: off "
                     f"{found[more + 'off']:,}, on {found[more + 'on']:,}"
                     + (f"; time: {listed(found['milliseconds'], ' ms')}" if "milliseconds" in found else ""))
    return lines


def others(document):
    """Of figures.json, what says something in a line."""
    figures = document["figures"]
    lines = start_up(figures)
    for name, unit in (("time to the first answer, ms", " ms"), ("instructions per message", "")):
        if name in figures:
            lines.append(f"- {name}: {listed(figures[name], unit)}")
    for name, each in figures.get("memory of a server, bytes", {}).items():
        lines.append(f"- a server's memory, {name}: {listed(each)}")
    if "contexts" in figures:
        lines.append("- memory for each further context, with a listener: " + listed(
            {variant: each["bytes each"] for variant, each in figures["contexts"].items()}))
    for name, each in figures.get("many sockets", {}).items():
        lines.append(f"- many sockets, {name}: {listed(each)}")
    if "hooked calls" in figures:
        lines.append("- instructions more for each hooked call: " + listed(
            {call: each["instructions more"] for call, each in figures["hooked calls"].items()}))
    return "\n".join(lines + latency(document) + cpu(document))


def latency(document):
    lines = []
    for cell in document["cells"]:
        if cell["pattern"] == "req-rep":
            lines.append(f"- {cell['cell']}, p50, p99 and p99.9 in µs: " + "; ".join(
                f"{name} " + ", ".join(f"{row[p] * 1e6:,.0f}" for p in ("p50", "p99", "p999"))
                for name, row in cell["variants"].items() if "p50" in row))
    return lines


def cpu(document):
    """CPU seconds, of agents and tunnels: small messages by the million, the largest by the GB."""
    streams = [cell for cell in document["cells"] if cell["pattern"] == "push-pull" and cell["agents"] == "c"]
    lines = [f"- CPU seconds per million messages, {cell['cell']}: " + ", ".join(
        f"{name} {row['cpu_per_million']:.2f}" for name, row in cell["variants"].items())
        for cell in streams if cell["size"] == 100 and cell["threads"] == 1]
    return lines + per_gigabyte(streams)


def per_gigabyte(streams):
    if not streams:
        return []
    largest = max(streams, key=lambda cell: cell["size"])
    return [f"- CPU seconds for each GB, {largest['cell']}: " + ", ".join(
        f"{name} {ratios.per_gigabyte(largest, row)}"
        for name, row in largest["variants"].items())]


def handshake(document):
    """Why a handshake takes longer with an authenticator than without."""
    name = "where a handshake's time goes"
    tables = (handshake_table(what, document["figures"].get(name + key))
              for what, key in (("one at a time", ""), ("one at a time, pyzmq", ", pyzmq")))
    return "\n\n".join(table for table in tables if table)


def handshake_table(what, found):
    if not found:
        return ""

    def line(what, values):
        return f"| {what} | " + " | ".join(f"{value:,.0f}" for value in values) + " |"

    rows = sorted({what for each in found.values() for what in each},
                  key=lambda what: ("µs" not in what, what))
    lines = [f"Where a handshake's time goes, {what}: CPU by thread, of which those of one side wait "
             "for those of the other, thread by thread:", "",
             "| | " + " | ".join(found) + " |", "| --- " * (len(found) + 1) + "|"]
    lines.append(line("in all, µs", [sum(value for what, value in each.items() if "µs" in what)
                                     for each in found.values()]))
    return "\n".join(lines + [line(what, [each.get(what, 0) for each in found.values()]) for what in rows])


def section(document):
    machine = document["machine"]
    parts = [
        f"`./scripts/bench` measures this, on {machine['cores']} cores of {machine['processor']}, Linux "
        f"{machine['kernel']}: medians of {document['cells'][0]['rounds']} rounds, in each of which all are "
        "alive at the same time and are measured in turns, slice by slice; messages, round trips (p50) or "
        "handshakes. Ratios are of rates: above 1, curveshim is faster. "
        f"WireGuard ({machine.get('WireGuard') or 'wireguard-go'}) runs between two network namespaces; its column is to be compared with "
        "[curveshim across the same pair](tests/bench/results/results.md).",
        speeds(document), verdict(document),
        against_tunnels(document),
        others(document), handshake(document),
        "[tests/bench/IDEAS.md](tests/bench/IDEAS.md) tells where CURVE's time goes for small messages, and "
        "what was tried to make it less."]
    parts += [f"![{what}](tests/bench/results/{name}.svg)" for name, what in (
        ("throughput", "Throughput by message size"), ("latency", "Latency"),
        ("handshakes", "Handshakes by number of authorised keys"))]
    return "\n\n".join(part for part in parts if part) + "\n"


def shown_section():
    """What the README has now; None where it has no such section."""
    text = README.read_text(encoding="utf-8")
    if BEGIN not in text:
        return None
    return text.partition(BEGIN)[2].partition(END)[0]


def rewrite(document):
    """Before "Which programs", the first time."""
    text = README.read_text(encoding="utf-8")
    new = BEGIN + section(document) + END
    if BEGIN in text:
        before, _, rest = text.partition(BEGIN)
        text = before + new + rest.partition(END)[2]
    else:
        text = text.replace("## Which programs\n", f"## Speed\n\n{new}\n## Which programs\n", 1)
    README.write_text(text, encoding="utf-8")
