"""Contract, Certificates: changes take effect within 1 s, and what goes wrong harms nobody."""

import datetime
import os
import shutil
import subprocess
import time

import pytest
import zmq

from harness import builds

from .certs import pair, text
from .program import wait_until

# The contract's second, and what a busy machine adds to it.
WITHIN = 1 + 1.5


@pytest.fixture
def server(start):
    program = start()
    program("a = bound('PULL')")
    return program


@pytest.fixture
def gets_in(peers, certs):
    """Whether a fresh connection with these keys is let in."""
    def asks(server, keys, patience=0.15):
        client = peers.client("PUSH", server("where(a)"), keys, certs.server.public)
        # What an earlier client sent may come only now.
        word = f"word {time.monotonic_ns()}"
        try:
            client.send(word.encode())
        except zmq.Again:  # refused for good by now
            client.close(0)
            return False
        arrived = False
        while not arrived and server("a.poll(%d)" % (patience * 1000)):
            # Of a connection that ended before its first message, poll tells all the same.
            server("""
                try:
                    came = a.recv(zmq.NOBLOCK).decode()
                except zmq.Again:
                    came = None
            """)
            arrived = server("came") == word
        client.close(0)
        return arrived
    return asks


def watch_opened():
    """Contexts that live longer are watched with inotify, younger ones polled."""
    time.sleep(3 if builds.SANITIZED else 1.2)


@pytest.fixture(params=["young context", "old context"])
def age(request):
    return watch_opened if request.param == "old context" else lambda: None


def test_adding(server, certs, gets_in, age):
    age()
    newcomer = pair()
    assert not gets_in(server, newcomer)
    certs.authorize("newcomer", newcomer)
    assert wait_until(lambda: gets_in(server, newcomer), WITHIN)


@pytest.mark.parametrize("how", ["unlink", "rename away", "emptied", "replaced"])
def test_removing(server, certs, gets_in, age, how):
    age()
    assert gets_in(server, certs.client, 20)
    file = certs.authorized / "client.key"
    {"unlink": file.unlink, "rename away": lambda: file.rename(certs.path / "old.key"),
     "emptied": lambda: file.write_text("", encoding="utf-8"),
     "replaced": lambda: certs.authorize("client", pair())}[how]()
    # A file that can't be parsed counts as being written for 2 s.
    within = WITHIN + 2 if how == "emptied" else WITHIN
    assert wait_until(lambda: not gets_in(server, certs.client), within)


def test_revoking_where_the_directory_was_not_there(server, certs, gets_in, age):
    age()
    assert gets_in(server, certs.client, 20)
    certs.revoke("client", certs.client)
    assert wait_until(lambda: not gets_in(server, certs.client), WITHIN)
    server.log.wait("reload", revoked=1)


def test_taking_a_revocation_back(start, certs, gets_in, age):
    file = certs.revoke("client", certs.client)
    server = start()
    server("a = bound('PULL')")
    age()
    assert not gets_in(server, certs.client)
    file.unlink()
    assert wait_until(lambda: gets_in(server, certs.client), WITHIN)


def test_narrowing_and_widening(server, certs, gets_in, age):
    age()
    certs.authorize("client", certs.client, addresses="192.0.2.1")
    assert wait_until(lambda: not gets_in(server, certs.client), WITHIN)
    certs.authorize("client", certs.client, addresses="127.0.0.1")
    assert wait_until(lambda: gets_in(server, certs.client), WITHIN)


def test_expiring_and_beginning_by_time(server, certs, gets_in):
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    moment = later.strftime("%Y-%m-%dT%H:%M:%SZ")
    second = pair()
    certs.authorize("client", certs.client, expires=moment)
    certs.authorize("second", second, not_before=moment)
    server.log.wait("reload", authorised=2)
    assert gets_in(server, certs.client, 20) and not gets_in(server, second)
    assert wait_until(lambda: not gets_in(server, certs.client), 3 + WITHIN)
    assert wait_until(lambda: gets_in(server, second), WITHIN)


