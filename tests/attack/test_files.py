"""Certificate files that change under a running program, or are something else than files."""

import os
import stat
import time

import pytest

from contract import certs as certificates

from .arrivals import arrivals
from .cases import attack


@pytest.fixture
def server(start):
    program = start()
    program("a = bound('PULL')")
    return program


def assert_good_client_served(program, peers, certs):
    peers.client("PUSH", program("where(a)"), certs.client, certs.server.public).send(b"friend")
    assert arrivals(program, "a", 20000, most=1) == [("friend",)]


def assert_stays_out(program, peers, certs, keys):
    client = peers.client("PUSH", program("where(a)"), keys, certs.server.public)
    client.send(b"intruder")
    program.log.wait("auth", result="deny", key=keys.public)
    assert ("intruder",) not in arrivals(program, "a", 300)


def fifo(path, keys):
    os.mkfifo(path)


def device(path, keys):
    try:
        os.mknod(path, 0o644 | stat.S_IFCHR, os.makedev(1, 9))
    except PermissionError:
        pytest.skip("making a device needs root")


def directory(path, keys):
    path.mkdir()


def endless(path, keys):
    """Gigabytes, of which the first ones are a certificate."""
    certificates.write(path, keys)
    os.truncate(path, 8 << 30)


def link_to_device(path, keys):
    path.symlink_to("/dev/zero")


def link_to_itself(path, keys):
    path.symlink_to(path)


def world_writable(path, keys):
    certificates.write(path, keys)
    path.chmod(0o666)


def nul_inside(path, keys):
    path.write_bytes(certificates.text(keys).encode() + b"\0")


def of_no_key(path, keys):
    path.write_text(certificates.text(keys).replace(keys.public, "0" * 40), encoding="ascii")


KINDS = [fifo, device, directory, endless, link_to_device, link_to_itself, world_writable,
         nul_inside, of_no_key]
kinds = pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)


@kinds
@attack("files", "an authorised certificate is put in place as a FIFO, a device, a directory, gigabytes, a "
        "link to /dev/zero or to itself, writable by all, with a NUL, with an all-zero key",
        "it authorises nobody, delays nothing, and the others stay authorised")
def test_authorised_file_of_a_wrong_kind(server, certs, peers, make):
    keys = certificates.pair()
    make(certs.authorized / "mallory.key", keys)
    fresh = certificates.pair()
    certs.authorize("new", fresh)
    started = time.monotonic()
    peers.client("PUSH", server("where(a)"), fresh, certs.server.public).send(b"new")
    assert arrivals(server, "a", 20000, most=1) == [("new",)]
    assert time.monotonic() - started < 10
    assert_stays_out(server, peers, certs, keys)
    assert_good_client_served(server, peers, certs)


@kinds
@attack("files", "the server's and the client's own certificates are replaced by the same things",
        "the next bind or connect is refused, or, where there is nothing to be read, goes on with the last "
        "good keys; what is bound goes on; nothing hangs")
def test_own_file_of_a_wrong_kind(server, certs, peers, make):
    for name in ("server.key_secret", "client.key_secret"):
        path = certs.path / name
        path.unlink()
        make(path, certs.server)
        call = "bound, 'PUSH'" if "server" in name else "connected, 'PUSH', 'tcp://127.0.0.1:9'"
        assert server(f"attempt({call})") == (0 if make is link_to_itself else "EACCES")
    assert_good_client_served(server, peers, certs)


@attack("files", "own secret files are made readable by others while the program runs",
        "the next bind or connect is refused, with the chmod that mends it")
def test_world_readable(server, certs):
    (certs.path / "server.key_secret").chmod(0o644)
    assert server.refused("bound()") == "EACCES"
    assert "chmod" in server.log.wait("refused")["message"]


@attack("files", "a directory that others can write is put in place of authorized_clients",
        "who is in it is not authorised; the last good set stays in force")
def test_writable_directory(server, certs, peers):
    keys = certificates.pair()
    other = certs.path / "other"
    other.mkdir()
    certificates.write(other / "mallory.key", keys)
    other.chmod(0o777)
    certs.authorized.rename(certs.path / "moved")
    other.rename(certs.authorized)
    assert_stays_out(server, peers, certs, keys)
    assert_good_client_served(server, peers, certs)


@attack("files", "a certificate is swapped for another one of the same size and time",
        "within a second the old key is out and the new one is in")
def test_swapped_with_the_same_size_and_time(server, certs, peers):
    path = certs.authorized / "client.key"
    before = path.stat()
    keys = certificates.pair()
    other = certificates.write(path.with_suffix(".tmp"), keys)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert other.stat().st_size == before.st_size
    other.rename(path)
    time_of_change = time.monotonic()
    while True:
        client = peers.client("PUSH", server("where(a)"), keys, certs.server.public)
        client.send(b"new")
        if arrivals(server, "a", 100, most=1):
            break
        assert time.monotonic() < time_of_change + 20
    assert_stays_out(server, peers, certs, certs.client)
