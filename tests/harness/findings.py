"""What the checker of this run, ThreadSanitizer or valgrind, holds against the shim."""

import functools
import os
import re
import shutil

from . import builds, memory, races

CHECKERS = {"thread": races, "valgrind": memory}
NAME = re.compile(r"report\.(?P<pid>\d+)")
# How much of the file of a process that goes on has been read.
_read = {}


@functools.lru_cache(maxsize=None)
def prepare(directory):
    """Once in a run: what another run left there is nobody's."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    directory.chmod(0o777)  # for who has changed its user


def of_the_shim(directory, checker=None):
    """The texts of what came since the last time, from any process. The files of those that have
    ended are removed; what the end of a process cut short is left out."""
    checker = checker or CHECKERS[builds.CHECKER]
    found = []
    for path in sorted(directory.glob("report.*")):
        ended = not os.path.exists(f"/proc/{NAME.fullmatch(path.name)['pid']}")
        text = path.read_text(encoding="utf-8", errors="replace")
        begin = _read.pop(path, 0)
        text = text[begin if begin <= len(text) else 0:]
        checker.no_failure_of_its_own(text)
        complete = list(checker.REPORT.finditer(text))
        found += [report.text for report in map(checker.Report, map(re.Match.group, complete))
                  if report.counts()]
        if ended:
            path.unlink()
        else:
            _read[path] = begin + (complete[-1].end() if complete else 0)
    return found
