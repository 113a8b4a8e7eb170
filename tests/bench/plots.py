"""Plots of results.json, as SVG and PNG."""

import matplotlib

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
    """{variant: [(x, y)]}, in order."""
    found = {}
    for cell in cells:
        for name, row in cell["variants"].items():
            found.setdefault(name, []).append((cell[x], y(row)))
    return {name: sorted(points) for name, points in found.items()}


def lines(cells, x, y, file, labels):
    if not cells:
        return
    figure, axes = plt.subplots()
    for label, points in series(cells, x, y).items():
        axes.plot(*zip(*points), marker="o", markersize=4, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    save(figure, file)


def latency(cells, file):
    if not cells:
        return
    figure, axes = plt.subplots()
    names = list(cells[0]["variants"])
    for offset, quantile in enumerate(("p50", "p99", "p999")):
        values = [cells[0]["variants"][name][quantile] * 1e6 for name in names]
        axes.bar([i + 0.27 * (offset - 1) for i in range(len(names))], values, 0.25,
                 label=quantile.replace("p999", "p99.9"))
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yscale("log")
    axes.set_ylabel("round trip, µs")
    axes.legend()
    save(figure, file)


def plot(document, directory):
    cells = document["cells"]
    lines([c for c in cells if c["pattern"] == "push-pull" and c["agents"] == "c"
           and c["threads"] == 1], "size", lambda row: row["rate"]["median"], directory / "throughput",
          ("message size, bytes", "messages per second"))
    latency([c for c in cells if c["pattern"] == "req-rep" and c["agents"] == "c"
             and c["size"] == 100], directory / "latency")
    lines([c for c in cells if c["pattern"] == "handshakes" and c["peers"] == 1
           and c["agents"] == "c"], "keys",
          lambda row: row["rate"]["median"], directory / "handshakes",
          ("authorised keys", "handshakes per second"))
