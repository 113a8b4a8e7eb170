"""Contract, Environment: SECURE_ZMQ_KNOWN_SERVERS and SECURE_ZMQ_SERVER_KEY."""

import os
import socket
import time

import pytest

from .certs import pair, write
from .peer import gets, where


@pytest.fixture
def servers(peers, certs):
    """Two servers by hand; every client may send to them."""
    keys = [pair(), pair()]
    return [(each, peers.server("PULL", each)) for each in keys]


def reaches(program, server, endpoint=None):
    program("b = connected('PUSH', %r); b.send(b'x')" % (endpoint or where(server)))
    return gets(server, 20) == "x"


@pytest.mark.parametrize("value", ["file", "absolute", "z85"])
def test_each_endpoint_has_its_own_server_key(start, certs, servers, tmp_path, value):
    lines = []
    for n, (keys, server) in enumerate(servers):
        write(certs.path / f"other-{n}.key", keys)
        write(tmp_path / f"other-{n}.key", keys)
        key = {"file": f"other-{n}.key", "absolute": f"{tmp_path}/other-{n}.key",
               "z85": keys.public}[value]
        lines.append(f"{where(server)}  {key}\n")
    (certs.path / "known_servers").write_text("# servers\n\n" + "".join(lines), encoding="utf-8")
    (certs.path / "server.key").unlink()
    program = start()
    for keys, server in servers:
        assert reaches(program, server)
        event = program.log.events("connect")[-1]
        assert event["server_key"] == keys.public
        assert event["source"].startswith(f"{certs}/known_servers:")


def test_the_first_match_wins(start, certs, servers):
    (one, server), (two, _) = servers
    (certs.path / "known_servers").write_text(
        f"tcp://127.0.0.1:*  {one.public}\n*  {two.public}\n", encoding="utf-8")
    assert reaches(start(), server)


def test_without_a_match_nothing_leaves(start, certs):
    (certs.path / "known_servers").write_text(
        f"tcp://192.0.2.1:*  {certs.server.public}\n", encoding="utf-8")
    program = start()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
        program("b = sock('PUSH')")
        assert program.refused(f"b.connect({endpoint!r})") == "EACCES"
        message = program.log.events("refused")[0]["message"]
        assert "known_servers" in message and endpoint in message
        listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listener.accept()
        # Binding needs none of it.
        program("a = bound('PULL')")


@pytest.mark.parametrize("text", ["tcp://127.0.0.1:* missing.key\n", "tcp://127.0.0.1:*\n",
                                  "one two three\n", "tcp://127.0.0.1:* not-a-Z85-key\n",
                                  "tcp://127.0.0.1:* " + "0" * 40 + "\n"])
def test_unusable_lines_are_refused(start, certs, text):
    (certs.path / "known_servers").write_text(text, encoding="utf-8")
    program = start()
    assert program.refused("connected('PUSH', 'tcp://127.0.0.1:9')") == "EACCES"
    assert f"{certs}/known_servers" in program.log.events("refused")[0]["message"]


def test_named_but_missing_is_refused(start):
    program = start(KNOWN_SERVERS="my_servers")
    assert program.refused("connected('PUSH', 'tcp://127.0.0.1:9')") == "EACCES"
    assert "my_servers" in program.log.events("refused")[0]["message"]


def test_a_link_that_leads_nowhere_is_not_a_missing_list(start, certs, servers):
    (keys, server), _ = servers
    (certs.path / "known_servers").symlink_to("mounted/known_servers")
    program = start()
    assert program.refused(f"connected('PUSH', {where(server)!r})") == "EACCES"
    message = program.log.events("refused")[0]["message"]
    assert f"{certs}/known_servers" in message and "leads nowhere" in message
    (certs.path / "mounted").mkdir()
    (certs.path / "mounted" / "known_servers").write_text(f"{where(server)}  {keys.public}\n",
                                                          encoding="utf-8")
    assert reaches(program, server)


