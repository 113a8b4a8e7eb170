"""Plots of results.json, as SVG and PNG."""

import matplotlib

from .results import QUANTILES

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

plt.rcParams.update({"axes.prop_cycle": plt.cycler(color=plt.get_cmap("tab20").colors),
                     "svg.hashsalt": "curveshim", "font.size": 9, "figure.figsize": (7, 4)})


def save(figure, file):
    figure.tight_layout()
    figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(file.with_suffix(".png"), dpi=110)
    plt.close(figure)


def series(cells, x, y):
    """{(variant, how many at a time): [(x, y)]}, in order."""
    found = {}
    for cell in cells:
        for name, row in cell["variants"].items():
            found.setdefault((name, cell["peers"]), []).append((cell[x], y(row)))
    return {name: sorted(points) for name, points in found.items()}


def lines(cells, x, y, file, labels):
    if not cells:
        return
    figure, axes = plt.subplots()
    colours = {}
    for (name, peers), points in series(cells, x, y).items():
        alone = peers == 1
        line, = axes.plot(*zip(*points), marker="o" if alone else "x", linestyle="-" if alone else "--",
                          markersize=4 if alone else 6, color=colours.get(name),
                          label=name if name not in colours else None)
        colours[name] = line.get_color()
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    save(figure, file)


def latency(cells, file):
    """The share of round trips that took longer, by how long they took: rare ones as far apart as others."""
    if not cells:
        return
    figure, axes = plt.subplots()
    for name, row in cells[0]["variants"].items():
        points = [(row[quantile] * 1e6, 100 - share) for quantile, share in QUANTILES.items() if quantile in row]
        axes.plot(*zip(*points), marker="o", markersize=4, label=name)
    shares = [100 - share for share in QUANTILES.values()]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(min(shares) / 2, 150)
    axes.set_yticks(shares, [quantile.replace("p999", "p99.9") for quantile in QUANTILES])
    axes.minorticks_off()
    axes.set_xlabel("round trip, µs")
    axes.set_ylabel("quantile")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    save(figure, file)


def plot(document, directory):
    cells = document["cells"]
    lines([c for c in cells if c["pattern"] == "push-pull" and c["agents"] == "c"
           and c["threads"] == 1], "size", lambda row: row["rate"]["median"], directory / "throughput",
          ("message size, bytes", "messages per second"))
    latency([c for c in cells if c["pattern"] == "req-rep" and c["agents"] == "c"
             and c["size"] == 100], directory / "latency")
    lines([c for c in cells if c["pattern"] == "handshakes" and c["agents"] == "c"], "keys",
          lambda row: row["rate"]["median"], directory / "handshakes",
          ("authorised keys (dashed or a cross: 64 at a time)", "handshakes per second"))
