"""The agents of the support matrix: how each is run, and which file brings its ZeroMQ along."""

import dataclasses
import functools
import glob
import os
import pathlib
import shutil
import subprocess

import pytest

from harness import builds, runtimes

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
INSTALLED = builds.REPOSITORY / ".agents"
LIBZMQ = "/usr/lib/*/libzmq.so.5"
NODE_PREBUILDS = "node_modules/zeromq/build/linux/x64/node"


@dataclasses.dataclass(frozen=True)
class Row:
    """`library` is a glob: what curveshim-check is asked about. `probe` is a command that succeeds
    where everything that the agent needs is there."""
    name: str
    command: tuple
    library: str
    probe: tuple = ()
    env: tuple = ()
    slow: bool = False

    def __str__(self):
        return self.name

    def require(self):
        for word in (self.command[0], *self.command[1:]):
            if word.startswith("/") and ":" not in word and not os.path.exists(word):
                pytest.skip(f"agent {self.name}: {word} is not there")
        if shutil.which(self.command[0]) is None:
            pytest.skip(f"agent {self.name}: {self.command[0]} is not installed")
        if self.probe and not succeeds(self.probe, self.env):
            pytest.skip(f"agent {self.name}: {' '.join(self.probe)} fails")
        if not glob.glob(self.library):
            pytest.skip(f"agent {self.name}: {self.library} is not there")

    def target(self):
        return sorted(glob.glob(self.library))[-1]


@functools.lru_cache(maxsize=None)
def succeeds(command, env):
    return subprocess.run(command, env={**os.environ, **dict(env)}, capture_output=True,
                          check=False).returncode == 0


def script(name):
    return str(PROGRAMS / name)


def pyzmq(version):
    python = runtimes.wheel_python(version)
    return Row(f"pyzmq-{version}", (str(python), script("pyzmq.py")),
               f"{python.parents[1]}/lib/python3*/site-packages/pyzmq.libs/libzmq*.so*",
               (str(python), "-c", "import zmq"))


def zeromq_js(version, library):
    directory = INSTALLED / f"zeromq.js-{version}"
    env = (("NODE_PATH", f"{directory}/node_modules"),)
    return Row(f"npm-zeromq-{version}", ("node", script("node.js")),
               f"{directory}/{NODE_PREBUILDS}/{library}/addon.node",
               ("node", "-e", "require('zeromq')"), env)


def built(name, path, library=None):
    return Row(name, (str(INSTALLED / path),), library or str(INSTALLED / path))


SECURED = (
    Row("pyzmq-debian", (runtimes.DEBIAN_PYTHON, script("pyzmq.py")),
        "/usr/lib/python3/dist-packages/zmq/backend/cython/socket.*.so",
        (runtimes.DEBIAN_PYTHON, "-c", "import zmq")),
    *(pyzmq(version) for version in runtimes.WHEELS),
    Row("ctypes", (runtimes.DEBIAN_PYTHON, script("by_ctypes.py")), runtimes.DEBIAN_PYTHON),
    zeromq_js("6.8.0", "glibc-*-Release"),
    Row("perl-zmq-ffi", ("perl", script("perl.pl")), "/usr/bin/perl",
        ("perl", "-MZMQ::FFI", "-e1")),
    Row("ruby-ffi-rzmq", ("ruby", script("ruby.rb")), "/usr/bin/ruby",
        ("ruby", "-e", "require 'ffi-rzmq'")),
    Row("php-zmq", ("php", script("php_zmq.php")), "/usr/lib/php/*/zmq.so",
        ("php", "-r", "new ZMQContext();")),
    Row("php-ffi", ("php", script("php_ffi.php")), "/usr/lib/php/*/ffi.so",
        ("php", "-r", "FFI::cdef('');")),
    Row("luajit-ffi", ("luajit", script("luajit.lua")), "/usr/bin/luajit"),
    built("czmq", "c/czmq"),
    built("go-zmq4", "go/agent"),
)
WITHOUT_CURVE = zeromq_js("6.1.2", "*")
JEROMQ = sorted(glob.glob(f"{INSTALLED}/jeromq/jeromq-*.jar"))[-1:] or ["/jeromq.jar"]
BLOCKED = (
    built("static-libzmq", "c/static"),
    built("rust-zmq", "rust/agent"),
    Row("jeromq", ("java", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                   f"{JEROMQ[0]}:{INSTALLED}/jeromq", "Agent"), JEROMQ[0]),
)
