"""What ThreadSanitizer reported, and which of it is the shim's.

libzmq and Python are not instrumented: how their threads wait for one another is not seen, and what
one of them writes another seems to read too early. So a race counts where both accesses were made by
instrumented code, in memory that is not another's; every other kind of report where the shim is in it."""

import re

REPORT = re.compile(r"WARNING: ThreadSanitizer: .*?\nSUMMARY: [^\n]*\n", re.DOTALL)
TITLE = re.compile(r"WARNING: ThreadSanitizer: (.*) \(pid=\d+\)")
FRAME = re.compile(r"\s+#\d+ .*\((?P<module>[^()+]+)\+0x[0-9a-f]+\)")
ACCESS = re.compile(r"  (Previous )?(atomic )?(read|write) of size ", re.IGNORECASE)
ALLOCATED = re.compile(r"  Location is heap block .* allocated by ")
# Between a program and what it calls.
RUNTIME = "libtsan.so"
SHIM = "libcurveshim.so"
# How the numbers of descriptors are used again is not seen either: openat makes them, system calls
# close them, and libzmq hands them over from thread to thread.
DESCRIPTOR = "  Location is file descriptor "


class Stack:
    def __init__(self, title):
        self.title = title
        self.modules = []

    def is_access(self):
        return ACCESS.match(self.title) is not None

    def maker(self):
        """Whose code it was that read, wrote or allocated; None where the stack is not known."""
        return next((m for m in self.modules if not m.startswith(RUNTIME)), None)


class Report:
    def __init__(self, text):
        self.text = text
        self.kind = TITLE.search(text).group(1)
        self.stacks = []
        for line in text.splitlines():
            frame = FRAME.match(line)
            if frame and self.stacks:
                self.stacks[-1].modules.append(frame.group("module"))
            elif line.startswith("  ") and line.rstrip().endswith(":"):
                self.stacks.append(Stack(line))

    def counts(self):
        if DESCRIPTOR in self.text:
            return False
        if self.kind != "data race":
            return any(stack.maker() == SHIM for stack in self.stacks)
        makers = {stack.maker() for stack in self.stacks if stack.is_access()}
        allocators = {stack.maker() for stack in self.stacks if ALLOCATED.match(stack.title)}
        return makers <= {SHIM, None} and SHIM in makers and allocators <= {SHIM}


def no_failure_of_its_own(text):
    """An AssertionError where the sanitizer itself gave up."""
    assert "FATAL: ThreadSanitizer" not in text and "CHECK failed" not in text, text
