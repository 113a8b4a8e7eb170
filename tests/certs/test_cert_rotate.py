"""Two keys for a while: rotate."""

from certtool import files, key_of, keys_in, mode


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
