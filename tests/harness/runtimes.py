"""The programs that play the agents: which interpreter, which libzmq, and whether it is here."""

import dataclasses
import functools
import pathlib
import subprocess

import pytest

from . import builds

VERSIONS = builds.REPOSITORY / "tests" / "harness" / "pyzmq-versions"
WHEELS = tuple(VERSIONS.read_text(encoding="ascii").split())
DEBIAN_PYTHON = "/usr/bin/python3"


@dataclasses.dataclass(frozen=True)
class Runtime:
    name: str
    command: tuple
    python: bool = True

    def __str__(self):
        return self.name

    def require(self):
        if self.python:
            if not imports_zmq(self.command[0]):
                pytest.skip(f"agent {self.name}: {self.command[0]} with pyzmq is not installed")
        elif not pathlib.Path(self.command[0]).exists():
            pytest.skip(f"agent {self.name}: {self.command[0]} is not built")


@functools.lru_cache(maxsize=None)
def imports_zmq(interpreter):
    if not pathlib.Path(interpreter).exists():
        return False
    return subprocess.run([interpreter, "-c", "import zmq"], capture_output=True,
                          check=False).returncode == 0


def in_python(name, interpreter, script="agent.py"):
    return Runtime(name, (str(interpreter), str(builds.AGENTS / script)))


def wheel_python(version):
    return builds.REPOSITORY / ".venvs" / f"pyzmq-{version}" / "bin" / "python"


C = Runtime("c", (str(builds.C_AGENT),), python=False)
DEBIAN = in_python("debian", DEBIAN_PYTHON)
BY_HAND = in_python("by-hand", DEBIAN_PYTHON, "agent_by_hand.py")
WHEEL = {v: in_python(f"pyzmq-{v}", wheel_python(v)) for v in WHEELS}
EVERY = (C, DEBIAN, *WHEEL.values())
