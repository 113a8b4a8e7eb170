"""curveshim-cert as a command: what it makes, keeps, refuses and says."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest
from zmq.utils import z85

from certtool import files, key_of, mode, strace

COMMANDS = ("init", "new", "authorize", "revoke", "list", "show", "verify", "rotate")
LAYOUT = {"server.key", "server.key_secret", "client.key", "client.key_secret",
          "authorized_clients/client.key"}


# Help and usage

def test_help(cert):
    text = cert.done("--help")
    for command in COMMANDS:
        assert command in text
        assert f"usage: curveshim-cert {command} " in cert.done(command, "--help")
    assert cert.done("--version") == "curveshim-cert 0.1.0\n"


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


# authorize

def test_authorize_copies_the_public_part(cert, certs, tmp_path):
    cert.done("new", certs, "alice", "--meta", "addresses=192.0.2.1")
    out = cert.done("authorize", certs, certs / "alice.key_secret")
    assert "addresses = 192.0.2.1" in out
    copy = certs / "authorized_clients/alice.key"
    assert mode(copy) == 0o644
    assert key_of(copy) == key_of(certs / "alice.key")
    assert "secret-key" not in copy.read_text()
    assert '    addresses = "192.0.2.1"\n' in copy.read_text()


def test_authorize_twice_says_so(cert, certs):
    before = files(certs)
    assert "already authorized" in cert.done("authorize", certs, certs / "client.key")
    assert files(certs) == before


def test_authorize_reports_each_file(cert, certs, tmp_path):
    cert.done("new", certs, "alice")
    cert.done("new", certs, "bob")
    (tmp_path / "broken.key").write_text("curve\n    public-key = \"short\"\n")
    said = cert.failed("authorize", certs, certs / "alice.key", "broken.key", "missing.key",
                       certs / "bob.key")
    assert "broken.key:2: " in said and "missing.key: " in said and "2 of 4" in said
    assert {path.name for path in (certs / "authorized_clients").iterdir()} == \
        {"alice.key", "bob.key", "client.key"}


def test_authorize_of_another_key_with_the_same_name(cert, certs, tmp_path):
    cert.done("init", "others")
    out = cert.done("authorize", certs, "others/client.key")
    assert "client~2.key" in out and "another key" in out
    assert key_of(certs / "authorized_clients/client~2.key") == key_of(tmp_path / "others/client.key")
    cert.done("revoke", certs, "client")
    assert list((certs / "authorized_clients").iterdir()) == []


def test_authorize_refuses_the_revoked(cert, certs):
    cert.done("revoke", certs, "client")
    assert "revoked" in cert.failed("authorize", certs, certs / "client.key")
    assert list((certs / "authorized_clients").iterdir()) == []


def test_authorize_refuses_the_expired(cert, certs):
    cert.done("new", certs, "alice")
    text = (certs / "alice.key").read_text()
    (certs / "alice.key").write_text(text.replace("metadata\n",
                                                  'metadata\n    expires = "2001-01-01T00:00:00Z"\n'))
    assert "is past" in cert.failed("authorize", certs, certs / "alice.key")
    cert.done("authorize", certs, certs / "alice.key", "--meta", "expires=2099-01-01T00:00:00Z")
    assert "valid until 2099" in cert.done("list", certs)


def test_authorize_refuses_a_useless_key(cert, certs, tmp_path):
    for name, key in (("zero", bytes(32)), ("one", b"\1" + bytes(31))):
        (tmp_path / f"{name}.key").write_text(
            f'curve\n    public-key = "{z85.encode(key).decode()}"\n')
        assert "protects nothing" in cert.failed("authorize", certs, f"{name}.key")


def test_authorize_reads_regular_files_only(cert, certs, tmp_path):
    os.mkfifo(tmp_path / "fifo.key")
    (tmp_path / "big.key").write_bytes(b"#" * 70000)
    said = cert.failed("authorize", certs, "fifo.key", "big.key", "/dev/zero", certs)
    assert "fifo.key: not a regular file" in said and "big.key: too large" in said


# revoke

@pytest.mark.parametrize("how", ["client", "client.key", "file", "secret file", "key"])
def test_revoke(cert, certs, how):
    key = key_of(certs / "client.key")
    what = {"file": certs / "client.key", "secret file": certs / "client.key_secret",
            "key": key}.get(how, how)
    cert.done("revoke", certs, "--", what)
    assert list((certs / "authorized_clients").iterdir()) == []
    revoked, = (certs / "revoked").iterdir()
    assert key_of(revoked) == key and "secret-key" not in revoked.read_text()
    assert mode(revoked) == 0o644


def test_revoke_removes_every_file_with_the_key(cert, certs):
    for name in ("copy.key", "z.key"):
        shutil.copy(certs / "client.key", certs / "authorized_clients" / name)
    cert.done("new", certs, "alice")
    cert.done("authorize", certs, certs / "alice.key")
    cert.done("revoke", certs, "client")
    assert [path.name for path in (certs / "authorized_clients").iterdir()] == ["alice.key"]


def test_revoke_what_is_not_authorized(cert, certs):
    cert.done("new", certs, "alice")
    for what in ("alice", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"):
        assert "not authorized here" in cert.done("revoke", certs, "--", what)
    assert len(list((certs / "revoked").iterdir())) == 2
    assert (certs / "authorized_clients/client.key").exists()


def test_revoke_by_metadata_name(cert, certs, tmp_path):
    cert.done("new", certs, "a1", "--meta", "name=Alice")
    cert.done("new", certs, "a2", "--meta", "name=Alice")
    cert.done("authorize", certs, certs / "a1.key")
    cert.done("revoke", certs, "Alice")
    assert not (certs / "authorized_clients/a1.key").exists()
    cert.done("new", certs, "a3", "--meta", "name=Alice")
    cert.done("authorize", certs, certs / "a2.key", certs / "a3.key")
    assert "a2.key and a3.key" in cert.failed("revoke", certs, "Alice")


def test_revoke_twice(cert, certs):
    cert.done("revoke", certs, "client")
    before = files(certs)
    assert "already revoked" in cert.done("revoke", certs, "client")
    assert files(certs) == before


def test_revoke_takes_another_file_name_where_one_is_taken(cert, certs, tmp_path):
    cert.done("revoke", certs, "client")
    cert.done("init", "others")
    cert.done("revoke", certs, "others/client.key")
    assert {path.name for path in (certs / "revoked").iterdir()} == {"client.key", "client~2.key"}


def test_revoke_leaves_bad_metadata_behind(cert, certs):
    """What the shim can't parse it can't revoke."""
    file = certs / "authorized_clients/client.key"
    file.write_text(file.read_text().replace("metadata\n", 'metadata\n    expires = "soon"\n'))
    cert.done("revoke", certs, "client")
    assert "soon" not in (certs / "revoked/client.key").read_text()
    assert "all is well" in cert.done("verify", certs)


def test_revoke_of_nobody(cert, certs):
    before = files(certs)
    assert "nobody" in cert.failed("revoke", certs, "nobody")
    assert files(certs) == before


def test_revoke_with_a_broken_neighbour(cert, certs):
    (certs / "authorized_clients/a.key").write_text("nonsense here\n")
    outcome = cert("revoke", certs, "client")
    assert outcome.status == 0 and "a.key" in outcome.err
    assert not (certs / "authorized_clients/client.key").exists()


def test_revoked_before_it_is_removed(certs, tmp_path):
    """At each point at which the tool can be killed, the key is in one of the two directories."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    log = tmp_path / "strace"
    strace(["-o", log, "-e", "trace=renameat,renameat2,unlinkat,fsync"],
           ["revoke", certs, "client"], check=True)
    calls = [line.split("(")[0] for line in log.read_text().splitlines() if " = 0" in line]
    assert calls.index("renameat2") < calls.index("unlinkat")
    assert calls[calls.index("renameat2") - 1] == "fsync"
    assert calls[calls.index("renameat2") + 1] == "fsync"


