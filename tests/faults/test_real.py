"""Faults that are none of the tests' making: no descriptor left, a full file system, certificates
that come to lie on a read-only mount, or whose mount goes. A call is refused, or the last good state
is kept; nobody unknown gets in, nothing is in clear, ends or stays open."""

import ctypes
import subprocess

import pytest

from contract.certs import pair
from contract.program import wait_until
from harness import builds

from . import runs

pytestmark = pytest.mark.skipif(builds.WITH_ASAN, reason="a sanitizer's runtime needs descriptors")

# Beyond this many, nothing fails any more.
ENOUGH = 10
# To look into a directory takes one, into a file another, and a client's connection may take one.
READS = 3
SCARCE = """
import ctypes, resource
spare, limits = [], resource.getrlimit(resource.RLIMIT_NOFILE)

def scarce(left):
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, limits[1]))
    # The library's threads have some open for a moment.
    for _ in range(10):
        while attempt(lambda: spare.append(os.dup(0))) == 0: pass
        time.sleep(0.003)
    for fd in [spare.pop() for _ in range(left)]: os.close(fd)

def plenty():
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    while spare: os.close(spare.pop())

def descriptors():
    return len(os.listdir('/proc/self/fd'))

def fill(path):
    with open(path, 'ab', buffering=0) as file:
        while attempt(file.write, bytes(4096)) != 'ENOSPC': pass

def mount(*arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(*arguments) != 0: raise OSError(ctypes.get_errno(), 'mount')
"""
# What there is before, and what is then done without descriptors. libzmq itself ends the process
# where it has none for the first socket of a context, or to look up an interface's name.
CALLS = {"the first bind": ("a = sock('PULL')", "a.bind('tcp://*:*')"),
         "a later bind": ("a = bound('PULL', 'tcp://*:*')", "a.bind('tcp://*:*')"),
         "connect": ("a = bound('PULL'); b = sock('PUSH')", "b.connect(where(a))"),
         "socket": ("first = sock('PULL')", "a = sock('PULL')")}


def heard(program, socket, word):
    return program(f"{socket}.poll(20000) and {socket}.recv().decode()") == word


def says_nothing_in_clear(endpoint):
    told = runs.speak_in_clear(endpoint)
    assert runs.IN_CLEAR not in told and b"CURVE".startswith(told[12:17].rstrip(b"\0"))


@pytest.mark.parametrize("call", CALLS)
def test_no_descriptor_left_for_a_call(start, certs, peers, tmp_path, call):
    """With none left, with one, two…: each call that makes one fails for want of it once."""
    before, does = CALLS[call]
    (tmp_path / "metrics").mkdir()
    program = start(METRICS=tmp_path / "metrics")
    program(SCARCE)
    outcomes, left_open = [], []
    for left in range(ENOUGH):
        program(f"ctx = zmq.Context(); {before}; scarce({left})")
        try:
            outcomes.append(program(f"attempt(lambda: exec({does!r}, globals()))"))
        finally:
            program("plenty()")
        if outcomes[-1] != 0:
            program(does)
        if call == "socket":
            program("a.bind('tcp://127.0.0.1:*')")
        if call == "connect":
            program("b.send(b'by itself')")
            assert heard(program, "a", "by itself")
        endpoint = program("where(a).replace('0.0.0.0', '127.0.0.1')")
        peers.client("PUSH", endpoint, certs.client, certs.server.public).send(b"known")
        assert heard(program, "a", "known")
        peers.client("PUSH", endpoint, pair(), certs.server.public).send(b"unknown")
        says_nothing_in_clear(endpoint)
        program.log.wait("auth", result="deny", reason="unknown key")
        assert program("a.poll(0)") == 0
        program("ctx.destroy(0)")
        left_open.append(program("descriptors()"))
    assert set(outcomes) <= {0, "EMFILE", "EACCES"} and outcomes[-1] == 0, outcomes
    # Connecting goes on in the background.
    assert outcomes[0] != 0 or call == "connect"
    # The metrics' and the watcher's come and go.
    assert wait_until(lambda: program("descriptors()") <= left_open[0]), left_open


