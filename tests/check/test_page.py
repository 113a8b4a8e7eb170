"""The state page, as an honest or a hostile process may present it."""

import shutil
import struct
import subprocess

import pytest

from harness.runtimes import DEBIAN_PYTHON

from .tool import NOT, SECURED, UNKNOWN, check, library, reasons, run

ENDPOINT, ENTRIES = 112, 256
PEERS, TROUBLES, WHO, REASON = 256, 32, 64, 112
HEAD, ENTRY = struct.Struct("<IIIiIIQQQQQQQII32s256s256s"), struct.Struct(f"<IIQQQ{ENDPOINT}s{ENDPOINT}s")
PEER = struct.Struct(f"<QQiI{WHO}s{ENDPOINT}s{ENDPOINT}s")
TROUBLE = struct.Struct(f"<QQQII{WHO}s{WHO}s{ENDPOINT}s{REASON}s")
MAGIC, LAYOUT = 0x6D696873, 2
ON, AUDIT = 1, 2
SECURED_KIND, OWN, PLAINTEXT, REFUSED = 1, 2, 3, 4

# Without the libzmq there would be nothing to tell about.
HOLDER = """
import ctypes, os, socket, sys
ctypes.CDLL("libzmq.so.5")
connection, other = socket.socketpair()
data = sys.stdin.buffer.read(int(sys.argv[1])).replace(b"PID!", os.getpid().to_bytes(4, "little"))
data = data.replace(b"INODE!!!", os.fstat(connection.fileno()).st_ino.to_bytes(8, "little"))
data = data.replace(b"SOC!", connection.fileno().to_bytes(4, "little"))
page = os.memfd_create("curveshim-state")
os.write(page, data)
print("ready", flush=True)
sys.stdin.read()
"""


def entry(kind, server=1, endpoint=b"tcp://*:5555", resolved=b"tcp://0.0.0.0:5555"):
    return ENTRY.pack(kind, server, 1700000000, 7, 1, endpoint, resolved)


def peer(name, inode=b"INODE!!!", descriptor=b"SOC!", address=b"tcp://192.0.2.7:40000"):
    """Of a connection of the holder's, unless its descriptor or inode says otherwise."""
    return PEER.pack(int.from_bytes(inode, "little"), 1700000001,
                     int.from_bytes(descriptor, "little", signed=True), 1, name, address,
                     b"tcp://0.0.0.0:5555")


def trouble(reason, name=b"", count=3):
    return TROUBLE.pack(count, 1700000002, 1700000003, 1, 0, name, b"192.0.2.8",
                        b"tcp://0.0.0.0:5555", reason)


def page(*entries, peers=(), troubles=(), magic=MAGIC, layout=LAYOUT, sequence=2, mode=ON, blocked=0, error=b"",
         version=b"9.9", pid=b"PID!"):
    head = HEAD.pack(magic, layout, sequence, int.from_bytes(pid, "little", signed=True), mode, 0,
                     1700000000, blocked, 0, 3, 1, 5, 6, 0, 0, version, b"/certificates", error)
    return (head + b"".join(entries).ljust(ENTRY.size * ENTRIES, b"\0")
            + b"".join(peers).ljust(PEER.size * PEERS, b"\0")
            + b"".join(troubles).ljust(TROUBLE.size * TROUBLES, b"\0"))


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


def full_page():
    """With two peers that are connected, and two that are not any more."""
    return page(entry(SECURED_KIND, endpoint=b"tcp://*:5555"),
                peers=(peer(b"anna"), peer(b""), peer(b"gone", inode=b"another!"),
                       peer(b"closed", descriptor=b"\x0f\x27\0\0")),
                troubles=(trouble(b"unknown key"), trouble(b"revoked", b"bob", 1)))