# list and show

def test_list(cert, certs):
    cert.done("new", certs, "alice", "--meta", "expires=2099-01-01T00:00:00Z",
              "--meta", "endpoints=tcp://*:1", "--meta", "addresses=192.0.2.1")
    cert.done("authorize", certs, certs / "alice.key")
    cert.done("revoke", certs, "client")
    top, rest = cert.done("list", certs).split("Authorized to connect\n")
    authorized, revoked = rest.split("Revoked\n")
    assert key_of(certs / "server.key") in top
    assert key_of(certs / "alice.key") in authorized
    assert "valid until 2099-01-01T00:00:00Z; endpoints: tcp://*:1; addresses: 192.0.2.1" in authorized
    assert key_of(certs / "client.key") in revoked


def test_hidden_files_count_for_nothing(cert, certs):
    """As in the shim: editors and copies in progress have such names."""
    (certs / "authorized_clients/client.key").rename(certs / "authorized_clients/.client.key")
    assert "Authorized to connect\n  none\n" in cert.done("list", certs)
    assert "authorises nobody" in cert.done("verify", certs)


def test_show(cert, certs):
    out = cert.done("show", certs / "client.key_secret")
    assert key_of(certs / "client.key") in out
    assert "SHA256:" in out and "name = client" in out and "in this file (not shown)" in out
    assert out.splitlines()[1:3] == cert.done("show", certs / "client.key").splitlines()[1:3]


