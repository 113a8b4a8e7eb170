"""Programs that a preload can't reach are not started."""

import os
import pathlib
import shutil
import subprocess

import pytest

from harness import builds


def copy_of(program, path):
    shutil.copy(program, path)
    return path


def script(path, text):
    path.write_text(text, encoding="ascii")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("options", (("-static",), ("-static-pie",)), ids=" ".join)
def test_static(launch, compile_c, options):
    line = launch.refused(126, compile_c("static", *options))
    assert "statically linked" in line and "use one that is dynamically linked" in line


@pytest.mark.parametrize("mode", (0o4755, 0o2755), ids=oct)
def test_set_id(launch, tmp_path, mode):
    program = copy_of("/bin/true", tmp_path / "set-id")
    program.chmod(mode)
    assert "chmod ug-s" in launch.refused(126, program)


def test_file_capabilities(launch, tmp_path):
    program = copy_of("/bin/true", tmp_path / "capable")
    setcap = shutil.which("setcap", path="/usr/sbin:/sbin:/usr/bin")
    if setcap is None or subprocess.run([setcap, "cap_net_raw+ep", program], check=False,
                                        capture_output=True).returncode != 0:
        pytest.skip("setcap is not possible here")
    assert "setcap -r" in launch.refused(126, program)


@pytest.mark.parametrize("shebang", ("#!{}", "#! {} -x", "#!/usr/bin/env {}",
                                     "#!/usr/bin/env -S A=b {} -x"))
def test_script_with_such_an_interpreter(launch, tmp_path, compile_c, shebang):
    static = compile_c("static", "-static")
    outer = script(tmp_path / "script", shebang.format(static) + "\n")
    assert "statically linked" in launch.refused(126, outer)
    nested = script(tmp_path / "nested", f"#!{outer}\n")
    assert "statically linked" in launch.refused(126, nested)


def test_script_that_clears_the_environment(launch, tmp_path):
    assert "clears the environment" in launch.refused(
        126, script(tmp_path / "script", "#!/usr/bin/env -i sh\n"))


@pytest.mark.parametrize("text", ("#!/bin/sh\necho $0\n", "#!/usr/bin/env python3\nprint('x')\n",
                                  "#!/usr/bin/env -S sh -e\necho x\n", "echo plain\n"))
def test_ordinary_scripts_run(launch, tmp_path, text):
    result = launch(script(tmp_path / "script", text))
    assert result.returncode == 0 and result.stdout, result


def test_another_c_library(launch, compile_c):
    program = compile_c("musl", compiler="musl-gcc")
    line = launch.refused(125, program)
    assert "can't be preloaded" in line and "--library FILE" in line


def test_another_machine(launch, compile_c):
    program = compile_c("i386", "-m32", "-nostdlib", "-Wl,-dynamic-linker=/lib/ld-linux.so.2",
                        "/lib32/libc.so.6", "-Wl,-e,main") \
        if pathlib.Path("/lib32/libc.so.6").exists() else pytest.skip("no 32-bit C library")
    assert "wrong ELF class" in launch.refused(125, program)


def test_newer_c_library_needed(launch, compile_c, tmp_path):
    library = compile_c("libcurveshim.so", "-shared", "-fPIC", 
                        code="#include <stdio.h>\nvoid say(void){puts(\"\");}\n")
    data = library.read_bytes()
    assert b"GLIBC_2.2.5\0" in data
    library.write_bytes(data.replace(b"GLIBC_2.2.5\0", b"GLIBC_9.9.9\0"))
    # The version's hash has to change with its name.
    subprocess.run(["python3", "-c", REHASH, library], check=True)
    assert "GLIBC_9.9.9" in launch.refused(125, "--library", library, "/bin/true")


REHASH = """
import sys
def elf_hash(name):
    h = 0
    for c in name:
        h = (h << 4) + c
        h = (h ^ (h >> 24 & 0xf0)) & 0x0fffffff
    return h
path = sys.argv[1]
data = open(path, "rb").read()
old, new = (elf_hash(n).to_bytes(4, "little") for n in (b"GLIBC_2.2.5", b"GLIBC_9.9.9"))
assert old in data
open(path, "wb").write(data.replace(old, new))
"""


def test_not_there(launch, tmp_path):
    assert "not found" in launch.refused(127, "no-such-program")
    assert "not found" in launch.refused(127, tmp_path / "nothing")
    assert "needs /no/such" in launch.refused(127, script(tmp_path / "s", "#!/no/such\n"))


def test_not_executable(launch, tmp_path):
    (tmp_path / "text").write_text("x", encoding="ascii")
    launch.refused(126, tmp_path / "text")
    launch.refused(126, tmp_path)


def test_without_od(launch, tmp_path, compile_c):
    static = compile_c("static", "-static")
    (tmp_path / "empty").mkdir()
    path = str(tmp_path / "empty")
    assert "statically linked" in launch.refused(126, static, PATH=path)
    assert launch("/bin/true", PATH=path).returncode == 0


def test_library_missing(launch, tmp_path):
    line = launch.refused(125, "--library", tmp_path / "none.so", "/bin/true")
    assert "build or install curveshim" in line


def test_library_whose_name_ld_so_would_split(launch, tmp_path):
    (tmp_path / "a b").mkdir()
    library = copy_of(builds.SHIM, tmp_path / "a b" / "libcurveshim.so")
    assert "install it elsewhere" in launch.refused(125, "--library", library, "/bin/true")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_unreadable(launch, tmp_path):
    program = copy_of("/bin/true", tmp_path / "secret")
    program.chmod(0o111)
    assert "make it readable" in launch.refused(126, program)
