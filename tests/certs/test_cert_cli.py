"""curveshim-cert as a command: its help, and what it makes."""

import os
import shutil
import subprocess

import pytest

from certtool import LAYOUT, files, key_of, mode


COMMANDS = ("init", "new", "authorize", "revoke", "list", "show", "verify", "rotate")


# Help and usage

def test_help(cert):
    text = cert.done("--help")
    for command in COMMANDS:
        assert command in text
        assert f"usage: curveshim-cert {command} " in cert.done(command, "--help")
    assert cert.done("--version") == "curveshim-cert 0.1.0\n"


KEY = "84q^3HnT.O}jbciP}m<6anU[371?8tXXty&ujH^"


@pytest.mark.parametrize("key", ["-" + KEY, "--" + KEY[1:]])
def test_a_key_that_begins_as_options_do(cert, certs, key):
    cert.done("revoke", certs, key)
    assert [key_of(path) for path in (certs / "revoked").iterdir()] == [key]
    cert.done("trust", certs, "tcp://a:1", key, "--replace")
    cert.done("trust", "--replace", certs, "tcp://b:1", key)
    assert (certs / "known_servers").read_text().count(key) == 2
    assert "no such directory" in cert.failed("revoke", key, certs)


def test_an_option_that_is_none_is_named(cert, certs):
    for option in ("-xyz", "--bogus=1", "-" + KEY[1:]):
        assert f"unknown option {option}\n" in cert.usage("revoke", certs, option)


@pytest.mark.parametrize("arguments", [
    (), ("frobnicate",), ("init",), ("init", ""), ("init", "a", "b"), ("init", "--owner", "x", "a"),
    ("init", "a", "--owner"), ("new", "a"), ("new", "a", "b", "--meta"), ("authorize", "a"),
    ("revoke", "a"), ("list",), ("show",), ("verify", "--all", "a"), ("rotate", "a"),
    ("rotate", "a", "b", "--revoke"),
])
def test_usage(cert, arguments):
    cert.usage(*arguments)
    assert files(cert.directory) == {}


