"""The certificates that are measured with."""

import pathlib
import subprocess
import sys

from harness import builds


def make(directory, keys):
    """A certificate directory in which so many clients are authorised."""
    path = directory / "certificates"
    subprocess.run([builds.CURVESHIM_CERT, "init", path], check=True, capture_output=True)
    authorized = path / "authorized_clients"
    text = (path / "client.key").read_text(encoding="utf-8")
    subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("many_keys.py")),
                    str(authorized), str(keys - 1)], check=True, input=text, text=True)
    (directory / "metrics").mkdir()