def test_show_writes_nothing_that_acts_on_a_terminal(cert, certs, tmp_path):
    (tmp_path / "evil.key").write_text(
        f'metadata\n    name = "\x1b[2Jx"\ncurve\n    public-key = "{key_of(certs / "client.key")}"\n')
    out = cert.done("show", "evil.key")
    assert "\x1b" not in out and "\\x1b[2Jx" in out
    shutil.copy(tmp_path / "evil.key", certs / "authorized_clients/evil.key")
    assert "\x1b" not in cert.done("list", certs)


def test_no_secret_is_ever_printed(cert, certs):
    secrets = [key_of(certs / name, "secret") for name in ("client.key_secret", "server.key_secret")]
    (certs / "client.key_secret").chmod(0o644)
    (certs / "copy.key_secret").write_text((certs / "client.key_secret").read_text()
                                           .replace("secret-key", "secret-key ="))
    shutil.copy(certs / "server.key_secret", certs / "authorized_clients/s.key")
    said = ""
    for arguments in (("list", certs), ("verify", certs), ("show", certs / "client.key_secret"),
                      ("show", certs / "copy.key_secret"), ("init", certs),
                      ("authorize", certs, certs / "copy.key_secret"),
                      ("rotate", certs, "client"), ("revoke", certs, "client")):
        said += cert(*arguments).all
    for secret in secrets:
        assert secret not in said and secret[:12] not in said


# verify

def problems(cert, certs, *words):
    out = cert.failed("verify", certs)
    found = [line for line in out.splitlines() if line.startswith("problem: ")]
    assert len(found) == 1, out
    for word in words:
        assert word in found[0]


def test_verify_syntax(cert, certs):
    (certs / "authorized_clients/x.key").write_text("curve\n    public-key = \"short\"\n")
    problems(cert, certs, "authorized_clients/x.key:2: ", "authorises nobody")


def test_verify_pairs_that_do_not_belong_together(cert, certs):
    text = (certs / "client.key_secret").read_text()
    (certs / "client.key_secret").write_text(
        text.replace(key_of(certs / "client.key"), key_of(certs / "server.key")))
    problems(cert, certs, "client.key_secret", "don't belong together", "curveshim-cert new")


def test_verify_files_that_do_not_belong_together(cert, certs):
    shutil.copy(certs / "server.key", certs / "client.key")
    problems(cert, certs, "client.key", "does not belong to", "curveshim-cert init")
    (certs / "client.key").unlink()
    cert.done("init", certs)
    assert "all is well" in cert.done("verify", certs)


@pytest.mark.parametrize("which", ["public", "secret"])
def test_verify_zero_keys(cert, certs, which):
    cert.done("new", certs, "alice")
    file = certs / "alice.key_secret"
    file.write_text(file.read_text().replace(key_of(file, which), "0" * 40))
    problems(cert, certs, "alice.key_secret:", "all zero")


@pytest.mark.parametrize("bits", [0o604, 0o620, 0o602])
def test_verify_secret_permissions(cert, certs, bits):
    (certs / "client.key_secret").chmod(bits)
    problems(cert, certs, "chmod 600 ")


@pytest.mark.parametrize("name", [".", "authorized_clients", "revoked"])
def test_verify_directory_permissions(cert, certs, name):
    (certs / name).chmod(0o777)
    problems(cert, certs, "chmod go-w")


