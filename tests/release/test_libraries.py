"""What the release's libraries need of the C library inside an image: as little as the oldest has."""

import re

import pytest

from contract.test_exports import EXPORTS
from release import dist

MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}
BUILDS = ["x86_64-glibc",
          *(pytest.param(build, marks=pytest.mark.slow)
            for build in ("x86_64-musl", "aarch64-glibc", "aarch64-musl"))]

# One process builds, and no other waits for it.
pytestmark = pytest.mark.xdist_group("release")


@pytest.fixture(params=BUILDS)
def build(request):
    return request.param


@pytest.fixture
def library(build):
    return dist.Elf(dist.library(build))


def number(version):
    return tuple(map(int, version.removeprefix("GLIBC_").split(".")))


def test_no_newer_glibc_is_needed(build, library):
    versions = library.wanted_versions()
    if build.endswith("-musl"):
        assert versions == {}
        return
    wanted = set().union(*versions.values())
    assert wanted and all(re.fullmatch(r"GLIBC_2(\.\d+)+", version) for version in wanted)
    assert max(wanted, key=number) == "GLIBC_2.17"


def test_the_c_library_is_all_that_is_needed(build, library):
    # Parts of it until glibc 2.34, and still files of their own after.
    parts = {"libpthread.so.0", "libdl.so.2", "ld-linux-aarch64.so.1"}
    c_library = "libc.so" if build.endswith("-musl") else "libc.so.6"
    assert library.needed() - parts == {c_library}


def test_the_same_is_exported_as_by_an_ordinary_build(library):
    assert library.exports() == EXPORTS


def test_machine(build, library):
    assert library.machine() == MACHINES[build.partition("-")[0]]


def test_neither_debug_information_nor_this_machine_is_in_it(library):
    assert ".debug_info" not in library.readelf("-S")
    assert str(dist.REPOSITORY).encode() not in library.file.read_bytes()
