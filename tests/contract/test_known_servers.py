"""Contract, Environment: SECURE_ZMQ_KNOWN_SERVERS and SECURE_ZMQ_SERVER_KEY."""

import socket

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
