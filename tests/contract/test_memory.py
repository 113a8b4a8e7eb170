"""What the harness makes of valgrind's reports: what a library does wrong with memory fails the test
whose process it was in."""

import os
import shutil
import subprocess

import pytest

from harness import builds, findings, memory

SOURCE = """
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>
    __attribute__((visibility("default"))) int run(const char *fault)
    {
        char *volatile memory = malloc(8);
        int found = 0;
        if (strcmp(fault, "beyond") == 0)
            found = memory[8];
        if (strcmp(fault, "undecided") == 0 && memory[3] == 'x')
            found = 1;
        if (strcmp(fault, "crash") == 0)
            found = *(volatile char *)1;
        if (strcmp(fault, "leak") != 0)
            free(memory);
        memory = NULL;
        if (strcmp(fault, "freed twice") == 0) {
            memory = malloc(1);
            free(memory);
            free(memory);
        }
        return found & 0;
    }
"""
PROGRAM = "int run(const char *); int main(int argc, char **argv) { return run(argv[argc - 1]); }"

pytestmark = [pytest.mark.skipif(builds.SANITIZED, reason="valgrind and a sanitizer exclude each other"),
              pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")]


@pytest.fixture
def reported(tmp_path):
    def compiled(name, source, *arguments):
        subprocess.run(["gcc", "-w", "-O0", "-gdwarf-4", f"-Wl,-rpath,{tmp_path}", "-o", tmp_path / name,
                        "-x", "c", "-", "-x", "none", *arguments], check=True, text=True, input=source)

    def reports(fault):
        compiled("libplanted.so", SOURCE, "-shared", "-fPIC")
        compiled("program", PROGRAM, tmp_path / "libplanted.so")
        subprocess.run([*memory.command(tmp_path), tmp_path / "program", fault], check=False,
                       env={"PATH": os.environ["PATH"]}, capture_output=True)
        return findings.of_the_shim(tmp_path, memory)
    return reports


@pytest.mark.parametrize("fault, kind", [("beyond", "InvalidRead"), ("undecided", "UninitCondition"),
                                         ("freed twice", "InvalidFree"), ("leak", "Leak_DefinitelyLost")])
def test_a_fault_counts(reported, fault, kind):
    found, = reported(fault)
    assert found.startswith(kind) and "run (libplanted.so" in found


def test_a_crash_counts(reported):
    with pytest.raises(AssertionError, match="SIGSEGV"):
        reported("crash")


def test_where_none_is_nothing_counts(reported):
    assert reported("none") == []
