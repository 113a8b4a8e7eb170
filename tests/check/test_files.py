"""Programs and libraries: can the preload secure them."""

import os
import pathlib
import shutil
import stat

import pytest

from harness import builds, runtimes

from . import tool
from .tool import NOT, SECURED, UNKNOWN, check, library, program, reasons

DEBIAN_ZMQ = pathlib.Path("/usr/lib/python3/dist-packages/zmq/backend/cython")


def copies(answer):
    return [each for each in answer["details"]["libraries"] if each["libzmq"]]


def require(path):
    if not pathlib.Path(path).exists():
        pytest.skip(f"{path} is not installed")
    return path


def test_a_program_that_links_libzmq():
    answer = check(program("check-dynamic"))
    assert (answer["status"], answer["verdict"], answer["kind"]) == (SECURED, "secured", "program")
    assert answer["remedy"] is None
    libzmq, = copies(answer)
    assert libzmq["libzmq"] == "shared library" and libzmq["curve"] is True
    assert libzmq["version"].startswith("4.")


@pytest.mark.parametrize("name", ("python3", "perl", "node", "ruby", "php", "luajit"))
def test_an_interpreter_is_secured_when_it_loads_libzmq(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    answer = check(shutil.which(name))
    assert (answer["status"], answer["verdict"]) == (SECURED, "secured")
    assert "at run time" in reasons(answer)


def test_the_debian_extension_of_pyzmq():
    found = sorted(DEBIAN_ZMQ.glob("socket*.so"))
    if not found:
        pytest.skip("python3-zmq is not installed")
    answer = check(found[0])
    assert (answer["status"], answer["kind"]) == (SECURED, "library")
    assert "calls" in reasons(answer) and len(copies(answer)) == 1


@pytest.mark.parametrize("version", runtimes.WHEELS)
def test_the_bundled_libzmq_of_a_pyzmq_wheel(version):
    root = runtimes.wheel_python(version).parents[1]
    found = sorted(root.glob("lib/python3*/site-packages/zmq/backend/cython/*.so"))
    if not found:
        pytest.skip(f"pyzmq {version} is not installed")
    answer = check(found[0])
    assert answer["status"] == SECURED
    # Found by $ORIGIN in its RPATH, not the system's.
    libzmq, = copies(answer)
    assert "pyzmq.libs/libzmq-" in libzmq["path"] and libzmq["curve"] is True
    assert libzmq["version"] in ("4.3.4", "4.3.5")


def test_the_addon_of_npm_zeromq():
    found = [*builds.REPOSITORY.glob(".agents/**/zeromq/build/linux/x64/node/glibc-*/addon.node"),
             *builds.REPOSITORY.glob(
                 "tests/**/node_modules/zeromq/build/linux/x64/node/glibc-*/addon.node")]
    if not found:
        pytest.skip("npm zeromq is not installed")
    answer = check(found[0])
    copy, = copies(answer)
    assert copy["libzmq"] == "linked in, interposable"
    assert answer["status"] == (SECURED if copy["curve"] else NOT)


@pytest.mark.parametrize("name", ("ffmpeg", "czmq", "libzmq"))
def test_users_of_the_system_library(name):
    path = {"ffmpeg": "/usr/bin/ffmpeg", "czmq": "/usr/lib/x86_64-linux-gnu/libczmq.so.4",
            "libzmq": "/usr/lib/x86_64-linux-gnu/libzmq.so.5"}[name]
    answer = check(require(path))
    assert (answer["status"], answer["verdict"]) == (SECURED, "secured")
    assert len(copies(answer)) == 1


@pytest.mark.parametrize("name", ("exported", "exported-stripped"))
def test_a_copy_that_calls_itself_through_relocations(name):
    answer = check(library(name))
    assert answer["status"] == SECURED
    copy, = copies(answer)
    assert (copy["libzmq"], copy["version"], copy["curve"]) == (
        "linked in, interposable", "4.3.4", True)


@pytest.mark.parametrize("name, version", (
    ("symbolic", "4.3.4"), ("symbolic-functions", "4.3.4"), ("hidden", "4.3.4"),
    ("hidden-stripped", None)))
def test_a_copy_that_calls_itself_directly(name, version):
    answer = check(library(name))
    assert (answer["status"], answer["verdict"]) == (NOT, "blocked")
    copy, = copies(answer)
    assert (copy["libzmq"], copy["version"]) == ("linked in, not interposable", version)
    assert ("hidden" if "hidden" in name else "-Bsymbolic") in reasons(answer)
    assert "-Bsymbolic" in answer["remedy"]


@pytest.mark.parametrize("name", ("check-static", "check-static-stripped"))
def test_a_program_with_libzmq_linked_in(name):
    answer = check(program(name))
    assert (answer["status"], answer["verdict"], answer["kind"]) == (NOT, "blocked", "program")
    copy, = copies(answer)
    assert copy["libzmq"] == "linked in, not interposable" and copy["curve"] is True


def test_a_copy_without_curve():
    answer = check(library("without-curve"))
    assert (answer["status"], answer["verdict"]) == (NOT, "blocked")
    assert "without CURVE" in reasons(answer) and "libsodium" in answer["remedy"]


def test_a_copy_that_cannot_fail_closed():
    answer = check(library("old"))
    assert (answer["status"], answer["verdict"]) == (NOT, "blocked")
    assert "4.2.2" in reasons(answer)


def test_holes_of_a_copy_are_named():
    answer = check(library("leaky"))
    assert answer["status"] == SECURED and "CVE-2020-15166" in reasons(answer)


def test_a_static_program():
    answer = check(program("check-still-static"))
    assert (answer["status"], answer["verdict"]) == (NOT, "cannot be secured")
    assert "statically linked" in reasons(answer) and answer["remedy"]


def test_a_static_go_program():
    go = pathlib.Path(require("/usr/local/go/bin/go"))
    answer = check(go)
    assert (answer["status"], answer["verdict"]) == (NOT, "cannot be secured")
    assert "Go" in reasons(answer)


def suid_counts(path):
    if os.statvfs(path).f_flag & os.ST_NOSUID:
        pytest.skip(f"{path} is mounted nosuid")


@pytest.mark.parametrize("bit, word", ((stat.S_ISUID, "set-user-ID"), (stat.S_ISGID, "set-group-ID")))
def test_set_id_programs(tmp_path, bit, word):
    suid_counts(tmp_path)
    copy = shutil.copy(program("check-dynamic"), tmp_path / "agent")
    os.chmod(copy, 0o755 | bit)
    answer = check(copy)
    assert (answer["status"], answer["verdict"]) == (NOT, "cannot be secured")
    assert word in reasons(answer) and answer["details"]["set_id"] is True


def test_file_capabilities(tmp_path):
    suid_counts(tmp_path)
    copy = shutil.copy(program("check-dynamic"), tmp_path / "agent")
    net_raw = bytes.fromhex("01000002" "00200000" "00000000" "00000000" "00000000")
    try:
        os.setxattr(copy, "security.capability", net_raw)
    except OSError:
        pytest.skip("file capabilities can't be set here")
    answer = check(copy)
    assert answer["verdict"] == "cannot be secured" and "capabilities" in reasons(answer)


def patched(tmp_path, name, offset, data):
    changed = bytearray(program(name).read_bytes())
    changed[offset:offset + len(data)] = data
    path = tmp_path / "patched"
    path.write_bytes(changed)
    return path


def test_another_machine(tmp_path):
    answer = check(patched(tmp_path, "check-dynamic", 18, b"\xf3\x00"))
    assert answer["verdict"] == "cannot be secured" and "RISC-V 64-bit" in reasons(answer)


def test_another_libc(tmp_path):
    whole = program("check-dynamic").read_bytes()
    interpreter = b"/lib64/ld-linux-x86-64.so.2\0"
    if interpreter not in whole:
        pytest.skip("another dynamic linker than x86-64's")
    path = tmp_path / "musl"
    path.write_bytes(whole.replace(interpreter, b"/lib/ld-musl-x86_64.so.1\0\0\0\0"))
    answer = check(path)
    assert answer["verdict"] == "cannot be secured" and "musl" in reasons(answer)


def test_a_missing_libzmq(tmp_path):
    whole = program("check-dynamic").read_bytes()
    path = tmp_path / "agent"
    path.write_bytes(whole.replace(b"libzmq.so.5\0", b"libzmq.so.9\0"))
    answer = check(path)
    assert answer["status"] == UNKNOWN and "libzmq.so.9" in reasons(answer)
    shutil.copy(library("exported"), tmp_path / "libzmq.so.9")
    answer = check(path, env={"LD_LIBRARY_PATH": str(tmp_path)})
    assert answer["status"] == SECURED


def test_names_are_looked_up_in_path(tmp_path):
    shutil.copy(program("check-dynamic"), tmp_path / "some-agent")
    answer = check("some-agent", env={"PATH": f"/nonexistent:{tmp_path}"})
    assert answer["status"] == SECURED
    assert answer["details"]["path"] == str(tmp_path / "some-agent")
    assert check("some-agent", env={"PATH": "/nonexistent"})["status"] == UNKNOWN


def test_it_finds_nothing_in_itself():
    for path in (tool.CURVESHIM_CHECK, require(builds.SHIM)):
        assert copies(check(path)) == []