def test_peers_and_troubles(holder):
    shim = check(holder(full_page()))["details"]["shim"]
    assert (shim["handshakes"], shim["failed"], shim["peers_lost"]) == (5, 6, 0)
    assert [(p["name"], p["role"], p["peer"], p["endpoint"]) for p in shim["peers"]] == [
        (name, "server", "tcp://192.0.2.7:40000", "tcp://0.0.0.0:5555") for name in ("anna", "")]
    assert [(t["reason"], t["name"], t["count"], t["address"], t["last"])
            for t in shim["troubles"]] == [
        ("unknown key", "", 3, "192.0.2.8", "2023-11-14T22:13:23.000Z"),
        ("revoked", "bob", 1, "192.0.2.8", "2023-11-14T22:13:23.000Z")]


def test_the_table(holder):
    pid = holder(full_page())
    lines = run(pid).stdout.decode().splitlines()
    table = [line.split(None, 5) for line in lines[lines.index(next(
        line for line in lines if line.startswith("PID "))):]]
    assert table[0] == ["PID", "PROGRAM", "ROLE", "ENDPOINT", "OR", "PEER" + " " * 21 + "SINCE"
                        + " " * 16 + "STATE"]
    assert table[1][0] == str(pid) and "server" in table[1] and table[1][-1].endswith("secured")
    assert [row for row in table if row[0] == "peer"] == [
        ["peer", "tcp://192.0.2.7:40000", "2023-11-14T22:13:21Z", "anna"],
        ["peer", "tcp://192.0.2.7:40000", "2023-11-14T22:13:21Z", "(no", "name)"]]
    failed = [" ".join(row) for row in table if row[0] == "failed"]
    assert failed == [
        "failed 192.0.2.8 at tcp://0.0.0.0:5555 2023-11-14T22:13:22Z unknown key, 3 times, last "
        "2023-11-14T22:13:23Z",
        "failed 192.0.2.8 at tcp://0.0.0.0:5555 2023-11-14T22:13:22Z bob: revoked"]
    # Others may run the same test.
    rows = run("--all").stdout.decode().splitlines()
    mine = next(i for i, row in enumerate(rows) if row.split()[:1] == [str(pid)])
    assert sum("tcp://192.0.2.7:40000" in row for row in rows[mine:mine + 4]) == 2


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
    b"", b"shim", page()[:-1], page(magic=1), page(layout=1), page(sequence=3),
    page(pid=b"\x01\0\0\0")), ids=("empty", "tiny", "short", "magic", "layout", "odd", "parent's"))
def test_pages_that_cannot_be_used(holder, data):
    answer = check(holder(data))
    assert (answer["status"], answer["verdict"]) == (UNKNOWN, "could not tell")
    assert "state page" in reasons(answer)


def test_no_text_of_a_process_reaches_the_terminal_as_it_is(holder):
    forged = b"tcp://\x1b[2J\nsecured\x9b\xff\"\\" + b"x" * 90
    pid = holder(page(entry(REFUSED, 1, forged, b"\xff" * ENDPOINT),
                      entry(SECURED_KIND, 1, b"tcp://0.0.0.0:5555"), error=b"\x07" * 256,
                      version=b"\x1b" * 32, peers=(peer(forged[:WHO], address=forged),),
                      troubles=(trouble(forged, forged[:WHO]),)))
    text = run(pid).stdout
    assert text.count(b"tcp://") >= 5
    assert b"\x1b" not in text and b"\x07" not in text and b"\x9b" not in text
    assert b"\nsecured" not in text
    assert check(pid)["verdict"] == "blocked"


def test_it_counts_only_with_the_shim_loaded(holder):
    answer = check(holder(page(entry(SECURED_KIND)), env={"LD_PRELOAD": ""}))
    assert (answer["status"], answer["verdict"]) == (NOT, "not secured")


def test_the_layout_is_the_one_of_the_header():
    """struct state_page, as the compiler lays it out."""
    assert HEAD.size == 24 + 7 * 8 + 8 + 32 + 256 + 256
    assert ENTRY.size == 8 + 3 * 8 + 2 * ENDPOINT
    assert PEER.size == 3 * 8 + WHO + 2 * ENDPOINT
    assert TROUBLE.size == 4 * 8 + 2 * WHO + ENDPOINT + REASON
