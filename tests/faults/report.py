"""`report.py DIRECTORY RESULTS`: what came of the faults, in DIRECTORY/report.md and on the
terminal. RESULTS: pytest's, for those that were had for real."""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree

# What its own table tells of.
CAMPAIGN = "test_faults"
KINDS = ("kept working", "refused, then worked", "refused", "not reached", "VIOLATION")


def injected(directory):
    """{fault: (call sites, Counter of outcomes)}; no call site is in two of the files."""
    found = {}
    for path in directory.glob("*.json"):
        for fault, row in json.loads(path.read_text(encoding="utf-8")).items():
            places, outcomes = found.get(fault, (0, collections.Counter()))
            found[fault] = places + row["places"], outcomes + collections.Counter(row["outcomes"])
    return found


def outcome(case):
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "VIOLATION"
    return "skipped" if "skipped" in kinds else "holds"


def had_for_real(path):
    """{(where, what): Counter of outcomes}"""
    found = collections.defaultdict(collections.Counter)
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        where = case.get("classname").rsplit(".", 1)[-1]
        if where != CAMPAIGN:
            what = case.get("name").split("[")[0].removeprefix("test_").replace("_", " ")
            found[where, what][outcome(case)] += 1
    return found


def main():
    directory = pathlib.Path(sys.argv[1])
    total = collections.Counter()
    lines = [f"| fault | call sites | {' | '.join(KINDS)} |", "| --- " * (len(KINDS) + 2) + "|"]
    for fault, (places, outcomes) in sorted(injected(directory).items()):
        total.update(outcomes)
        cells = (str(outcomes[kind] or "") for kind in KINDS)
        lines.append(f"| {fault} | {places} | {' | '.join(cells)} |")
    lines += ["", "| had for real | what happens | cases | hold | skipped | VIOLATION |",
              "| --- " * 6 + "|"]
    for (where, what), outcomes in had_for_real(sys.argv[2]).items():
        cells = (str(outcomes[kind] or "") for kind in ("holds", "skipped", "VIOLATION"))
        lines.append(f"| {where} | {what} | {outcomes.total()} | {' | '.join(cells)} |")
        total.update(outcomes)
    del total["skipped"]
    failed = total["VIOLATION"]
    text = "\n".join(lines) + f"\n\n{total.total() - failed} passed, {failed} failed\n"
    (directory / "report.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
