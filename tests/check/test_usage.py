"""The command line."""

import json
import subprocess

import pytest

from .tool import CURVESHIM_CHECK, NOT, SECURED, UNKNOWN, USAGE, program, run


@pytest.mark.parametrize("arguments", (
    (), ("--nonsense", "x"), ("--timeout", "x", "y"), ("--timeout", "0", "y"), ("--timeout",),
    ("--watch",), ("--watch=x", "1"), ("--watch=0", "1"), ("--watch", "tcp://127.0.0.1:9"),
    ("--all", "1"), ("--json", "--watch", "1")))
def test_wrong_usage(arguments):
    done = run(*arguments)
    assert done.returncode == USAGE and done.stdout == b"" and done.stderr


@pytest.mark.parametrize("option, word", (("--help", b"usage:"), ("--version", b"curveshim-check ")))
def test_help_and_version(option, word):
    done = run(option)
    assert done.returncode == 0 and done.stdout.startswith(word) and done.stderr == b""


def test_the_text_gives_verdict_reasons_and_remedy():
    lines = run(program("check-still-static")).stdout.decode().splitlines()
    assert lines[0] == f"{program('check-still-static')}: cannot be secured"
    assert lines[1].startswith("  ") and "statically" in lines[1]
    assert lines[-1].startswith("  remedy: ")


def test_of_several_targets_the_worst_counts():
    good, bad, unclear = program("check-dynamic"), program("check-still-static"), "/nonexistent"
    for targets, status in (((good,), SECURED), ((good, unclear), UNKNOWN),
                            ((unclear, good), UNKNOWN), ((unclear, bad, good), NOT),
                            ((bad, unclear), NOT), ((good, good), SECURED)):
        done = run("--json", *targets)
        assert done.returncode == status, targets
        assert [json.loads(line)["target"] for line in done.stdout.splitlines()] == [
            str(t) for t in targets]


def test_names_of_files_cannot_forge_lines(tmp_path):
    path = tmp_path / "a\nb: secured\x1b[2J"
    path.write_bytes(program("check-still-static").read_bytes())
    text = run(path).stdout
    assert b"\x1b" not in text and b"\nb: secured" not in text
    assert json.loads(run("--json", path).stdout)["target"] == str(path)


def test_a_full_device():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([CURVESHIM_CHECK, program("check-dynamic")], stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == UNKNOWN and b"stdout" in done.stderr
