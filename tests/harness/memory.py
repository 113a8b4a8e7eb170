"""What valgrind's memcheck reports of programs that run under it. Whoever's code an error is in, it
counts: without the shim neither libzmq nor the tests' programs in C have any."""

import pathlib
import re
import xml.etree.ElementTree

REPORT = re.compile(r"<error>.*?</error>", re.DOTALL)
CRASH = re.compile(r"<signame>SIG(ABRT|BUS|FPE|ILL|SEGV)</signame>")


def command(reports):
    """What goes in front of a program; what is reported goes to a file in that directory."""
    return ("valgrind", "--quiet", "--xml=yes", f"--xml-file={reports}/report.%p", "--num-callers=30",
            "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
            # Or one thread that computes keeps the others from the one processor that there is.
            "--fair-sched=try")


class Report:
    def __init__(self, text):
        error = xml.etree.ElementTree.fromstring(text)
        what = error.findtext("what") or error.findtext("xwhat/text")
        self.text = "\n".join([f"{error.findtext('kind')}: {what}",
                               *(_described(f) for f in error.iter("frame") if f.findtext("fn")), ""])

    def counts(self):
        return True


def _described(frame):
    module = pathlib.PurePath(frame.findtext("obj") or "").name
    return f"    {frame.findtext('fn')} ({module}, {frame.findtext('file')}:{frame.findtext('line')})"


def no_failure_of_its_own(text):
    """An AssertionError where a program crashed; one may be told to end."""
    assert not CRASH.search(text), text
