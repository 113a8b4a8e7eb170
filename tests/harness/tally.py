"""Adds up what meson and pytest wrote down: `tally.py DIRECTORY [FAILED-STEP]...`.

Prints what failed and what was skipped, and last "N passed, N failed"."""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

COUNTED = {"passed": re.compile(r"\[  PASSED  \] (\d+) test"),
           "failed": re.compile(r"\[  FAILED  \] (\d+) test")}


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_unit(self, test):
        """One program of meson's; cmocka says how many tests it held."""
        name, result = test["name"], test["result"]
        output = test.get("stdout", "") + test.get("stderr", "")
        counts = {kind: sum(map(int, pattern.findall(output)))
                  for kind, pattern in COUNTED.items()}
        if result == "SKIP":
            self.skipped.append(name)
        elif result in ("OK", "EXPECTEDFAIL"):
            self.passed += max(1, counts["passed"])
        else:
            self.passed += counts["passed"]
            self.failed += [f"{name} ({result})"] * max(1, counts["failed"])

    def add_case(self, case):
        name = f"{case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed.append(name)
        elif skipped is not None:
            self.skipped.append(f"{name}: {skipped.get('message')}")
        else:
            self.passed += 1


def collect(directory, failed_steps):
    tally = Tally()
    unit = directory / "unit.json"
    if unit.exists():
        for line in unit.read_text(encoding="utf-8").splitlines():
            tally.add_unit(json.loads(line))
    cases = directory / "pytest.xml"
    if cases.exists():
        for case in xml.etree.ElementTree.parse(cases).iter("testcase"):
            tally.add_case(case)
    tally.failed += failed_steps
    return tally


def main():
    tally = collect(pathlib.Path(sys.argv[1]), sys.argv[2:])
    for title, names in (("Skipped", tally.skipped), ("Failed", tally.failed)):
        if names:
            print(f"\n{title}:")
            for name in names:
                print(f"  {name}")
    print(f"\n{tally.passed} passed, {len(tally.failed)} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
