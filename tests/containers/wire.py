"""What an onlooker on the bridge sees."""

import pathlib
import subprocess
import sys

from . import container

MECHANISM_SIZE = 20


def mechanism_field(mechanism):
    """As greetings have it."""
    return mechanism.encode().ljust(MECHANISM_SIZE, b"\0")


class Wire:
    def __init__(self, bridge, file, only=()):
        """With `only`, just the frames that hold one of these byte strings are kept."""
        self._file = file
        self._process = subprocess.Popen(
            [*container.WITH_US, "nsenter", f"--net={bridge.namespace}", sys.executable,
             str(pathlib.Path(__file__).with_name("capture.py")), str(file),
             *(text.hex() for text in only)],
            stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def bytes_seen(self):
        return self._file.read_bytes()

    def shows(self, text):
        return text.encode() in self.bytes_seen()

    def greeted(self, mechanism):
        """Whether a greeting named that mechanism."""
        return mechanism_field(mechanism) in self.bytes_seen()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
