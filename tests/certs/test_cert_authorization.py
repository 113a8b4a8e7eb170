"""Who may connect: authorize, revoke, list, show."""

import os
import shutil

import pytest
from zmq.utils import z85

from certtool import files, key_of, mode, strace


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