def test_verify_authorized_and_revoked(cert, certs):
    shutil.copy(certs / "client.key", certs / "revoked/x.key")
    problems(cert, certs, "authorized_clients/client.key is revoked by", "revoked/x.key")


def test_verify_duplicates(cert, certs):
    shutil.copy(certs / "client.key", certs / "authorized_clients/x.key")
    problems(cert, certs, "client.key and x.key", "remove one")


@pytest.mark.parametrize("metadata,words", [
    ('expires = "2001-01-01T00:00:00Z"', "expired since"),
    ('expires = "soon"', "RFC 3339"),
    ('not-before = "soon"', "RFC 3339"),
    ('addresses = "here"', "here"),
    ('address = "10.0.0.1"', "write 'addresses'"),
])
def test_verify_metadata(cert, certs, metadata, words):
    file = certs / "authorized_clients/client.key"
    file.write_text(file.read_text().replace("metadata\n", f"metadata\n    {metadata}\n"))
    problems(cert, certs, "authorized_clients/client.key", words)


def test_verify_secrets_in_the_wrong_place(cert, certs):
    shutil.copy(certs / "server.key_secret", certs / "authorized_clients/server.key")
    problems(cert, certs, "authorized_clients/server.key", "holds a secret key")
    (certs / "authorized_clients/server.key").unlink()
    shutil.copy(certs / "server.key_secret", certs / "authorized_clients")
    problems(cert, certs, "authorized_clients/server.key_secret", "does not belong here")


@pytest.mark.parametrize("text,words", [
    ("tcp://*  server.key\n# c\n\nipc://*  KEY\n*  sub/server.key\n", "certs/sub/server.key"),
    ("tcp://*\n", "known_servers:1: "),
    ("# c\ntcp://*  server.key  # c\n", "known_servers:2: "),
    ("tcp://*  " + "0" * 40 + "\n", "protects nothing"),
])
def test_verify_known_servers(cert, certs, text, words):
    file = certs / "known_servers"
    file.write_text(text.replace("KEY", key_of(certs / "server.key")))
    problems(cert, certs, words)


def test_verify_good_known_servers(cert, certs):
    (certs / "known_servers").write_text(
        f"# mine\n\ntcp://*:5555  server.key\nipc://*\t{key_of(certs / 'server.key')}\n")
    (certs / "server.key").rename(certs / "other.key")
    (certs / "known_servers").write_text("tcp://*  other.key\n")
    assert "all is well" in cert.done("verify", certs)


def test_verify_roles(cert, certs, tmp_path):
    (certs / "server.key").unlink()
    (certs / "server.key_secret").unlink()
    problems(cert, certs, "server.key", "every connect is refused")
    (tmp_path / "empty").mkdir()
    problems(cert, tmp_path / "empty", "curveshim-cert init")


# rotate

def keys_in(directory):
    return {key_of(path) for path in directory.glob("*.key")}


def test_rotate(cert, certs):
    cert.done("new", certs, "alice", "--meta", "addresses=192.0.2.1")
    cert.done("authorize", certs, certs / "alice.key")
    cert.done("revoke", certs, "client")
    before = files(certs)
    old = key_of(certs / "alice.key")
    cert.done("rotate", certs, "alice")
    new = key_of(certs / "alice.key")
    assert new != old and key_of(certs / "alice.key_secret") == new
    assert keys_in(certs / "authorized_clients") == {old, new}
    for file in (certs / "authorized_clients").iterdir():
        assert '    addresses = "192.0.2.1"\n' in file.read_text()
    assert mode(certs / "alice.key_secret") == mode(certs / "alice.superseded.key_secret") == 0o600
    assert key_of(certs / "alice.superseded.key_secret", "secret").encode() in \
        before["alice.key_secret"]
    assert "all is well" in cert.done("verify", certs)
    assert "--finish" in cert.failed("rotate", certs, "alice")
    cert.done("rotate", certs, "alice", "--finish")
    assert keys_in(certs / "authorized_clients") == {new}
    assert old not in keys_in(certs / "revoked")
    assert {path.name for path in certs.glob("alice*")} == {"alice.key", "alice.key_secret"}
    assert "no rotation" in cert.failed("rotate", certs, "alice", "--finish")