NO_OWN = """
import struct
# Load the number of the system call; if it is close_range's, ENOSYS, else let it pass.
steps = ((0x20, 0, 0, 0), (0x15, 0, 1, 436), (6, 0, 0, 0x50000 | errno.ENOSYS), (6, 0, 0, 0x7fff0000))
steps = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
steps = ctypes.create_string_buffer(struct.pack('HxxxxxxP', 4, ctypes.addressof(steps))), steps
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, steps[0]) == 0
"""
# Linux 5.9, unless a filter of system calls forbids it.
HAS_OWN = ctypes.CDLL(None).syscall(436, 1000000, 1000000, 0) == 0


@pytest.mark.skipif(not HAS_OWN, reason="a thread cannot have descriptors of its own here")
def test_no_descriptor_left_for_a_client(start, certs, peers):
    """Who comes meanwhile is served when there are some again, or sooner; who is revoked meanwhile
    is put out at once, and who is authorised is known."""
    program = start()
    program(SCARCE)
    program("a = bound('PULL'); endpoint = where(a)")
    endpoint = program("endpoint")
    for left in range(READS + 1):
        keys, newcomer = pair(), pair()
        certs.authorize(f"anna{left}", keys)
        there = peers.client("PUSH", endpoint, keys, certs.server.public)
        there.send(b"before")
        assert heard(program, "a", "before")
        program(f"scarce({left})")
        came = peers.client("PUSH", endpoint, certs.client, certs.server.public)
        came.send(b"meanwhile")
        certs.authorize(f"new{left}", newcomer)
        program.log.wait("reload", authorised=3 + 2 * left)
        assert left > 0 or program("attempt(os.dup, 0)") == "EMFILE"
        certs.revoke(f"anna{left}", keys)
        assert program.log.wait("auth", connection="ended", key=keys.public)["reason"] == "revoked"
        program("plenty()")
        assert heard(program, "a", "meanwhile")
        says_nothing_in_clear(endpoint)
        peers.client("PUSH", endpoint, newcomer, certs.server.public).send(b"new")
        assert heard(program, "a", "new")
        came.close(0)
        there.close(0)
    assert program.log.events("reload", level="error") == []
    assert program("len(os.listdir('/proc/self/task'))") < 10


def test_no_descriptor_to_read_certificates_with(start, certs, peers):
    """Where no thread can have descriptors of its own, what was read last stays in force, and the
    log says so; a revocation counts once there are some again."""
    program = start()
    program(SCARCE)
    # Threads that are started later have it, too.
    program(NO_OWN)
    program("a = bound('PULL'); endpoint = where(a)")
    there = peers.client("PUSH", program("endpoint"), certs.client, certs.server.public)
    there.send(b"before")
    assert heard(program, "a", "before")
    program("scarce(0)")
    certs.revoke("client", certs.client)
    assert "Too many open files" in program.log.wait("reload", level="error")["message"]
    there.send(b"still")
    assert heard(program, "a", "still")
    program("plenty()")
    program.log.wait("auth", connection="ended", key=certs.client.public)


@pytest.fixture
def on_a_mount(start, tmp_path):
    """Starts a program for which a directory is a small file system of its own."""
    place = tmp_path / "place"
    place.mkdir()

    def starts(*more, **variables):
        steps = [f"mount -t tmpfs -o size=256k,mode=755 none {place}", *more, 'exec "$@"']
        command = ["unshare", "-m", "sh", "-c", " && ".join(steps), "sh"]
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
            pytest.skip("no mount namespaces here")
        program = start(command=command, **variables)
        program(SCARCE)
        program(f"place = {str(place)!r}")
        return program
    starts.place = place
    return starts


