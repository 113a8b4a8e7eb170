"""A directory for each agent, from one file: fleet."""

import os
import re

import pytest

from certtool import files, key_of, keys_in, mode

FLEET = """\
# three agents
[brain]
bind tcp://*:5555
bind tcp://*:5556    # answers
[ear]
connect tcp://brain:5555
[mouth]
bind ipc:///run/mouth.sock
connect brain tcp://10.0.0.5:5556
connect ipc:///run/mouth.sock
"""


@pytest.fixture
def fleet(cert, tmp_path):
    """Writes the file, runs the command, and gives what it said."""
    def run(text=FLEET, *options):
        (tmp_path / "fleet.conf").write_text(text)
        return cert.done("fleet", "fleet.conf", "fleet", *options)
    run.path = tmp_path / "fleet"
    return run


def metadata(file):
    return dict(re.findall(r'^    ([a-z-]+) = "(.*)"$', file.read_text().split("curve\n")[0], re.M))


def known_servers(directory):
    lines = (directory / "known_servers").read_text().splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


def test_each_agent_gets_exactly_what_it_needs(fleet, cert):
    fleet()
    server = {"server.key", "server.key_secret"}
    client = {"client.key", "client.key_secret", "known_servers"}
    assert set(files(fleet.path / "brain")) == server | {"authorized_clients/ear.key",
                                                         "authorized_clients/mouth.key"}
    assert set(files(fleet.path / "ear")) == client
    assert set(files(fleet.path / "mouth")) == server | client | {"authorized_clients/mouth.key"}
    for name in ("brain", "ear", "mouth"):
        assert "all is well" in cert.done("verify", fleet.path / name)
    for path in fleet.path.rglob("*_secret"):
        assert mode(path) == 0o600


def test_who_may_use_what_and_who_is_expected_where(fleet):
    fleet()
    authorized = fleet.path / "brain" / "authorized_clients"
    assert key_of(authorized / "ear.key") == key_of(fleet.path / "ear" / "client.key")
    assert metadata(authorized / "ear.key") == {"name": "ear", "endpoints": "tcp://*:5555"}
    assert metadata(authorized / "mouth.key") == {"name": "mouth", "endpoints": "tcp://*:5556"}
    assert known_servers(fleet.path / "mouth") == {
        "tcp://10.0.0.5:5556": key_of(fleet.path / "brain" / "server.key"),
        "ipc:///run/mouth.sock": key_of(fleet.path / "mouth" / "server.key")}


def test_again_changes_nothing(fleet):
    fleet()
    before = files(fleet.path)
    assert "nothing was changed" in fleet()
    assert files(fleet.path) == before


def test_an_agent_more_leaves_the_others_keys_alone(fleet):
    fleet()
    before = files(fleet.path)
    fleet(FLEET + "[eye]\nconnect tcp://brain:5555\n")
    after = files(fleet.path)
    assert {name: text for name, text in after.items() if name in before} == \
        {**before, "fleet.agents": after["fleet.agents"]}
    assert "brain/authorized_clients/eye.key" in after


def test_an_agent_less_is_let_in_nowhere_and_its_keys_are_kept(fleet):
    fleet()
    before = files(fleet.path)
    said = fleet(FLEET.replace("[ear]\nconnect tcp://brain:5555\n", ""))
    assert "kept in fleet/removed/ear" in said
    assert {p.name for p in (fleet.path / "brain" / "authorized_clients").iterdir()} == {"mouth.key"}
    assert files(fleet.path / "removed" / "ear") == \
        {name.partition("/")[2]: text for name, text in before.items() if name.startswith("ear/")}
    assert "ear is back" in fleet()
    assert {**files(fleet.path), "brain/authorized_clients/ear.key": b""} == \
        {**before, "brain/authorized_clients/ear.key": b""}


def test_secret_files_may_live_elsewhere(fleet):
    """Who keeps the fleet's directory needs the public halves only."""
    fleet()
    for path in fleet.path.rglob("*_secret"):
        path.unlink()
    before = files(fleet.path)
    fleet(FLEET + "[eye]\nconnect tcp://brain:5555\n")
    after = files(fleet.path)
    assert {name for name in after if name.endswith("_secret")} == {"eye/client.key_secret"}
    assert {name: text for name, text in after.items() if name in before} == \
        {**before, "fleet.agents": after["fleet.agents"]}


def test_both_keys_count_while_a_client_is_rotated(fleet, cert):
    fleet()
    old = key_of(fleet.path / "ear" / "client.key")
    mouth = key_of(fleet.path / "mouth" / "client.key")
    authorized = fleet.path / "brain" / "authorized_clients"
    cert.done("rotate", fleet.path / "ear", "client", "--prepare")
    new = key_of(fleet.path / "ear" / "client.next.key")
    fleet()
    assert keys_in(authorized) == {old, new, mouth}
    cert.done("rotate", fleet.path / "ear", "client", "--switch")
    assert new == key_of(fleet.path / "ear" / "client.key")
    for _ in range(2):
        said = fleet()
        assert keys_in(authorized) == {old, new, mouth}
        assert {metadata(f)["name"] for f in authorized.iterdir()} == {"ear", "mouth"}
        marked = {key_of(f) for f in authorized.iterdir() if "superseded" in metadata(f)}
        assert marked == {old}
    assert "nothing was changed" in said
    cert.done("rotate", fleet.path / "ear", "client", "--finish")
    fleet()
    assert keys_in(authorized) == {new, mouth}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners(fleet):
    fleet(FLEET + "owner 1001:1002\n", "--owner", "1003:1004")
    for path in fleet.path.rglob("*"):
        owner = (1001, 1002) if "mouth" in path.relative_to(fleet.path).parts[0] else (1003, 1004)
        assert (path.stat().st_uid, path.stat().st_gid) == owner, path
