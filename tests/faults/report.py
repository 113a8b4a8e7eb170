"""`report.py DIRECTORY`: what came of the faults, in DIRECTORY/report.md and on the terminal."""

import collections
import json
import pathlib
import sys

KINDS = ("kept working", "refused, then worked", "refused", "not reached", "VIOLATION")


def main():
    directory = pathlib.Path(sys.argv[1])
    total = collections.Counter()
    lines = [f"| fault | call sites | {' | '.join(KINDS)} |", "| --- " * (len(KINDS) + 2) + "|"]
    for path in sorted(directory.glob("*.json")):
        for fault, row in json.loads(path.read_text(encoding="utf-8")).items():
            total.update(row["outcomes"])
            cells = (str(row["outcomes"].get(kind, "")) for kind in KINDS)
            lines.append(f"| {fault} | {row['places']} | {' | '.join(cells)} |")
    failed = total["VIOLATION"]
    text = "\n".join(lines) + f"\n\n{total.total() - failed} passed, {failed} failed\n"
    (directory / "report.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
