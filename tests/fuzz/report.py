"""`report.py DIRECTORY`: a table of what each target did, in DIRECTORY/report.md and on the terminal."""

import json
import pathlib
import sys

COLUMNS = ("seconds", "executions", "features", "inputs", "peak MiB")


def main():
    directory = pathlib.Path(sys.argv[1])
    lines = [f"| target | {' | '.join(COLUMNS)} | finding |", "| --- " * (len(COLUMNS) + 2) + "|"]
    for report in sorted(directory.glob("*/report.json")):
        values = json.loads(report.read_text(encoding="utf-8"))
        finding = f"{report.parent / 'finding'}" if values["finding"] else "none"
        lines.append(f"| {report.parent.name} | "
                     f"{' | '.join(str(values[column]) for column in COLUMNS)} | {finding} |")
    text = "\n".join(lines) + "\n"
    (directory / "report.md").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
