"""Files that are no programs, or no longer: an answer, never a crash."""

import json
import os
import random

import pytest

from .tool import NOT, SECURED, UNKNOWN, check, library, program, reasons, run

SAMPLES = 400


@pytest.mark.parametrize("content", (b"", b"\x7f", b"\x7fELF", b"#", b"MZ", b"PK\x03\x04", b"text\n",
                                     b"\x7fELF\x02\x01\x01", b"\x7fELF" + b"\xff" * 60))
def test_small_files(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    answer = check(path)
    assert (answer["status"], answer["verdict"]) == (UNKNOWN, "could not tell")
    assert answer["reasons"]


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for target in (tmp_path, tmp_path / "fifo", "/dev/zero", tmp_path / "nothing"):
        answer = check(target)
        assert answer["status"] == UNKNOWN and answer["reasons"], target


def test_files_for_other_systems(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xcf\xfa\xed\xfe" + bytes(64))
    assert check(path)["verdict"] == "cannot be secured"
    path.write_bytes(b"MZ" + bytes(64))
    assert check(path)["status"] == UNKNOWN


def check_all(paths):
    done = run("--json", *paths)
    assert done.returncode in (SECURED, NOT, UNKNOWN), done.stderr.decode()
    assert done.stderr == b""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(paths)
    return answers


def test_truncated_at_every_place(tmp_path):
    whole = library("exported-stripped").read_bytes()
    paths = []
    places = sorted({*range(0, 256), *range(256, len(whole), max(1, len(whole) // 150))})
    for size in places:
        paths.append(tmp_path / f"cut-{size}")
        paths[-1].write_bytes(whole[:size])
    check_all(paths)


@pytest.mark.parametrize("seed", range(3))
def test_changed_at_random(tmp_path, seed):
    chance = random.Random(seed)
    samples = [program("check-dynamic").read_bytes(), library("exported").read_bytes(),
               library("hidden").read_bytes()]
    paths = []
    for number in range(SAMPLES):
        data = bytearray(chance.choice(samples))
        # The header and the tables are where offsets are believed.
        for _ in range(chance.choice((1, 3, 20, 200))):
            place = chance.randrange(chance.choice((64, 1024, len(data))))
            data[place] = chance.choice((0, 0xff, 0x7f, 0x80, chance.randrange(256)))
        paths.append(tmp_path / f"changed-{number}")
        paths[-1].write_bytes(data)
    check_all(paths)


@pytest.mark.parametrize("wide, big", ((0, 0), (0, 1), (1, 0), (1, 1)))
def test_every_class_and_byte_order_is_recognised(tmp_path, wide, big):
    order = "big" if big else "little"

    def number(value, size):
        return value.to_bytes(size, order)

    word = 8 if wide else 4
    header = (b"\x7fELF" + bytes([1 + wide, 1 + big, 1]) + bytes(9) + number(2, 2) + number(8, 2)
              + number(1, 4) + number(0, word) * 3 + number(0, 4) + number(52, 2) + number(56, 2)
              + number(0, 2) * 4)
    path = tmp_path / "program"
    path.write_bytes(header)
    answer = check(path)
    assert answer["details"]["machine"] == (
        f"MIPS {64 if wide else 32}-bit{' big-endian' if big else ''}")
    assert "statically linked" in reasons(answer)
