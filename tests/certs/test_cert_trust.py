"""Which server is expected where: trust."""

import os

import pytest
from certtool import files, key_of, mode


@pytest.fixture
def keys(cert, certs, tmp_path):
    """Three servers' certificates."""
    made = []
    for n in range(3):
        cert.done("new", certs, f"server-{n}")
        (certs / f"server-{n}.key").rename(tmp_path / f"server-{n}.key")
        (certs / f"server-{n}.key_secret").unlink()
        made.append(tmp_path / f"server-{n}.key")
    return made


def test_the_first_one_puts_the_list_in_force(cert, certs, keys):
    said = cert.done("trust", certs, "tcp://host:5555", keys[0])
    assert "in force now" in said
    assert (certs / "known_servers").read_text() == f"tcp://host:5555  {key_of(keys[0])}\n"
    assert mode(certs / "known_servers") == 0o644
    assert "in force" not in cert.done("trust", certs, "tcp://other:*", key_of(keys[1]))
    assert (certs / "known_servers").read_text().splitlines()[1] == \
        f"tcp://other:*  {key_of(keys[1])}"
    assert "all is well" in cert.done("verify", certs)


def test_known_already(cert, certs, keys):
    (certs / "mine.key").write_bytes(keys[0].read_bytes())
    (certs / "known_servers").write_text(f"tcp://a:*  mine.key\ntcp://b:1 {key_of(keys[1])}")
    before = files(certs)
    for endpoint, key in (("tcp://a:*", 0), ("tcp://a:5", 0), ("tcp://b:1", 1)):
        assert "known already" in cert.done("trust", certs, endpoint, keys[key])
    assert files(certs) == before


def test_another_key_is_refused_and_replaced_when_told_to(cert, certs, keys):
    text = f"# ours\n\ntcp://a:*\t{key_of(keys[0])}  \r\n# all others\n* {key_of(keys[1])}"
    known = certs / "known_servers"
    known.write_text(text, newline="")
    assert "known_servers:3" in cert.failed("trust", certs, "tcp://a:*", keys[2])
    assert "'tcp://a:*' comes first" in cert.failed("trust", certs, "tcp://a:1", keys[2])
    assert "known_servers:5: '*' comes first" in cert.failed("trust", certs, "tcp://b:1", keys[2])
    assert known.read_bytes() == text.encode()
    cert.done("trust", certs, "tcp://a:*", keys[2], "--replace")
    cert.done("trust", certs, "tcp://b:1", keys[2], "--replace")
    assert known.read_text() == (f"# ours\n\ntcp://a:*  {key_of(keys[2])}\n# all others\n"
                                 f"tcp://b:1  {key_of(keys[2])}\n* {key_of(keys[1])}")
    cert.done("trust", certs, "*", keys[0], "--replace")
    assert known.read_text().endswith(f"\n*  {key_of(keys[0])}\n")


def test_a_line_that_cannot_be_read_can_be_replaced(cert, certs, keys):
    (certs / "known_servers").write_text("tcp://a:1 gone.key\n")
    assert "known_servers:1" in cert.failed("trust", certs, "tcp://a:1", keys[0])
    cert.done("trust", certs, "tcp://a:1", keys[0], "--replace")
    assert (certs / "known_servers").read_text() == f"tcp://a:1  {key_of(keys[0])}\n"


@pytest.mark.parametrize("endpoint", ["host:5555", "tcp://a b:1", "#tcp://a:1", "tcp://a\n:1", "",
                                      "tcp://" + "a" * 1100])
def test_what_no_line_can_say(cert, certs, keys, endpoint):
    cert.failed("trust", certs, endpoint, keys[0])
    assert not (certs / "known_servers").exists()


def test_what_is_no_key(cert, certs, keys):
    for value in ("missing.key", "0" * 40, certs):
        cert.failed("trust", certs, "tcp://a:1", value)
    cert.usage("trust", certs, "tcp://a:1")
    assert not (certs / "known_servers").exists()


@pytest.mark.parametrize("text", [b"one two three\n", b"one\n", b"a\0b c\n"])
def test_a_malformed_list_is_left_alone(cert, certs, keys, text):
    (certs / "known_servers").write_bytes(text)
    assert "known_servers:1" in cert.failed("trust", certs, "tcp://a:1", keys[0], "--replace")
    assert (certs / "known_servers").read_bytes() == text


def test_a_link_is_not_replaced_by_a_file(cert, certs, keys, tmp_path):
    os.symlink(tmp_path / "elsewhere", certs / "known_servers")
    assert "is a link" in cert.failed("trust", certs, "tcp://a:1", keys[0])
    assert not (tmp_path / "elsewhere").exists()
