"""`report.py DIRECTORY RESULTS`: what came of the faults, in DIRECTORY/report.md and on the
terminal: those that were injected; those that were had for real, from RESULTS, which is pytest's; and
which calls of the library no scenario reaches, with the reason, without which it is a failure."""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from faults import calls, sites, unreached

# What its own table tells of.
CAMPAIGN = "test_faults"
KINDS = ("kept working", "refused, then worked", "refused", "not reached", "VIOLATION")


def injected(directory):
    """{fault: (call sites, Counter of outcomes)}; no call site is in two of the files."""
    found = {}
    for path in directory.glob("*.json"):
        for fault, row in json.loads(path.read_text(encoding="utf-8"))["table"].items():
            places, outcomes = found.get(fault, (0, collections.Counter()))
            found[fault] = places + row["places"], outcomes + collections.Counter(row["outcomes"])
    return found


def calls_of(directory, what):
    """{(function, place)} that failed, or were seen, in all of it."""
    found = set()
    for path in directory.glob("*.json"):
        found |= {tuple(call) for call in json.loads(path.read_text(encoding="utf-8"))[what]}
    return found


def coverage(directory):
    """Lines of the report, and whether a call is missing without a reason."""
    there, failed = calls.static_calls(), calls_of(directory, "failed")
    seen = calls_of(directory, "seen") | failed
    never = collections.Counter((function, sites.name(place))
                                for function, place in there - failed)
    lines = [f"Of {len(there)} calls of the C library that can fail, {len(there & seen)} were reached "
             f"and {len(there & failed)} made to fail; so were {len(failed - there)} calls of libzmq "
             "and by pointer. The others:", "", "| call | by | why |", "| --- | --- | --- |"]
    missing = False
    for (function, by), count in sorted(never.items(), key=lambda each: each[0][1]):
        key = function, by.split()[0]
        why = unreached.REASONS.get(key)
        if why is None and key in sites.IMPOSSIBLE:
            why = "it cannot fail, see sites.py"
        missing |= why is None
        lines.append(f"| {function}{f', {count} times' if count > 1 else ''} | {by} | "
                     f"{why or 'VIOLATION: no scenario reaches it'} |")
    return lines, missing


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
    covered, missing = coverage(directory)
    lines += ["", *covered]
    total["VIOLATION"] += missing
    del total["skipped"]
    failed = total["VIOLATION"]
    text = "\n".join(lines) + f"\n\n{total.total() - failed} passed, {failed} failed\n"
    (directory / "report.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
