"""What the compiler and the linker were told shows in the built files."""

import re
import subprocess

import pytest

from harness import builds

PROGRAMS = (builds.BUILD / "shim" / "curveshim-check", builds.CURVESHIM_CERT)
FILES = (builds.SHIM, *PROGRAMS)
each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)

pytestmark = pytest.mark.skipif(builds.SANITIZED, reason="sanitizers are built in another way")


def readelf(*options):
    return subprocess.run(["readelf", "-W", *map(str, options)], check=True, capture_output=True,
                          text=True).stdout


@each
def test_full_relro(file):
    assert "GNU_RELRO" in readelf("-l", file)
    assert re.search(r"\bBIND_NOW\b|Flags:.*\bNOW\b", readelf("-d", file))


@each
def test_neither_stack_nor_data_can_be_executed(file):
    segments = readelf("-l", file)
    [stack] = re.findall(r"GNU_STACK +(?:0x\w+ +){5}(\w+)", segments)
    assert stack == "RW"
    for flags in re.findall(r"LOAD +(?:0x\w+ +){5}([RWE ]{3})", segments):
        assert not ("W" in flags and "E" in flags)


@each
def test_no_text_relocations(file):
    assert "TEXTREL" not in readelf("-d", file)


@each
def test_stack_protector_and_fortified_functions(file):
    names = readelf("--dyn-syms", file)
    assert "__stack_chk_fail" in names
    assert "__snprintf_chk" in names or "__vsnprintf_chk" in names


@pytest.mark.parametrize("file", PROGRAMS, ids=lambda file: file.name)
def test_position_independent(file):
    assert re.search(r"Type: +DYN", readelf("-h", file))


@each
def test_no_directory_of_the_build_is_searched(file):
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("-d", file))
