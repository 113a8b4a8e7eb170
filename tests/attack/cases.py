"""What is attacked, and what must happen: the table in SECURITY.md is made of this."""

import functools
import json
import pathlib

from harness import builds

RESULTS = builds.BUILD / "attack"
TABLE = builds.REPOSITORY / "SECURITY.md"
BEGIN, END = "<!-- attacks -->\n", "<!-- /attacks -->\n"
CASES = {}


def attack(subject, attempt, must):
    """Marks a test. `must` says what has to happen, in words for a reader of SECURITY.md."""
    def marked(function):
        name = f"{pathlib.Path(function.__code__.co_filename).stem}::{function.__name__}"
        CASES[name] = {"subject": subject, "attempt": attempt, "must": must}
        function.attack = name
        return function
    return marked


def forget():
    (RESULTS / "outcomes.jsonl").unlink(missing_ok=True)


def note(name, outcome):
    """Adds up the outcomes of one case, which can be several tests and in several processes."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with open(RESULTS / "outcomes.jsonl", "a", encoding="utf-8") as results:
        results.write(json.dumps({"case": name, "outcome": outcome}) + "\n")


def table(outcomes=None):
    """Markdown. outcomes: by case, None for a table of what is tried."""
    lines = ["| subject | attempt | what must happen | holds |", "| --- | --- | --- | --- |"]
    for name, case in sorted(CASES.items(), key=lambda item: (item[1]["subject"], item[0])):
        seen = "yes" if outcomes is None else verdict(outcomes.get(name, ()))
        lines.append(f"| {case['subject']} | {case['attempt']} | {case['must']} | {seen} |")
    return "\n".join(lines) + "\n"


def verdict(outcomes):
    if not outcomes:
        return "not run"
    return "yes" if set(outcomes) == {"passed"} else f"NO ({', '.join(sorted(set(outcomes)))})"


@functools.lru_cache(maxsize=None)
def in_document():
    text = TABLE.read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN):text.index(END)]


def outcomes_of_the_last_run():
    found = {}
    for line in (RESULTS / "outcomes.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        found.setdefault(entry["case"], []).append(entry["outcome"])
    return found
