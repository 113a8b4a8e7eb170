"""The certificates that are measured with."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

from harness import builds

IN_MEMORY = "/dev/shm"
MOST = 8192  # bytes that one takes there, at most


def make(directory, keys):
    """A certificate directory in which so many clients are authorised."""
    path = directory / "certificates"
    subprocess.run([builds.CURVESHIM_CERT, "init", path], check=True, capture_output=True)
    authorized = path / "authorized_clients"
    text = (path / "client.key").read_text(encoding="utf-8")
    subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("many_keys.py")),
                    str(authorized), str(keys - 1)], check=True, input=text, text=True)
    (directory / "metrics").mkdir()


def place_for(keys):
    """In memory where there is room: a disk takes long to make and remove so many files."""
    with contextlib.suppress(OSError):
        room = os.statvfs(IN_MEMORY)
        if keys > 1000 and min(room.f_bavail * room.f_frsize, room.f_favail * MOST) > keys * MOST:
            return IN_MEMORY
    return None


@contextlib.contextmanager
def directory(keys):
    """With such certificates, and room for what measurements leave."""
    with tempfile.TemporaryDirectory(prefix="curveshim-bench-", dir=place_for(keys)) as path:
        make(pathlib.Path(path), keys)
        yield pathlib.Path(path)
