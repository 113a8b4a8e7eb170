import dataclasses
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from install import options


@dataclasses.dataclass(frozen=True)
class Installed:
    """`root` stands for /; `prefix` is where the installation's own prefix lies in it."""

    root: pathlib.Path
    prefix: pathlib.Path
    libdir: pathlib.Path

    @property
    def library(self):
        return self.libdir / "libcurveshim.so"

    def tool(self, name):
        return self.prefix / "bin" / name


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """What `meson install` makes of the build under test."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "-C", options.BUILD, "--no-rebuild", "--destdir", root],
                   check=True, capture_output=True, text=True)
    prefix = root / options.option("prefix").lstrip("/")
    return Installed(root, prefix, prefix / options.option("libdir"))


@pytest.fixture(scope="module")
def place():
    """Not on an overlay: what machines write goes to one of their own."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="curveshim-", dir="/dev/shm"))
    yield directory
    shutil.rmtree(directory)