def test_a_full_file_system_for_log_and_metrics(on_a_mount, certs, peers):
    """Lines are lost, and counted; the metrics stay what they were; all else goes on."""
    place = on_a_mount.place
    program = on_a_mount(f"mkdir {place}/metrics", LOG=place / "log", METRICS=place / "metrics")
    program("import glob")
    program("fill(place + '/filler'); before = descriptors()")
    program("a = bound('PULL'); b = connected('PUSH', where(a)); assert one_way(b, a) == 'ping'")
    endpoint = program("where(a)")
    peers.client("PUSH", endpoint, pair(), certs.server.public).send(b"unknown")
    says_nothing_in_clear(endpoint)
    certs.revoke("client", certs.client)
    # So that it cannot be heard any more, the client is out.
    assert wait_until(lambda: program("""
        b.poll(0, zmq.POLLOUT) and attempt(b.send, b'late', zmq.NOBLOCK)
        came = a.poll(300) and a.recv()
    """) or program("came") == 0)
    assert program("os.path.getsize(place + '/log') if os.path.exists(place + '/log') else 0") == 0
    assert program("glob.glob(place + '/metrics/*')") == []
    program("os.unlink(place + '/filler'); c = bound('PULL')")
    text = program("open(place + '/log').read()")
    assert '"dropped":' in text.splitlines()[0] and text.endswith("}\n")
    assert wait_until(lambda: program(
        "[f for f in glob.glob(place + '/metrics/curveshim-*') "
        "if 'curveshim_log_dropped_total' in open(f).read()]"))
    program("fill(place + '/filler'); d = bound('PULL')")
    whole = program("open(glob.glob(place + '/metrics/curveshim-*')[0]).read()")
    assert whole.endswith("\n") and program("glob.glob(place + '/metrics/.*')") == []
    program("ctx.destroy(0)")
    assert wait_until(lambda: program("descriptors() <= before"))


def test_certificates_that_come_to_be_read_only(on_a_mount, certs, peers):
    program = on_a_mount(f"cp -a {certs}/. {on_a_mount.place}", certs=on_a_mount.place)
    program("a = bound('PULL')")
    program("MS_RDONLY, MS_REMOUNT = 1, 32; "
            "mount(b'none', place.encode(), None, MS_RDONLY | MS_REMOUNT, None)")
    program("c = bound('PULL'); b = connected('PUSH', where(c)); assert one_way(b, c) == 'ping'")
    for socket in ("a", "c"):
        endpoint = program(f"where({socket})")
        peers.client("PUSH", endpoint, certs.client, certs.server.public).send(b"known")
        assert heard(program, socket, "known")
        says_nothing_in_clear(endpoint)


@pytest.mark.parametrize("how, young", [("file system", True), ("file system", False),
                                        ("bind", False), ("over", False)])
def test_certificates_whose_mount_goes_and_comes_back(on_a_mount, certs, peers, how, young):
    """As a network volume's does; or another is mounted over it. The last good set stays in force."""
    place = on_a_mount.place
    program = on_a_mount(f"mount --bind {certs} {place}" if how == "bind" else
                         f"cp -a {certs}/. {place}", certs=place)
    program("a = bound('PULL')")
    endpoint, newcomer = program("where(a)"), pair()
    if not young:
        # From then on it is watched, and not polled.
        assert wait_until(lambda: program("any('inotify' in os.path.realpath('/proc/self/fd/' + f) "
                                          "for f in os.listdir('/proc/self/fd'))"))
    if how != "over":
        program("DETACH = 2; assert ctypes.CDLL(None).umount2(place.encode(), DETACH) == 0")
    if how == "file system":
        program.log.wait("reload", level="error")
    peers.client("PUSH", endpoint, certs.client, certs.server.public).send(b"known")
    assert heard(program, "a", "known")
    peers.client("PUSH", endpoint, newcomer, certs.server.public).send(b"new")
    program.log.wait("auth", result="deny", reason="unknown key")
    says_nothing_in_clear(endpoint)
    assert program("attempt(lambda: bound('PULL'))") in (0, "EACCES")
    certs.authorize("newcomer", newcomer)
    program("mount(b'none', place.encode(), b'tmpfs', 0, b'mode=755')")
    program("import subprocess; "
            f"subprocess.run(['cp', '-a', {f'{certs}/.'!r}, place], check=True)")
    assert heard(program, "a", "new")
    program("c = bound('PULL'); b = connected('PUSH', where(c)); assert one_way(b, c) == 'ping'")
    program("os.unlink(place + '/authorized_clients/newcomer.key')")
    ended = program.log.wait("auth", connection="ended")
    assert ended["key"] == newcomer.public
