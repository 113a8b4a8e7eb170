"""Adds up what meson and pytest wrote down: `tally.py DIRECTORY [FAILED-STEP]...`, or names the
end-to-end tests that failed, as pytest takes them: `tally.py --failures DIRECTORY`.

Prints what failed and what was skipped, and last "N passed, N failed". What failed beside others
and passed when it was run again by itself counts as passed, and is named."""

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
        self.alone = []

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

    def add_case(self, case, again=()):
        skipped = case.find("skipped")
        if failed(case) and name(case) in again:
            self.alone.append(name(case))
            self.passed += 1
        elif failed(case):
            self.failed.append(name(case))
        elif skipped is not None:
            self.skipped.append(f"{name(case)}: {skipped.get('message')}")
        else:
            self.passed += 1


def name(case):
    return f"{case.get('classname')}::{case.get('name')}"


def failed(case):
    return case.find("failure") is not None or case.find("error") is not None


def passed(case):
    return not failed(case) and case.find("skipped") is None


def cases(path):
    return xml.etree.ElementTree.parse(path).iter("testcase") if path.exists() else ()


def failures(directory):
    """A test's group comes after its name."""
    return [f"tests/{case.get('classname').replace('.', '/')}.py::{case.get('name').split('@')[0]}"
            for case in cases(directory / "pytest.xml") if failed(case)]


def collect(directory, failed_steps):
    tally = Tally()
    unit = directory / "unit.json"
    if unit.exists():
        for line in unit.read_text(encoding="utf-8").splitlines():
            tally.add_unit(json.loads(line))
    again = {name(case) for case in cases(directory / "again.xml") if passed(case)}
    for case in cases(directory / "pytest.xml"):
        tally.add_case(case, again)
    for case in cases(directory / "valgrind.xml"):
        tally.add_case(case)
    tally.failed += failed_steps
    return tally


def main():
    if sys.argv[1] == "--failures":
        print(*failures(pathlib.Path(sys.argv[2])), sep="\n")
        return 0
    tally = collect(pathlib.Path(sys.argv[1]), sys.argv[2:])
    for title, names in (("Skipped", tally.skipped),
                         ("Failed beside others, passed by themselves", tally.alone),
                         ("Failed", tally.failed)):
        if names:
            print(f"\n{title}:")
            for name in names:
                print(f"  {name}")
    print(f"\n{tally.passed} passed, {len(tally.failed)} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
