"""meson dist, and the Debian package: built from what it makes, installed, used, and purged."""

import subprocess
import tarfile

import pytest

from harness import builds
from install import machine as machines
from install import options, package
from install.machine import CERTIFICATES, run, use

pytestmark = pytest.mark.slow

# What dpkg itself and ldconfig keep.
BOOKS = ("/var/lib/dpkg/", "/var/log/", "/var/cache/ldconfig/", "/etc/ld.so.cache", "/proc/", "/dev/")


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
    machine = machines.start(place / "machine", mounts=[(str(deb), "/curveshim.deb", True)])
    yield machine
    machine.close()


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

    use(machine)

    run(machine, "dpkg", "--purge", "curveshim")
    left = files(machine) - before
    assert left and all(path.startswith(CERTIFICATES) for path in left), left
    run(machine, "rm", "-r", "/etc/curveshim")
    assert files(machine) == before and directories(machine) == places
