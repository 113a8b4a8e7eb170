"""What an onlooker on the bridge sees."""

import pathlib
import subprocess
import sys

from . import container

MECHANISM_SIZE = 20


class Wire:
    def __init__(self, bridge, file):
        self._file = file
        self._process = subprocess.Popen(
            [*container.WITH_US, "nsenter", f"--net={bridge.namespace}", sys.executable,
             str(pathlib.Path(__file__).with_name("capture.py")), str(file)],
            stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def bytes_seen(self):
        return self._file.read_bytes()

    def shows(self, text):
        return text.encode() in self.bytes_seen()

    def greeted(self, mechanism):
        """Whether a greeting named that mechanism."""
        return mechanism.encode().ljust(MECHANISM_SIZE, b"\0") in self.bytes_seen()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
