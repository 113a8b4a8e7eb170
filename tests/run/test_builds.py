"""A release: of its directory of libraries, the one for the program's C library is preloaded."""

import shutil
import subprocess

import pytest

from harness import builds

SHOW = ("sh", "-c", "echo $LD_PRELOAD")


@pytest.fixture
def release(launch, tmp_path, compile_c):
    """curveshim-run in a release for x86_64, whose musl library does nothing."""
    root = tmp_path / "release"
    scripts = builds.REPOSITORY / "scripts"
    (root / "bin").mkdir(parents=True)
    shutil.copy(scripts / "curveshim-run", root / "bin")
    shutil.copytree(scripts / "run", root / "share" / "curveshim" / "run")
    libraries = root / "lib" / "curveshim"
    for build, library in (("x86_64-glibc", builds.SHIM),
                           ("x86_64-musl", compile_c("empty", "-shared", "-fPIC", compiler="musl-gcc",
                                                     code="int empty(void){return 0;}"))):
        (libraries / build).mkdir(parents=True)
        shutil.copy(library, libraries / build / "libcurveshim.so")

    def run(*arguments, **variables):
        command = [*launch.shell, root / "bin" / "curveshim-run", *arguments]
        return subprocess.run([str(word) for word in command], env=launch.environment(**variables),
                              cwd=tmp_path, text=True, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=60)
    run.libraries = libraries
    return run


def refused(result, status):
    assert (result.returncode, result.stdout) == (status, ""), result
    line, = result.stderr.splitlines()
    return line


def test_for_glibc(release):
    result = release(*SHOW)
    assert (result.stderr, result.stdout) == (
        "", f"{release.libraries}/x86_64-glibc/libcurveshim.so\n")


def test_for_musl(release, compile_c):
    program = compile_c("musl", compiler="musl-gcc", code="""
        #include <stdio.h>
        #include <stdlib.h>
        int main(void) { puts(getenv("LD_PRELOAD")); return 0; }""")
    result = release(program)
    assert (result.stderr, result.stdout) == (
        "", f"{release.libraries}/x86_64-musl/libcurveshim.so\n")


def test_for_an_interpreter_of_a_script(release, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/env sh\necho $LD_PRELOAD\n", encoding="ascii")
    script.chmod(0o755)
    assert release(script).stdout == f"{release.libraries}/x86_64-glibc/libcurveshim.so\n"


@pytest.mark.parametrize("loader", ("/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1",
                                    "/lib/ld-linux.so.2"))
def test_of_another_machine(release, compile_c, loader):
    program = compile_c("foreign", f"-Wl,-dynamic-linker={loader}")
    line = refused(release(program), 125)
    assert f"has no library for {program}, whose dynamic linker is {loader}" in line


def test_whose_c_library_is_not_here(release, compile_c):
    (release.libraries / "aarch64-musl").mkdir()
    shutil.copy(builds.SHIM, release.libraries / "aarch64-musl" / "libcurveshim.so")
    program = compile_c("foreign", "-Wl,-dynamic-linker=/lib/ld-musl-aarch64.so.1")
    assert "install the C library" in refused(release(program), 126)


def test_static(release, compile_c):
    assert "statically linked" in refused(release(compile_c("static", "-static")), 126)


def test_another_one_can_be_named(release):
    assert release("--library", builds.SHIM, *SHOW).stdout == f"{builds.SHIM}\n"


def test_audit_runs_without_one(release, compile_c):
    shutil.rmtree(release.libraries / "x86_64-glibc")
    result = release("--audit", *SHOW)
    assert (result.returncode, result.stdout) == (0, "\n")
    assert "would be refused" in result.stderr and "has no library" in result.stderr


def test_check_says_which(release):
    said = release("--check", *SHOW).stdout
    assert f"library: {release.libraries}/x86_64-glibc/libcurveshim.so\n" in said
    assert "verdict: " in said and "secured" in said
    assert f"libraries: {release.libraries}\n" in release("--check").stdout