def test_half_written_file_keeps_the_old_policy_then_authorises_nobody(server, certs, gets_in):
    file = certs.authorized / "client.key"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole[:40], encoding="utf-8")
    begin = time.monotonic()
    while time.monotonic() - begin < 1.2:
        assert gets_in(server, certs.client, 20)
        time.sleep(0.1)
    assert server.log.events("reload", level="error") == []
    event = server.log.wait("reload", level="error", patience=2 + WITHIN)
    assert event["file"] == str(file)
    assert not gets_in(server, certs.client)
    # Named once, not at every look.
    time.sleep(1)
    assert len(server.log.events("reload", level="error")) == 1
    file.write_text(whole, encoding="utf-8")
    assert wait_until(lambda: gets_in(server, certs.client), WITHIN)


def test_a_file_finished_in_time_is_not_named(server, certs, gets_in, age):
    age()
    newcomer = pair()
    whole = text(newcomer)
    with open(certs.authorized / "newcomer.key", "w", encoding="utf-8") as file:
        file.write(whole[:30])
        file.flush()
        time.sleep(1)
        file.write(whole[30:])
    assert wait_until(lambda: gets_in(server, newcomer), WITHIN)
    assert server.log.events("reload", level="error") == []


def test_a_broken_file_delays_no_other(server, certs, gets_in, age):
    age()
    (certs.authorized / "0-broken.key").write_text("half", encoding="utf-8")
    os.mkfifo(certs.authorized / "1-fifo.key")
    newcomer, other = pair(), pair()
    certs.authorize("newcomer", newcomer)
    assert wait_until(lambda: gets_in(server, newcomer), WITHIN)
    (certs.authorized / "client.key").unlink()
    assert wait_until(lambda: not gets_in(server, certs.client), WITHIN)
    certs.authorize("other", other)
    certs.revoke("newcomer", newcomer)
    assert wait_until(lambda: not gets_in(server, newcomer) and gets_in(server, other), WITHIN)


@pytest.mark.parametrize("how", ["renamed", "deleted", "unreadable"])
def test_a_directory_that_vanishes_leaves_the_last_good_set(server, certs, gets_in, age, how):
    age()
    certs.revoke("other", pair())
    server.log.wait("reload", revoked=1)
    if how == "renamed":
        certs.authorized.rename(certs.path / "away")
    elif how == "deleted":
        shutil.rmtree(certs.authorized)
    else:
        certs.authorized.chmod(0o777)
    event = server.log.wait("reload", level="error", patience=WITHIN)
    assert event["directory"] == str(certs.authorized)
    for _ in range(5):
        assert gets_in(server, certs.client, 20)
        time.sleep(0.1)
    # And a new one takes its place.
    newcomer = pair()
    if how == "unreadable":
        certs.authorized.chmod(0o755)
    else:
        certs.authorized.mkdir(mode=0o755)
    certs.authorize("newcomer", newcomer)
    assert wait_until(lambda: gets_in(server, newcomer), WITHIN)
    if how != "unreadable":
        assert wait_until(lambda: not gets_in(server, certs.client), WITHIN)


def test_the_whole_directory_vanishing_never_changes_which_one_is_used(start, certs, gets_in,
                                                                      tmp_path):
    server = start(SECURE_ZMQ_CERTS=None, cwd=tmp_path)
    server("a = bound('PULL')")
    certs.path.rename(tmp_path / "elsewhere")
    server.log.wait("reload", level="error", patience=WITHIN)
    assert gets_in(server, certs.client, 20)
    server("b = bound('PULL')")
    assert len(server.log.events("bind")) == 2


def as_secret(certs, files, number):
    """As Kubernetes mounts them: names link to ..data, which links to a directory of a moment."""
    moment = certs.authorized / f"..{number}"
    moment.mkdir(mode=0o755)
    for name, keys in files.items():
        (moment / f"{name}.key").write_text(text(keys), encoding="utf-8")
        link = certs.authorized / f"{name}.key"
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to(f"..data/{name}.key")
    temporary = certs.authorized / "..data_tmp"
    temporary.symlink_to(moment.name)
    temporary.rename(certs.authorized / "..data")
    for link in certs.authorized.glob("*.key"):
        if link.stem not in files:
            link.unlink()
    for old in certs.authorized.glob("..[0-9]*"):
        if old != moment:
            shutil.rmtree(old)


