"""scripts/dist, and what it leaves. Nothing is installed by tests: that is scripts/test's."""

import functools
import pathlib
import re
import subprocess

import pytest

from harness.builds import REPOSITORY

DIST = REPOSITORY / "scripts" / "dist"


def said(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True,
                          **options).stdout


@functools.lru_cache(maxsize=None)
def require_zig():
    zig = pathlib.Path(said(REPOSITORY / "scripts" / "setup-zig", "--path").strip())
    if not zig.exists():
        pytest.skip(f"{zig} is not there: run scripts/setup-zig")


@functools.lru_cache(maxsize=None)
def library(build):
    """The release's library of that name, such as x86_64-glibc, built if need be."""
    require_zig()
    return pathlib.Path(said(DIST, "--library", build).strip())


class Elf:
    def __init__(self, file):
        self.file = file

    def readelf(self, *options):
        return said("readelf", "-W", *options, self.file)

    def symbols(self):
        for line in self.readelf("--dyn-syms").splitlines():
            fields = line.split()
            if len(fields) >= 8 and fields[0].rstrip(":").isdigit():
                yield fields

    def exports(self):
        return sorted(f[7].partition("@")[0] for f in self.symbols()
                      if f[6] not in ("UND", "ABS") and f[4] in ("GLOBAL", "WEAK"))

    def wanted_versions(self):
        """{library: {version, ...}} of the symbols that others have to provide."""
        versions, provider = {}, None
        for line in self.readelf("-V").splitlines():
            if match := re.search(r"Version: 1  File: (\S+)", line):
                provider = versions.setdefault(match[1], set())
            elif match := re.search(r"Name: (\S+)  Flags: ", line):
                provider.add(match[1])
        return versions

    def needed(self):
        return set(re.findall(r"\(NEEDED\).*\[(.*)\]", self.readelf("-d")))

    def machine(self):
        return re.search(r"Machine:\s+(.*)", self.readelf("-h"))[1]


@functools.lru_cache(maxsize=None)
def tarball(arch):
    """The release for that machine, of this tree."""
    require_zig()
    *_, made = said(DIST, "--arch", arch).splitlines()
    return pathlib.Path(made)


def unpack(tarball, directory):
    """The directory that the archive consists of."""
    said("tar", "-xzf", tarball, "-C", directory)
    tree, = directory.iterdir()
    return tree
