"""Crowded, short of space or of rights: the directory stays valid."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

from certtool import LAYOUT, OTHERS, files, mode


READER = """
import select
import sys
import zmq.auth

certs, count = sys.argv[1], 0
print("up", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    public, secret = zmq.auth.load_certificate(certs + "/client.key_secret")
    assert zmq.curve_public(secret) == public
    try:
        assert all(map(len, zmq.auth.load_certificates(certs + "/authorized_clients")))
    except OSError:
        pass  # pyzmq lists the directory first
    count += 1
print(count)
"""


def test_readers_never_see_half_a_file(cert, certs):
    """A reader that looks all the time while pairs are rotated always finds a whole, valid one."""
    reader = subprocess.Popen([sys.executable, "-c", READER, certs], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    assert reader.stdout.readline() == "up\n"
    end = time.monotonic() + 2
    while time.monotonic() < end:
        cert.done("rotate", certs, "client")
        cert.done("rotate", certs, "client", "--finish")
    out, _ = reader.communicate("\n", timeout=60)
    assert reader.returncode == 0 and int(out) > 100


def start_new(cert, certs, names):
    return [subprocess.Popen([cert.path, "new", certs, name], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL) for name in names]


def test_runs_at_the_same_time(cert, certs):
    """They must not sweep each other's temporary files, nor overwrite each other's pairs."""
    for batch in range(5):
        runs = start_new(cert, certs, [f"agent{batch}-{n}" for n in range(20)])
        assert [run.wait() for run in runs] == [0] * 20
    runs = start_new(cert, certs, [f"other{n % 4}" for n in range(16)])
    assert sorted(run.wait() for run in runs) == [0] * 4 + [1] * 12
    assert "all is well" in cert.done("verify", certs)
    assert [path for path in certs.rglob(".*")] == []


def test_what_killed_runs_left_is_swept(cert, certs):
    stale = certs / ".curveshim-cert-0123456789abcdef.tmp"
    stale.write_text("secret")
    other = certs / ".curveshim-cert-mine.tmp"
    other.write_text("not ours")
    cert.done("new", certs, "alice")
    assert not stale.exists() and other.exists()


def test_disk_full(cert, tmp_path):
    """A failed write leaves nothing behind."""
    cert.done("init", "certs")
    before = files(tmp_path / "certs")

    def tiny():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
    outcome = cert("new", "certs", "alice", preexec_fn=tiny)
    assert outcome.status == 1 and "alice.key_secret" in outcome.err
    assert files(tmp_path / "certs") == before


# In a file system that has room for so many pages, or files, more than the directory takes.
ROOM = """
work=$1 certs=$2 limit=$3 room=$4 tool=$5; shift 5
mount -t tmpfs none "$work" && cp -a "$certs/." "$work" || exit 99
case $limit in
size) used=$(($(stat -f -c '%b - %f' "$work"))); mount -o remount,size=$(((used + room) * 4))k "$work" ;;
*) used=$(($(stat -f -c '%c - %d' "$work"))); mount -o remount,nr_inodes=$((used + room)) "$work" ;;
esac || exit 99
cd "$work/.." && "$tool" "$@"
status=$?
cp -a "$work" "$work.out" || exit 99
exit $status
"""


@pytest.mark.parametrize("limit", ["size", "nr_inodes"])
@pytest.mark.parametrize("command", ["init", "new", "revoke", "authorize", "trust"])
def test_no_room_at_any_moment(cert, certs, tmp_path, command, limit):
    """With room for one file less each time: it fails and leaves what there was, or does it all.
    Run again with room, it does it."""
    arguments = {"init": ["init", "work"], "new": ["new", "work", "anna"],
                 "revoke": ["revoke", "work", "client"], **OTHERS}[command]
    work, out = tmp_path / "work", tmp_path / "work.out"
    work.mkdir()
    cert.done("new", certs, "alice")
    (certs / "alice.key").rename(tmp_path / "alice.key")
    (certs / "alice.key_secret").unlink()
    if command == "init":
        shutil.rmtree(certs)
        certs.mkdir(mode=0o755)
    before, failures = files(certs), 0
    # To tmpfs, no page at all is no limit.
    for room in range(1 if command == "init" else 0, 20):
        shutil.rmtree(out, ignore_errors=True)
        result = subprocess.run(["unshare", "-m", "sh", "-c", ROOM, "sh", work, certs, limit,
                                 str(room), cert.path, *arguments],
                                capture_output=True, text=True, check=False)
        if result.returncode not in (0, 1):
            pytest.skip(f"no mounts here: {result.stderr}")
        after = files(out)
        for path in out.rglob("*secret"):
            assert mode(path) == 0o600
        if result.returncode == 0:
            break
        failures += 1
        assert "No space left on device" in result.stderr, result
        assert [path for path in out.rglob(".*")] == []
        if command != "init":
            assert after == before
            assert cert("verify", out).status == 0
        cert.done(*(str(out) if each == "work" else each for each in arguments))
        assert cert("verify", out).status == 0
    assert failures > 0 and cert("verify", out).status == 0


@pytest.mark.parametrize("command", ["init", "new", "revoke", "authorize", "trust", "rotate"])
def test_on_a_read_only_mount(cert, certs, tmp_path, command):
    arguments = {"init": ["init", "certs"], "new": ["new", "certs", "anna"],
                 "revoke": ["revoke", "certs", "client"], "rotate": ["rotate", "certs", "client"],
                 "authorize": ["authorize", "certs", "certs/server.key"],
                 "trust": ["trust", "certs", "tcp://brain:5555", "certs/server.key"]}[command]
    if command == "init":
        (certs / "client.key").unlink()
    before = files(certs)
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" '
         '&& exec "$@"', certs, cert.path, *arguments], cwd=tmp_path, capture_output=True,
        text=True, check=False)
    if "mount" in result.stderr or "unshare" in result.stderr:
        pytest.skip("no mounts here")
    assert result.returncode == 1 and "Read-only file system" in result.stderr, result
    assert files(certs) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="drops its privileges")
def test_as_a_user_without_rights(cert, certs, tmp_path):
    for path in [tmp_path, *tmp_path.parents]:
        if stat.S_IMODE(path.stat().st_mode) & 0o005 != 0o005 and len(path.parts) > 2:
            path.chmod(0o755)

    def nobody():
        os.setgid(65534)
        os.setuid(65534)
    for arguments in (("new", certs, "alice"), ("revoke", certs, "client"),
                      ("authorize", certs, certs / "server.key"), ("rotate", certs, "client")):
        outcome = cert(*arguments, preexec_fn=nobody)
        assert outcome.status == 1 and "Permission denied" in outcome.err, outcome
    assert set(files(certs)) == LAYOUT
    outcome = cert("verify", certs, preexec_fn=nobody)
    assert outcome.status == 1 and "client.key_secret: Permission denied" in outcome.out
