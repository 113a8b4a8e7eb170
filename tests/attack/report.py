"""`report.py [--update]`: the table of the last run; --update puts it into SECURITY.md."""

import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from attack import cases  # noqa: E402


def main():
    for path in sorted(HERE.glob("test_*.py")):
        importlib.import_module(f"attack.{path.stem}")
    table = cases.table(cases.outcomes_of_the_last_run())
    (cases.RESULTS / "report.md").write_text(table, encoding="utf-8")
    print(table, end="")
    if "--update" in sys.argv[1:]:
        text = cases.TABLE.read_text(encoding="utf-8")
        before, rest = text.split(cases.BEGIN)
        after = rest.split(cases.END)[1]
        cases.TABLE.write_text(before + cases.BEGIN + table + cases.END + after, encoding="utf-8")
    return 0 if "| NO" not in table and "| not run" not in table else 1


if __name__ == "__main__":
    sys.exit(main())
