"""Measures curveshim against everything else that could be used: see scripts/bench."""

import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bench import cells, certificates, figures, measure, results, self_check, variants  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="four cells, in about a minute")
    which.add_argument("--all", action="store_true",
                       help="the whole matrix: hours; goes on where it was cut short")
    which.add_argument("--self-check", action="store_true",
                       help="whether the harness notices that the library is 5 %% slower")
    parser.add_argument("--rounds", type=int, help="of each cell (7; with --quick 3)")
    parser.add_argument("--cell", action="append", default=[],
                        help="only cells whose name contains this")
    parser.add_argument("--report", action="store_true", help="only make the tables and plots again")
    return parser.parse_args()


def run_cell(cell, rounds, measurements, among):
    chosen = variants.variants_of(cell, among)
    missing = [n for n in range(rounds)
               if not all(measurements.has(cell, v, n) for v in chosen)]
    if not missing:
        return
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="curveshim-bench-") as directory:
        directory = pathlib.Path(directory)
        certificates.make(directory, cell.keys)
        for number in missing:
            # Nobody is always the first, or behind the same one.
            order = chosen if number % 2 == 0 else chosen[::-1]
            for variant in order:
                if measurements.has(cell, variant, number):
                    continue
                try:
                    measurements.add(cell, variant, number,
                                     measure.measure(cell, variant, directory))
                except (measure.Failed, TimeoutError) as failed:
                    print(f"bench: {cell.name}, {variant.name}: {failed}", file=sys.stderr)
    print(f"{cell.name}: {time.monotonic() - started:.0f} s", flush=True)


def main():
    options = arguments()
    measure.allow_many_descriptors()
    if options.self_check:
        sys.exit(0 if self_check.run(options.rounds or 15) else 1)
    results.RESULTS.mkdir(exist_ok=True)
    measurements = results.Measurements(results.RESULTS / "measurements.jsonl",
                                        again=not (options.all or options.report))
    chosen = cells.everything() if options.all else cells.QUICK if options.quick else cells.NAMED
    chosen = [c for c in chosen if not options.cell or any(t in c.name for t in options.cell)]
    among = variants.QUICK if options.quick else variants.EVERY
    if not options.report:
        for cell in chosen:
            run_cell(cell, options.rounds or (3 if options.quick else 7), measurements, among)
    extra = figures.load_or_measure(results.RESULTS / "figures.json",
                                    measure_again=not (options.report or options.quick))
    document = results.write(measurements, cells.everything(), extra)
    try:
        from bench import plots
        plots.plot(document)
    except ImportError:
        print("bench: no matplotlib here: no plots", file=sys.stderr)
    print((results.RESULTS / "results.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
