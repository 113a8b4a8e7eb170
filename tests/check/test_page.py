"""The state page, as an honest or a hostile process may present it."""

import shutil
import struct
import subprocess

import pytest

from harness.runtimes import DEBIAN_PYTHON

from .tool import NOT, SECURED, UNKNOWN, check, library, reasons, run

ENDPOINT, ENTRIES = 112, 256
HEAD, ENTRY = struct.Struct("<IIIiIIQQQQQ32s256s256s"), struct.Struct(f"<IIQQQ{ENDPOINT}s{ENDPOINT}s")
MAGIC, LAYOUT = 0x6D696873, 1
ON, AUDIT = 1, 2
SECURED_KIND, OWN, PLAINTEXT, REFUSED = 1, 2, 3, 4

# Without the libzmq there would be nothing to tell about.
HOLDER = """
import ctypes, os, sys
ctypes.CDLL("libzmq.so.5")
data = sys.stdin.buffer.read(int(sys.argv[1])).replace(b"PID!", os.getpid().to_bytes(4, "little"))
page = os.memfd_create("curveshim-state")
os.write(page, data)
print("ready", flush=True)
sys.stdin.read()
"""


def entry(kind, server=1, endpoint=b"tcp://*:5555", resolved=b"tcp://0.0.0.0:5555"):
    return ENTRY.pack(kind, server, 1700000000, 7, 1, endpoint, resolved)


def page(*entries, magic=MAGIC, layout=LAYOUT, sequence=2, mode=ON, blocked=0, error=b"",
         version=b"9.9", pid=b"PID!"):
    head = HEAD.pack(magic, layout, sequence, int.from_bytes(pid, "little", signed=True), mode, 0,
                     1700000000, blocked, 0, 3, 1, version, b"/certificates", error)
    return head + b"".join(entries).ljust(ENTRY.size * ENTRIES, b"\0")


@pytest.fixture
def holder(tmp_path):
    """A process with this page, and with a library that passes for the shim."""
    running = []

    def starts(data, env=None):
        shim = shutil.copy(library("stub"), tmp_path / "libcurveshim.so")
        process = subprocess.Popen([DEBIAN_PYTHON, "-c", HOLDER, str(len(data))],
                                   env={"LD_PRELOAD": str(shim), "SECURE_ZMQ": "1", **(env or {})},
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        running.append(process)
        process.stdin.write(data)
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            pytest.skip("libzmq.so.5 is not installed")
        return process.pid

    yield starts
    for process in running:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_what_it_says_is_told(holder):
    answer = check(holder(page(entry(SECURED_KIND), entry(OWN), entry(PLAINTEXT, 0, b"tcp://x:1"))))
    assert answer["status"] == SECURED
    shim = answer["details"]["shim"]
    assert (shim["version"], shim["mode"], shim["accepted"], shim["denied"]) == ("9.9", "on", 3, 1)
    assert [(e["state"], e["role"]) for e in shim["endpoints"]] == [
        ("secured", "server"), ("own CURVE", "server"), ("exempted", "client")]
    assert shim["endpoints"][0]["since"].startswith("2023-11-14T22:13:20")
    assert "tcp://x:1 is in clear" in reasons(answer)


@pytest.mark.parametrize("data, verdict", (
    (page(entry(SECURED_KIND), mode=AUDIT), "not secured"),
    (page(entry(REFUSED)), "blocked"),
    (page(entry(SECURED_KIND), entry(REFUSED)), "secured"),
    (page(blocked=4), "blocked"),
    (page(error=b"SECURE_ZMQ_LOG is wrong"), "blocked"),
    (page(mode=77), "not secured")))
def test_verdicts(holder, data, verdict):
    answer = check(holder(data))
    assert answer["verdict"] == verdict, answer
    assert answer["status"] == (SECURED if verdict == "secured" else NOT)


@pytest.mark.parametrize("data", (
    b"", b"shim", page()[:-1], page(magic=1), page(layout=2), page(sequence=3),
    page(pid=b"\x01\0\0\0")), ids=("empty", "tiny", "short", "magic", "layout", "odd", "parent's"))
def test_pages_that_cannot_be_used(holder, data):
    answer = check(holder(data))
    assert (answer["status"], answer["verdict"]) == (UNKNOWN, "could not tell")
    assert "state page" in reasons(answer)


def test_no_text_of_a_process_reaches_the_terminal_as_it_is(holder):
    forged = b"tcp://\x1b[2J\nsecured\x9b\xff\"\\" + b"x" * 90
    pid = holder(page(entry(REFUSED, 1, forged, b"\xff" * ENDPOINT), error=b"\x07" * 256,
                      version=b"\x1b" * 32))
    text = run(pid).stdout
    assert b"\x1b" not in text and b"\x07" not in text and b"\x9b" not in text
    assert b"\nsecured" not in text
    assert check(pid)["verdict"] == "blocked"


def test_it_counts_only_with_the_shim_loaded(holder):
    answer = check(holder(page(entry(SECURED_KIND)), env={"LD_PRELOAD": ""}))
    assert (answer["status"], answer["verdict"]) == (NOT, "not secured")


def test_the_layout_is_the_one_of_the_header():
    """struct state_page, as the compiler lays it out."""
    assert HEAD.size == 24 + 5 * 8 + 32 + 256 + 256
    assert ENTRY.size == 8 + 3 * 8 + 2 * ENDPOINT
