"""Contract, Certificates: one that is the same need not be read again, and one that is not is never used."""

import contextlib
import ctypes
import os
import struct
import time

from .certs import Certificates, pair, write, write_secret
from .program import wait_until

LIBC = ctypes.CDLL(None, use_errno=True)
IN_OPEN, EVENT = 0x20, struct.Struct("iIII")
CONNECTS = "for _ in range(20): connected('PUSH', 'tcp://127.0.0.1:9').close()"
CONNECT = "connected('PUSH', 'tcp://127.0.0.1:9').close()"


@contextlib.contextmanager
def openings(directory):
    """Whose list, once they are over, has the name of the file for each time that one is opened."""
    fd, names = LIBC.inotify_init1(os.O_NONBLOCK), []
    assert fd >= 0 and LIBC.inotify_add_watch(fd, os.fsencode(directory), IN_OPEN) >= 0
    yield names
    with contextlib.suppress(BlockingIOError):
        while data := os.read(fd, 65536):
            while data:
                length = EVENT.unpack_from(data)[3]
                names.append(data[EVENT.size:EVENT.size + length].rstrip(b"\0").decode())
                data = data[EVENT.size + length:]
    os.close(fd)


def settle(path):
    """What has just changed is read each time."""
    newest = max(each.stat().st_ctime for each in path.iterdir())
    assert wait_until(lambda: time.time() > newest + 3.2)


def replaced(certs, name, keys, put, **metadata):
    """The program's code for that, which takes no time between two connects."""
    new = certs.path / f"{name}.prepared"
    put(new, keys, **metadata)
    return f"os.replace({str(new)!r}, {str(certs.path / name)!r})"


def test_what_has_changed_is_seen_at_once(start, tmp_path):
    new = pair()
    names = ("server", "client", "mode", "directory", "gone", "bad")
    places = {name: Certificates(tmp_path / name) for name in names}
    code = {"server": replaced(places["server"], "server.key", new, write),
            "client": replaced(places["client"], "client.key_secret", new, write_secret),
            "mode": f"os.chmod({str(places['mode'].path / 'client.key_secret')!r}, 0o604)",
            "directory": f"os.chmod({str(places['directory'].path)!r}, 0o777)",
            "gone": f"os.unlink({str(places['gone'].path / 'client.key_secret')!r})",
            "bad": f"open({str(places['bad'].path / 'server.key')!r}, 'r+').write(chr(0))"}
    settle(places["bad"].path)
    for name, certs in places.items():
        program = start(certs)
        program("import os")
        with openings(certs.path) as opened:
            program(CONNECTS)
        assert opened.count("client.key_secret") <= 10 >= opened.count("server.key")
        if name in ("mode", "directory", "bad"):
            program(CONNECT)
            assert program.refused(f"{code[name]}; {CONNECT}") == "EACCES"
            continue
        program(f"{CONNECT}; {code[name]}; {CONNECT}")
        event = program.log.events("connect")[-1]
        assert event["server_key"] == (new if name == "server" else certs.server).public
        assert event["key"] == (new if name == "client" else certs.client).public


def test_what_has_just_changed_is_read_each_time(start, certs):
    program = start()
    program("import os")
    write(certs.path / "server.key", certs.server)
    with openings(certs.path) as opened:
        program(CONNECTS)
    assert opened.count("server.key") == 20