def test_full_output_is_a_failure(cert, certs):
    with open("/dev/full", "w") as full:
        result = subprocess.run([cert.path, "list", certs], stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 1 and b"output" in result.stderr


# init

@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_init(cert, tmp_path, umask):
    out = cert.done("init", "a/certs/", preexec_fn=lambda: os.umask(umask))
    certs = tmp_path / "a" / "certs"
    assert set(files(certs)) == LAYOUT
    assert "SECURE_ZMQ=1" in out and f"SECURE_ZMQ_CERTS={certs}" in out
    for directory in (tmp_path / "a", certs, certs / "authorized_clients", certs / "revoked"):
        assert mode(directory) == 0o755
    for file in certs.rglob("*"):
        if file.is_file():
            assert mode(file) == (0o600 if file.name.endswith("_secret") else 0o644)
    assert key_of(certs / "server.key") != key_of(certs / "client.key")
    assert key_of(certs / "authorized_clients/client.key") == key_of(certs / "client.key")
    assert "secret-key" not in (certs / "authorized_clients/client.key").read_text()
    assert "all is well" in cert.done("verify", certs)


def test_init_changes_nothing_the_second_time(cert, certs):
    before = files(certs)
    assert "nothing was changed" in cert.done("init", certs)
    assert files(certs) == before


@pytest.mark.parametrize("missing", sorted(LAYOUT - {"authorized_clients/client.key"}))
def test_init_never_overwrites(cert, certs, missing):
    before = files(certs)
    (certs / missing).unlink()
    cert.done("init", certs)
    after = files(certs)
    assert {name: data for name, data in after.items() if name != missing} == \
        {name: data for name, data in before.items() if name != missing}
    if missing.endswith(".key"):
        assert key_of(certs / missing) == key_of(certs / (missing + "_secret"))
    else:
        assert missing not in after, "a secret half can't be made again from the public one"


def test_init_makes_a_new_pair_but_does_not_authorize_it(cert, certs):
    before = files(certs)
    (certs / "client.key").unlink()
    (certs / "client.key_secret").unlink()
    cert.done("init", certs)
    assert key_of(certs / "client.key").encode() not in before["client.key"]
    assert (certs / "authorized_clients/client.key").read_bytes() == \
        before["authorized_clients/client.key"]


def test_init_does_not_authorize_again_who_was_removed(cert, certs):
    (certs / "authorized_clients/client.key").unlink()
    cert.done("init", certs)
    assert list((certs / "authorized_clients").iterdir()) == []


def test_init_completes_a_missing_authorized_directory(cert, certs):
    shutil.rmtree(certs / "authorized_clients")
    cert.done("init", certs)
    assert key_of(certs / "authorized_clients/client.key") == key_of(certs / "client.key")


def test_init_does_not_authorize_again_who_was_revoked(cert, certs):
    cert.done("revoke", certs, "client")
    shutil.rmtree(certs / "authorized_clients")
    assert "revoked" in cert.done("init", certs)
    assert list((certs / "authorized_clients").iterdir()) == []


def test_init_refuses_what_others_can_write(cert, certs):
    certs.chmod(0o777)
    before = files(certs)
    assert "chmod go-w" in cert.failed("init", certs)
    assert files(certs) == before


def test_init_where_a_file_is(cert, tmp_path):
    (tmp_path / "certs").write_text("")
    assert "certs" in cert.failed("init", "certs")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_init_owner(cert, tmp_path):
    cert.done("init", "certs", "--owner", "4711:4712")
    for path in [tmp_path / "certs", *(tmp_path / "certs").rglob("*")]:
        assert (path.stat().st_uid, path.stat().st_gid) == (4711, 4712), path
    assert mode(tmp_path / "certs/client.key_secret") == 0o600
    cert.done("new", "certs", "alice")
    cert.done("rotate", "certs", "client")
    cert.done("init", "certs")
    for path in (tmp_path / "certs").rglob("*"):
        assert path.stat().st_uid == 4711, path


# new

def test_new(cert, certs):
    cert.done("new", certs, "alice", "--meta", "endpoints=tcp://*:5555 ipc://*",
              "--meta", "addresses=192.0.2.0/24 2001:db8::1", "--meta", "email=a@b # c")
    for file in ("alice.key", "alice.key_secret"):
        text = (certs / file).read_text()
        assert '\nmetadata\n    endpoints = "tcp://*:5555 ipc://*"\n' in text
        assert '    email = "a@b # c"\n' in text
        assert '    name = "alice"\n' in text
    assert mode(certs / "alice.key_secret") == 0o600
    assert "secret-key" not in (certs / "alice.key").read_text()
    assert "all is well" in cert.done("verify", certs)
    assert not (certs / "authorized_clients/alice.key").exists()


def test_new_keeps_a_given_name(cert, certs):
    cert.done("new", certs, "alice", "--meta", "name=Alice's agent")
    assert '    name = "Alice\'s agent"\n' in (certs / "alice.key").read_text()


@pytest.mark.parametrize("half", ["alice.key", "alice.key_secret"])
def test_new_refuses_to_overwrite(cert, certs, half):
    (certs / half).write_text("precious")
    before = files(certs)
    assert f"{half} exists already and is never overwritten" in cert.failed("new", certs, "alice")
    assert files(certs) == before


@pytest.mark.parametrize("name", [
    "", ".", "..", "a/b", "/a", ".a", "-a", "a b", "a\nb", "a.key", "a.key_secret", "a_secret",
    "a.superseded", "a.next", "a~2", "ä", "x" * 201,
])
def test_new_refuses_names(cert, certs, name):
    before = files(certs)
    cert.usage("new", certs, "--", name)
    assert files(certs) == before


@pytest.mark.parametrize("meta", [
    "x", "=x", "a b=c", "addresses=localhost", "addresses=10.0.0.0/33", "addresses=",
    "expires=tomorrow", "expires=2030-01-01", "expires=2001-01-01T00:00:00Z", "not-before=1",
    "endpoints=", "address=10.0.0.1", "name=a\nb", "name=a\x1bb", "note=both \" and '",
    "public-key=x", "note=" + "x" * 901,
])
def test_new_refuses_metadata(cert, certs, meta):
    before = files(certs)
    cert.usage("new", certs, "alice", "--meta", meta)
    assert files(certs) == before


def test_new_without_directory(cert):
    assert "curveshim-cert init nowhere" in cert.failed("new", "nowhere", "alice")
