"""What the runs came to, as build/stress/report.md and report.json."""

import json
import statistics

from . import campaign

DAMAGE = ("altered", "duplicated", "reordered", "after_revocation")


def percent(run):
    return 100 * run.lost() / max(1, run.books.sent)


def pairs(runs):
    """(secured, plain) by script."""
    by_seed = {}
    for run in runs:
        if run.kills:
            by_seed.setdefault(run.seed, {})[run.secured] = run
    return [(two[True], two[False]) for two in by_seed.values() if len(two) == 2]


def excess(runs):
    """How many percent points more the secured runs lose than the plain ones: the mean of the
    pairs, and its standard error."""
    differences = [percent(secured) - percent(plain) for secured, plain in pairs(runs)]
    error = statistics.stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else 0
    return statistics.mean(differences), error


def row(run):
    books, counts = run.books, run.counts
    cells = (run.title, run.processes, books.sent, books.received, books.connections,
             counts["partitions"], counts["kills"], counts["rotations"],
             *(("-", "-") if not run.secured else (counts["server keys"], counts["revocations"])),
             *(len(getattr(books, kind)) for kind in DAMAGE), run.lost(), f"{percent(run):.2f}",
             "yes" if run.in_clear else "no", len(run.grown), run.watched)
    return f"| {' | '.join(map(str, cells))} |"


def losses(runs):
    kinds = sorted({kind for run in runs for kind in run.books.lost})
    yield f"| run | {' | '.join(kinds)} |"
    yield "| --- " * (len(kinds) + 1) + "|"
    for run in runs:
        yield f"| {run.title} | {' | '.join(str(run.books.lost[kind]) for kind in kinds)} |"


def text(runs):
    titles = ("run", "processes", "sent", "received", "connections", "partitions", "kills",
              "client keys rotated", "server keys rotated", "revoked", "altered", "duplicated",
              "reordered", "after revocation", "lost", "lost %", "in clear on the wire", "grown",
              "watched")
    lines = [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|", *map(row, runs), "",
             "Lost, by kind:", "", *losses(runs), ""]
    for run in runs:
        lines.append(f"{run.title}: {run.seconds:.0f} s, seed {run.seed}, {run.runtimes}; greatest "
                     f"growth {run.most_growth}; read out of order across connections: "
                     f"{run.books.reordered_across_connections}; {run.grown or ''}")
    if pairs(runs):
        mean, error = excess(runs)
        lines.append(f"\nSecured less plain, {len(pairs(runs))} pairs: {mean:+.3f} percent points "
                     f"lost, standard error {error:.3f}")
    return "\n".join(lines) + "\n"


def write(runs):
    campaign.RESULTS.mkdir(parents=True, exist_ok=True)
    (campaign.RESULTS / "report.md").write_text(text(runs), encoding="utf-8")
    (campaign.RESULTS / "report.json").write_text(
        json.dumps([run.as_object() for run in runs], indent=1), encoding="utf-8")
