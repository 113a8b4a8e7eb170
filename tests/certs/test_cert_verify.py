"""What verify finds."""

import shutil

import pytest

from certtool import key_of


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