def test_rotate_again_and_again(cert, certs):
    for _ in range(4):
        cert.done("rotate", certs, "client")
        cert.done("rotate", certs, "client", "--finish", "--revoke")
        assert keys_in(certs / "authorized_clients") == {key_of(certs / "client.key")}
        assert "all is well" in cert.done("verify", certs)
    assert len(keys_in(certs / "revoked")) == 4


def test_rotate_the_server(cert, certs):
    assert "EVERY CLIENT NEEDS THE NEW PUBLIC KEY" in cert.done("rotate", certs, "server")
    assert len(keys_in(certs / "authorized_clients")) == 1
    cert.done("rotate", certs, "server", "--finish")


def test_rotate_does_not_authorize_who_was_not(cert, certs):
    cert.done("new", certs, "alice")
    assert "NOT authorized here" in cert.done("rotate", certs, "alice")
    assert len(keys_in(certs / "authorized_clients")) == 1


def test_rotation_revoked_by_name_shuts_out_both(cert, certs):
    cert.done("rotate", certs, "client")
    cert.done("revoke", certs, "client")
    assert keys_in(certs / "authorized_clients") == set()
    assert len(keys_in(certs / "revoked")) == 2


def test_rotate_finish_never_shuts_the_holder_out(cert, certs):
    cert.done("rotate", certs, "client")
    for file in (certs / "authorized_clients").iterdir():
        if key_of(file) == key_of(certs / "client.key"):
            file.unlink()
    assert "curveshim-cert authorize" in cert.failed("rotate", certs, "client", "--finish")
    assert (certs / "client.superseded.key_secret").exists()


def test_rotate_nobody(cert, certs):
    assert "no such pair" in cert.failed("rotate", certs, "nobody")


# Whatever happens

@pytest.mark.parametrize("step", ["init", "new", "rotate", "finish", "revoke"])
def test_killed_at_any_moment(cert, certs, tmp_path, step):
    """Ends the tool before each of its system calls that change the directory. What is left is
    valid, and the same command completes it."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    arguments = {"init": ["init", "work"], "new": ["new", "work", "alice"],
                 "rotate": ["rotate", "work", "client"],
                 "finish": ["rotate", "work", "client", "--finish", "--revoke"],
                 "revoke": ["revoke", "work", "client"]}[step]
    if step == "finish":
        cert.done("rotate", certs, "client")
    work = tmp_path / "work"
    call = "openat,mkdirat,fsync,renameat,renameat2,unlinkat,fchmod,write"
    for n in range(1, 400):
        shutil.rmtree(work, ignore_errors=True)
        if step != "init":
            shutil.copytree(certs, work)
        result = strace(["-o", tmp_path / "log", "-e", f"trace={call}",
                         "-e", f"inject={call}:signal=KILL:when={n}"], arguments, cwd=tmp_path)
        if result.returncode == 0:
            break
        assert result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), result
        if not work.exists():
            continue
        check_killed(cert, work, step)
    else:
        pytest.fail("it never got to its end")
    assert n > 10


def check_killed(cert, work, step):
    for path in work.rglob("*"):
        if "secret" in path.name:
            assert mode(path) == 0o600
        if path.is_file() and path.name.endswith((".key", ".key_secret")):
            key_of(path)
    if step == "new":
        left = (work / "alice.key_secret").exists()
        assert cert("new", "work", "alice").status == (1 if left else 0)
        cert.done("init", "work")
        assert (work / "alice.key").exists()
    elif step == "init":
        cert.done("init", "work")
        assert set(files(work)) == LAYOUT
    elif step == "revoke":
        assert key_of(work / "client.key") in keys_in(work / "authorized_clients") | \
            keys_in(work / "revoked")
        cert.done("revoke", "work", "client")
        assert keys_in(work / "authorized_clients") == set()
    else:
        assert key_of(work / "client.key_secret") in keys_in(work / "authorized_clients")
        if step == "rotate":
            cert("rotate", "work", "client")
            assert key_of(work / "client.key") == key_of(work / "client.key_secret")
            assert len(keys_in(work / "authorized_clients")) == 2
        cert("rotate", "work", "client", "--finish", "--revoke")
        assert keys_in(work / "authorized_clients") == {key_of(work / "client.key_secret")}
        assert {path.name for path in work.glob("client*")} == {"client.key", "client.key_secret"}
    outcome = cert("verify", "work")
    assert outcome.status == 0, outcome
    assert [path for path in work.rglob(".*")] == []


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
