"""What ThreadSanitizer reported, and which of it is the shim's.

libzmq and Python are not instrumented: how their threads wait for one another is not seen, and what
one of them writes another seems to read too early. So a race counts where both accesses were made by
instrumented code, in memory that is not another's; every other kind of report where the shim is in it."""

import re

REPORT = re.compile(r"WARNING: ThreadSanitizer: .*?\nSUMMARY: [^\n]*\n", re.DOTALL)
TITLE = re.compile(r"WARNING: ThreadSanitizer: (.*) \(pid=\d+\)")
FRAME = re.compile(r"\s+#\d+ (?P<where>.*)\((?P<module>[^()+]+)\+0x[0-9a-f]+\)")
# Where the shim passes a call of the program's on.
PASSES_ON = re.compile(r"/shim/hooks_(birth|io)\.c:")
ACCESS = re.compile(r"  (Previous )?(atomic )?(read|write) of size ", re.IGNORECASE)
ALLOCATED = re.compile(r"  Location is heap block .* allocated by ")
# Between a program and what it calls.
RUNTIME = "libtsan.so"
SHIM = "libcurveshim.so"
LIBZMQ = re.compile(r"libzmq.*\.so")
# The shim asks whether a descriptor is still what it was, which another thread may be closing.
ASKS = re.compile(r"#\d+ observer_inode .*?  Location is file descriptor", re.DOTALL)
DESCRIPTOR = "  Location is file descriptor "
# One that openat made, of which the sanitizer does not know: it takes it for the last of that number.
UNTRACKED = re.compile(r"  Location is file descriptor \d+ created by thread T-1 ")


class Stack:
    def __init__(self, title):
        self.title = title
        self.modules = []

    def is_access(self):
        return ACCESS.match(self.title) is not None

    def is_libzmqs_descriptor(self):
        """libzmq made it, and hands it over from thread to thread."""
        return self.title.startswith(DESCRIPTOR) and any(map(LIBZMQ.match, self.modules))

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
            if frame and self.stacks and not PASSES_ON.search(frame.group("where")):
                self.stacks[-1].modules.append(frame.group("module"))
            elif line.startswith("  ") and line.rstrip().endswith(":"):
                self.stacks.append(Stack(line))

    def counts(self):
        if (ASKS.search(self.text) or UNTRACKED.search(self.text)
                or any(stack.is_libzmqs_descriptor() for stack in self.stacks)):
            return False
        if self.kind != "data race":
            return any(stack.maker() == SHIM for stack in self.stacks)
        makers = {stack.maker() for stack in self.stacks if stack.is_access()}
        allocators = {stack.maker() for stack in self.stacks if ALLOCATED.match(stack.title)}
        return makers <= {SHIM, None} and SHIM in makers and allocators <= {SHIM}


def no_failure_of_its_own(text):
    """An AssertionError where the sanitizer itself gave up."""
    assert "FATAL: ThreadSanitizer" not in text and "CHECK failed" not in text, text
