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
    old = key_of(certs / "server.key")
    for _ in range(2):
        assert "restart the programs that bind" in cert.done("rotate", certs, "server")
        assert "rotation is prepared" in cert.done("verify", certs)
    new = key_of(certs / "server.next.key")
    assert key_of(certs / "server.next.key_secret") == new
    assert mode(certs / "server.next.key_secret") == 0o600
    assert key_of(certs / "server.key") == key_of(certs / "server.key_secret") == old
    assert "--switch" in cert.failed("rotate", certs, "server", "--finish")
    assert "EVERY CLIENT NEEDS THE NEW PUBLIC KEY" in \
        cert.done("rotate", certs, "server", "--switch")
    assert key_of(certs / "server.key") == key_of(certs / "server.key_secret") == new
    assert key_of(certs / "server.superseded.key_secret") == old
    assert not list(certs.glob("*.next.*"))
    for step in ([], ["--prepare"], ["--switch"]):
        assert "--finish" in cert.failed("rotate", certs, "server", *step)
    cert.done("rotate", certs, "server", "--finish")
    assert {path.name for path in certs.glob("server*")} == {"server.key", "server.key_secret"}
    assert len(keys_in(certs / "authorized_clients")) == 1
    assert "all is well" in cert.done("verify", certs)


def test_the_old_key_is_marked_once_the_new_one_is_in_use(cert, certs):
    def marked():
        return {key_of(path) for path in (certs / "authorized_clients").iterdir()
                if "    superseded = " in path.read_text()}
    old = key_of(certs / "client.key")
    cert.done("rotate", certs, "client", "--prepare")
    new = key_of(certs / "client.next.key")
    assert keys_in(certs / "authorized_clients") == {old, new} and marked() == set()
    cert.done("rotate", certs, "client")
    assert key_of(certs / "client.key") == new
    assert marked() == {old}
    assert "superseded by a newer key since 2" in cert.done("list", certs)
    # A run that was cut short before the mark.
    for path in (certs / "authorized_clients").iterdir():
        path.write_text("".join(line for line in path.read_text().splitlines(True)
                                if "superseded" not in line))
    cert.failed("rotate", certs, "client")
    assert marked() == {old}
    cert.done("rotate", certs, "client", "--finish")
    assert keys_in(certs / "authorized_clients") == {new} and marked() == set()


def test_rotate_a_client_whose_pair_is_elsewhere(cert, certs, tmp_path):
    there = tmp_path / "there"
    cert.done("init", there)
    cert.done("authorize", certs, there / "client.key", "--meta", "addresses=192.0.2.1")
    old = key_of(there / "client.key")
    mine = keys_in(certs / "authorized_clients") - {old}
    cert.done("rotate", there, "client", "--prepare")
    new = key_of(there / "client.next.key")
    assert "revoke the one" in cert.failed("rotate", certs, "client", "--to",
                                           there / "client.next.key")
    cert.done("revoke", certs, mine.pop())
    for _ in range(2):
        cert.done("rotate", certs, "client", "--to", there / "client.next.key")
        assert keys_in(certs / "authorized_clients") == {old, new}
        for path in (certs / "authorized_clients").iterdir():
            assert '    addresses = "192.0.2.1"\n' in path.read_text()
            assert ("    superseded = " in path.read_text()) == (key_of(path) == old)
    cert.done("rotate", there, "client", "--switch")
    assert key_of(there / "client.key") == new
    for file in certs.glob("client*"):
        file.unlink()
    cert.done("rotate", certs, "client", "--finish")
    assert keys_in(certs / "authorized_clients") == {new}
    assert "no rotation" in cert.failed("rotate", certs, "client", "--finish")
    cert.done("rotate", there, "client", "--finish")


def test_rotate_to_the_key_of_nobody(cert, certs, tmp_path):
    there = tmp_path / "there"
    cert.done("init", there)
    assert "nobody of this name" in cert.failed("rotate", certs, "anna", "--to",
                                                there / "client.key")
    cert.done("revoke", certs, there / "client.key")
    assert "was revoked" in cert.failed("rotate", certs, "client", "--to", there / "client.key")
    assert len(keys_in(certs / "authorized_clients")) == 1
    assert "only one of" in cert.usage("rotate", certs, "client", "--to", "x", "--finish")


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
