"""Measures curveshim against everything else that could be used: see scripts/bench."""

import argparse
import itertools
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bench import (cells, certificates, figures, measure, readme, results,  # noqa: E402
                   self_check, variants)
from bench.progress import Progress  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, epilog=(
        "Results are in tests/bench/results; those of --quick, --all and --cell in a directory "
        "below, so that they do not take the place of those that the README shows."))
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="four cells, in about a minute")
    which.add_argument("--all", action="store_true",
                       help="the whole matrix, in about an hour; goes on where it was cut short")
    which.add_argument("--self-check", action="store_true",
                       help="whether the harness notices that the library is 5 %% slower, in two minutes")
    parser.add_argument("--rounds", type=int,
                        help="of each cell (7; with --quick 3, with --self-check 21)")
    parser.add_argument("--cell", action="append", default=[],
                        help="only cells whose name contains this")
    parser.add_argument("--report", action="store_true",
                        help="only make tables and plots again, and the README's section")
    return parser.parse_args()


def directory_of(options):
    below = ("quick" if options.quick else "all" if options.all else
             "part" if options.cell else "")
    directory = results.RESULTS / below
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def missing(cell, rounds, measurements, chosen):
    """[(round, [variant])]. A round is measured as a whole: compared is what took turns."""
    # Nobody is always the first, or behind the same one.
    return [(number, chosen if number % 2 == 0 else chosen[::-1]) for number in range(rounds)
            if not all(measurements.has(cell, variant, number) for variant in chosen)]


def run_cell(cell, wanted, measurements, progress):
    if not wanted:
        return

    def failed(variant, why):
        progress.failed += 1
        print(f"bench: {cell.name}, {variant.name}: {why}", file=sys.stderr)

    with (measurements.timing(cell.name) as took, certificates.directory(cell.keys) as directory,
          measure.Kept() as kept):
        for number, chosen in wanted:
            found = measure.measure(cell, chosen, directory, failed, kept)
            for variant in chosen:
                if variant.name in found:
                    measurements.add(cell, variant, number, found[variant.name])
    progress.finished(cell, wanted, took())


def lacking_variants(chosen):
    found = {variant.name: why for variant in variants.EVERY if (why := variants.lacking(variant))}
    for cell, variant in itertools.product(chosen, variants.EVERY):
        if cell.agents in variant.agents and cell.outlasts(variant):
            found[f"{variant.name}, at {cell.name}"] = (
                "it reads all certificates at each handshake, a second each, and libzmq gives one 30 s")
    return found


def chosen_cells(options):
    chosen = cells.everything() if options.all else cells.QUICK if options.quick else cells.NAMED
    if options.cell:
        chosen = ([c for c in chosen if any(t in c.name for t in options.cell)]
                  or [c for c in cells.everything() if any(t in c.name for t in options.cell)])
    return chosen


def run(options, measurements, chosen, seconds_of_figures):
    """Whether everything could be measured."""
    among = variants.QUICK if options.quick else variants.EVERY
    rounds = options.rounds or (3 if options.quick else 7)
    for name, why in lacking_variants(chosen).items():
        print(f"bench: {name} is not measured: {why}", file=sys.stderr)
    plan = [(cell, missing(cell, rounds, measurements, variants.variants_of(cell, among)))
            for cell in chosen]
    progress = Progress(plan, seconds_of_figures)
    for cell, wanted in plan:
        run_cell(cell, wanted, measurements, progress)
    return progress.failed == 0


def report(options, directory, measurements, chosen, found):
    """From what was measured here, or from what somebody else's run left."""
    if options.report and not measurements.done:
        document = json.loads((directory / "results.json").read_text(encoding="utf-8"))
    else:
        document = results.write(directory, measurements, found, lacking_variants(chosen))
    try:
        from bench import plots
        plots.plot(document, directory)
    except ImportError:
        print("bench: no matplotlib here: no plots", file=sys.stderr)
    (directory / "results.md").write_text(results.markdown(document), encoding="utf-8")
    print((directory / "results.md").read_text(encoding="utf-8"))
    if options.report and directory == results.RESULTS:
        readme.rewrite(document)


def main():
    options = arguments()
    measure.allow_many_descriptors()
    if options.self_check:
        sys.exit(0 if self_check.run(options.rounds or self_check.ROUNDS) else 1)
    directory = directory_of(options)
    measurements = results.Measurements(directory / "measurements.jsonl",
                                        again=not (options.all or options.report))
    chosen, wants_figures = chosen_cells(options), not (options.report or options.quick or options.cell)
    try:
        figures_file = directory / "figures.json"
        complete = options.report or run(
            options, measurements, chosen,
            figures.seconds_left(figures_file, again=not options.all) if wants_figures else 0)
        found, all_found = figures.load_or_measure(figures_file, measurements, wants_figures,
                                                   again=not options.all)
    except KeyboardInterrupt:
        print("bench: interrupted" + (": --all goes on from here" if options.all else ""),
              file=sys.stderr)
        sys.exit(130)
    report(options, directory, measurements, chosen, found)
    sys.exit(0 if complete and all_found else 1)


if __name__ == "__main__":
    main()