def test_by_variable_it_may_be_anywhere(start, certs, servers, tmp_path):
    (keys, server), _ = servers
    (tmp_path / "list").write_text(f"*  {keys.public}\n", encoding="utf-8")
    assert reaches(start(KNOWN_SERVERS="./list", cwd=tmp_path), server)


def test_by_default_it_is_in_force_once_it_is_there(start, certs, servers):
    (keys, server), _ = servers
    program = start()
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    (certs.path / "known_servers").write_text(f"{where(server)}  {keys.public}\n", "utf-8")
    assert reaches(program, server)
    assert program.refused("connected('PUSH', where(a))") == "EACCES"


def test_server_key_by_variable(start, certs, servers, tmp_path):
    (keys, server), (_, other) = servers
    write(tmp_path / "theirs.key", keys)
    program = start(SERVER_KEY=tmp_path / "theirs.key")
    assert reaches(program, server)
    program("c = connected('PUSH', %r); c.send(b'x')" % where(other))
    assert gets(other, 0.5) is None


@pytest.mark.parametrize("name, call", [("SERVER_CERT", "bound('PULL')"),
                                        ("CLIENT_CERT", "connected('PUSH', 'tcp://127.0.0.1:9')")])
def test_key_pairs_by_variable(start, certs, tmp_path, name, call):
    from .certs import write_secret
    mine = pair()
    write_secret(certs.path / "mine.key_secret", mine)
    write_secret(tmp_path / "far.key_secret", mine)
    for value in ("mine.key_secret", f"{tmp_path}/far.key_secret", "./far.key_secret"):
        program = start(**{name: value}, cwd=tmp_path)
        program(f"s = {call}")
        event = (program.log.events("bind") + program.log.events("connect"))[0]
        assert event["key"] == mine.public


# What an editor that writes in place leaves for a moment.
HALVES = {"empty": "", "half a line": "{first}tcp://127.0.0.1:*", "a line too few": "{first}",
          "binary": "\0\0\0\0"}


def list_text(certs, endpoint="tcp://127.0.0.1:*", key=None):
    first = "tcp://192.0.2.1:*  %s\n" % certs.server.public
    return first, first + f"{endpoint}  {key or certs.server.public}\n"


@pytest.mark.parametrize("how", HALVES)
def test_a_half_written_list_keeps_the_former_in_force_for_a_second(start, certs, peers, how):
    server = peers.server("PULL", certs.server)
    file = certs.path / "known_servers"
    first, whole = list_text(certs)
    file.write_text(whole, encoding="utf-8")
    os.utime(file, (1, 1))
    program = start()
    program(f"to = {where(server)!r}")
    half = HALVES[how].format(first=first)
    moment = time.monotonic()
    file.write_text(half, encoding="utf-8")
    assert reaches(program, server)
    assert time.monotonic() < moment + 0.9, "too slow to tell"
    # If that is all, it counts.
    time.sleep(max(0.0, moment + 1 - time.monotonic()))
    assert program.refused("sock('PUSH').connect(to)") == "EACCES"
    # Nothing is widened meanwhile: what neither list has is refused at once.
    file.write_text(whole, encoding="utf-8")
    assert reaches(program, server)
    assert program.refused("sock('PUSH').connect('tcp://192.0.2.9:1')") == "EACCES"


def test_a_removed_line_counts_within_a_second(start, certs, peers):
    server = peers.server("PULL", certs.server)
    file = certs.path / "known_servers"
    first, whole = list_text(certs)
    file.write_text(whole, encoding="utf-8")
    os.utime(file, (1, 1))
    program = start()
    assert reaches(program, server)
    file.write_text(first, encoding="utf-8")
    time.sleep(1)
    assert program.refused(f"sock('PUSH').connect({where(server)!r})") == "EACCES"


def test_an_edit_of_the_same_size_in_the_same_moment_counts_at_once(start, certs, servers):
    (one, server), (two, other) = servers
    file = certs.path / "known_servers"
    program = start()
    for keys, each in ((one, server), (two, other), (one, server)):
        file.write_text(f"tcp://127.0.0.1:*  {keys.public}\n", encoding="utf-8")
        os.utime(file, (1700000000, 1700000000))
        assert reaches(program, each)
