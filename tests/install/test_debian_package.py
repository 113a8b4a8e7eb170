"""meson dist, and the Debian package: built from what it makes, installed, used, and purged."""

import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import pytest

from containers import container
from harness import builds
from install import options, package

pytestmark = pytest.mark.slow

ROOT = builds.REPOSITORY / ".agents" / "roots" / "bookworm"
CERTIFICATES = "/etc/curveshim/certificates"
# What dpkg itself and ldconfig keep.
BOOKS = ("/var/lib/dpkg/", "/var/log/", "/var/cache/ldconfig/", "/etc/ld.so.cache", "/proc/", "/dev/")

SERVER = """\
import zmq
s = zmq.Context().socket(zmq.REP)
s.bind("ipc:///tmp/agent")
while True:
    s.send(b"hello, " + s.recv())
"""
CLIENT = """\
import zmq
s = zmq.Context().socket(zmq.REQ)
s.linger = 0
s.connect("ipc:///tmp/agent")
s.send(b"world")
print(s.recv().decode() if s.poll(%d) else "nothing")
"""
BY_BARE_NAME = {"LD_PRELOAD": "libcurveshim.so", "SECURE_ZMQ": "1"}


@pytest.fixture(scope="module")
def place():
    """Not on an overlay: what containers write goes to one of their own."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="curveshim-", dir="/dev/shm"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    return package.dist(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def changes(tarball, tmp_path_factory):
    return package.build(tarball, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def deb(changes):
    deb, = changes.parent.glob("curveshim_*.deb")
    return deb


@pytest.fixture
def machine(place, deb):
    container.require()
    if not (ROOT / "usr").exists():
        pytest.skip(f"no root {ROOT}, make one with scripts/setup-roots")
    settings = container.Settings(layers=[ROOT], command=["sleep", "infinity"],
                                  mounts=[(str(deb), "/curveshim.deb", True)])
    machine = container.Container("machine", settings, place / "machine")
    yield machine
    machine.close()


def run(machine, *command, **environment):
    done = machine.run(*command, patience=120, **environment)
    assert done.returncode == 0, done
    return done.stdout


def files(machine):
    found = run(machine, "find", "/", "-xdev", "-not", "-type", "d", "-printf", "%p\\n")
    return {line for line in found.splitlines() if not line.startswith(BOOKS)}


def directories(machine):
    found = run(machine, "find", "/", "-xdev", "-type", "d", "-printf", "%p/\\n")
    return {line for line in found.splitlines() if not line.startswith(BOOKS)}


def test_the_tarball_is_what_was_committed(tarball):
    with tarfile.open(tarball) as tar:
        packed = {member.name.partition("/")[2] for member in tar if not member.isdir()}
    committed = subprocess.run(["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=builds.REPOSITORY,
                               check=True, capture_output=True, text=True).stdout.splitlines()
    assert packed == set(committed)
    assert tarball.name == f"curveshim-{options.version()}.tar.gz"


def test_the_package_is_of_this_version_and_clean(changes, deb):
    assert package.must("dpkg-deb", "-f", deb, "Version").strip() == options.version()
    package.require("lintian")
    said = package.must("lintian", "--allow-root", "--fail-on", "error,warning", changes)
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:")] == []


def test_installed_used_and_purged(machine):
    before, places = files(machine), directories(machine)
    run(machine, "dpkg", "--install", "/curveshim.deb")
    installed = files(machine) - before
    assert not [path for path in installed if not path.startswith("/usr/")]
    assert {"/usr/bin/curveshim-run", "/usr/share/man/man7/curveshim.7.gz",
            "/usr/share/bash-completion/completions/curveshim-cert"} <= installed
    assert run(machine, "dpkg", "--audit") == ""

    run(machine, "curveshim-cert", "init", CERTIFICATES)
    assert "all is well" in run(machine, "curveshim-cert", "verify", CERTIFICATES)
    use(machine)

    run(machine, "dpkg", "--purge", "curveshim")
    left = files(machine) - before
    assert left and all(path.startswith(CERTIFICATES) for path in left), left
    run(machine, "rm", "-r", "/etc/curveshim")
    assert files(machine) == before and directories(machine) == places


def use(machine):
    """As the README says: by the library's bare name, by curveshim-run; and without, in vain."""
    shim = " ".join(f"{name}={value}" for name, value in BY_BARE_NAME.items())
    pid = run(machine, "sh", "-c", f"{shim} python3 -B -c '{SERVER}' </dev/null >/tmp/log 2>&1 & echo $!")
    answer = run(machine, "python3", "-B", "-c", CLIENT % 30000, **BY_BARE_NAME)
    assert answer == "hello, world\n"
    answer = run(machine, "curveshim-run", "python3", "-B", "-c", CLIENT % 30000)
    assert answer == "hello, world\n"
    assert run(machine, "python3", "-B", "-c", CLIENT % 1000) == "nothing\n"
    assert ": secured" in run(machine, "curveshim-check", pid.strip())
    run(machine, "sh", "-c", f"kill {pid}")
    run(machine, "rm", "/tmp/log", "/tmp/agent")