def test_links_that_are_swapped_as_a_whole(start, certs, gets_in, age):
    one, two = pair(), pair()
    as_secret(certs, {"client": certs.client, "one": one}, 1)
    server = start()
    server("a = bound('PULL')")
    age()
    assert gets_in(server, one, 20) and not gets_in(server, two)
    as_secret(certs, {"client": certs.client, "one": two}, 2)
    assert wait_until(lambda: gets_in(server, two), WITHIN)
    assert not gets_in(server, one)
    as_secret(certs, {"client": certs.client}, 3)
    assert wait_until(lambda: not gets_in(server, two), WITHIN)


def test_an_edit_of_the_same_size_in_the_same_moment(server, certs, gets_in, age):
    age()
    file = certs.authorized / "client.key"
    before = file.stat()
    newcomer = pair()
    with open(file, "r+", encoding="utf-8") as opened:
        opened.write(text(newcomer))
        opened.flush()
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert wait_until(lambda: gets_in(server, newcomer), WITHIN)
    assert not gets_in(server, certs.client)


@pytest.mark.parametrize("resource", ["instances", "descriptors"])
def test_without_inotify_it_polls(start, certs, gets_in, resource):
    """Where inotify is used up, or no descriptor is left for it."""
    if resource == "instances":
        # A limit of the whole user: taken from inside a user namespace of the program's own.
        command = ["unshare", "--user", "--map-root-user", "sh", "-c",
                   "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"", "sh"]
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
            pytest.skip("no user namespaces here")
    else:
        command = ()
    server = start(command=command)
    server("a = bound('PULL')")
    if resource == "descriptors":
        server("""
            import resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 4096))
            spare = []
            while attempt(lambda: spare.append(os.dup(0))) == 0: pass
        """)
    watch_opened()
    if resource == "descriptors":
        server("[os.close(fd) for fd in spare]")
    assert server("any('anon_inode:inotify' in os.readlink(f'/proc/self/fd/{fd}') "
                  "for fd in os.listdir('/proc/self/fd') "
                  "if os.path.exists(f'/proc/self/fd/{fd}'))") is False
    newcomer = pair()
    certs.authorize("newcomer", newcomer)
    assert wait_until(lambda: gets_in(server, newcomer), WITHIN)


def test_one_watcher_per_process(start):
    program = start()
    program("""
        more = [zmq.Context() for _ in range(5)]
        sockets = [c.socket(zmq.PULL) for c in more]
        for s in sockets: s.bind('tcp://127.0.0.1:*')
    """)
    pid = program("os.getpid()")

    def count():
        # From outside: descriptors come and go while they are listed.
        listed = subprocess.run(["ls", "-l", f"/proc/{pid}/fd"], capture_output=True, text=True,
                                check=False).stdout
        return listed.count("anon_inode:inotify")

    assert wait_until(lambda: count() == 1, 5)
    time.sleep(0.5)
    assert count() == 1


def test_reload_says_how_many(server, certs):
    certs.authorize("one", pair())
    certs.authorize("two", pair())
    event = server.log.wait("reload", authorised=3)
    assert event["level"] == "info" and event["revoked"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_program_that_has_put_the_directory_out_of_its_reach(server, gets_in, certs, tmp_path):
    """By chroot: what the watcher still hears of is not taken for gone, and the log says that changes
    are not seen any more."""
    known = pair()
    certs.authorize("known", known)
    assert wait_until(lambda: gets_in(server, known))
    # The watcher is opened a second after the bind.
    assert wait_until(lambda: server(
        "any('inotify' in os.path.realpath(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd'))"))
    jail = tmp_path / "jail"
    jail.mkdir()
    server(f"os.chroot({str(jail)!r})")
    certs.authorize("known", known, name="known again")
    server.log.wait("reload", level="error", directory=str(certs.authorized))
    assert gets_in(server, known, patience=5)
    certs.revoke("known", known)
    server.log.wait("reload", level="error", directory=str(certs.revoked))
