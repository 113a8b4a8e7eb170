"""Certificates go to and fro between curveshim-cert, pyzmq and czmq."""

import pytest
import zmq
import zmq.auth

from certtool import key_of, mode

METADATA = {"name": "alice # 1", "note": "it's = here", "quote": 'say "x" # y', "email": "a@b"}


def meta_arguments():
    return [argument for name, value in METADATA.items() for argument in ("--meta", f"{name}={value}")]


# Ours, read by pyzmq

def test_pyzmq_loads_ours(cert, certs):
    cert.done("new", certs, "alice", *meta_arguments())
    public, secret = zmq.auth.load_certificate(certs / "alice.key_secret")
    assert zmq.curve_public(secret) == public
    assert zmq.auth.load_certificate(certs / "alice.key") == (public, None)


def test_pyzmq_loads_our_directory(cert, certs):
    cert.done("new", certs, "alice")
    cert.done("authorize", certs, certs / "alice.key")
    keys = [key_of(certs / name).encode() for name in ("alice.key", "client.key")]
    assert sorted(zmq.auth.load_certificates(certs / "authorized_clients")) == sorted(keys)


# pyzmq's, read by us

def test_we_read_what_pyzmq_writes(cert, certs, tmp_path):
    public_file, secret_file = zmq.auth.create_certificates(
        tmp_path, "alice", metadata={"name": "Alice", "addresses": "192.0.2.0/24"})
    public, secret = zmq.auth.load_certificate(secret_file)
    for file in (public_file, secret_file):
        out = cert.done("show", file)
        assert public.decode() in out and secret.decode() not in out
    assert "name = Alice" in out
    assert "addresses = 192.0.2.0/24" in cert.done("authorize", certs, secret_file)
    assert key_of(certs / "authorized_clients/alice.key") == public.decode()


def test_pyzmq_secret_files_are_readable_by_all_and_verify_says_so(cert, certs):
    zmq.auth.create_certificates(certs, "alice")
    assert mode(certs / "alice.key_secret") & 0o044
    assert "chmod 600" in cert.failed("verify", certs)
    (certs / "alice.key_secret").chmod(0o600)
    assert "all is well" in cert.done("verify", certs)


def test_a_directory_made_by_pyzmq_is_completed(cert, tmp_path):
    certs = tmp_path / "certs"
    certs.mkdir()
    for name in ("server", "client"):
        zmq.auth.create_certificates(certs, name)
        (certs / f"{name}.key_secret").chmod(0o600)
    before = (certs / "client.key").read_bytes()
    cert.done("init", certs)
    assert (certs / "client.key").read_bytes() == before
    assert key_of(certs / "authorized_clients/client.key").encode() in before
    assert "all is well" in cert.done("verify", certs)


@pytest.mark.parametrize("attempt", range(20))
def test_any_pyzmq_key(cert, tmp_path, attempt):
    """Z85 has '#' and other characters that could mean something to a parser."""
    _, secret_file = zmq.auth.create_certificates(tmp_path, "alice")
    assert zmq.auth.load_certificate(secret_file)[0].decode() in cert.done("show", secret_file)


# czmq, both ways

def test_czmq_loads_ours(cert, certs, zcert):
    cert.done("new", certs, "alice", *meta_arguments())
    public, secret, *values = zcert("load", certs / "alice.key", *METADATA)
    assert public == key_of(certs / "alice.key_secret")
    assert secret == key_of(certs / "alice.key_secret", "secret")
    assert values == list(METADATA.values())


def test_czmq_loads_the_longest_metadata_that_we_write(cert, certs, zcert):
    name, value = "n" * 64, "x" * 900
    cert.done("new", certs, "alice", "--meta", f"{name}={value}")
    assert zcert("load", certs / "alice.key", name)[2] == value


def test_czmq_loads_what_we_authorize(cert, certs, zcert):
    public, secret, name = zcert("load", certs / "authorized_clients/client.key", "name")
    assert public == key_of(certs / "client.key") and secret == "0" * 40 and name == "client"


@pytest.mark.parametrize("file", ["alice.key", "alice", "alice.cert"])
def test_we_read_what_czmq_writes(cert, certs, zcert, tmp_path, file):
    zcert("make", tmp_path / file, "name", "Alice # 1", "endpoints", "tcp://*:5555")
    public, secret = zcert("load", tmp_path / file)
    for name in (file, file + "_secret"):
        out = cert.done("show", name)
        assert public in out and secret not in out and "name = Alice # 1" in out
    assert "endpoints = tcp://*:5555" in cert.done("authorize", certs, file)
    assert public in cert.done("list", certs)


def test_a_pair_of_czmq_in_the_directory(cert, certs, zcert):
    zcert("make", certs / "alice.key", "name", "Alice")
    assert mode(certs / "alice.key_secret") == 0o600
    assert "all is well" in cert.done("verify", certs)
    old = key_of(certs / "alice.key")
    cert.done("authorize", certs, certs / "alice.key")
    cert.done("rotate", certs, "alice")
    assert zcert("load", certs / "alice.key", "name")[2] == "Alice"
    assert zcert("load", certs / "alice.superseded.key")[0] == old


# To and fro

def test_from_czmq_through_us_to_pyzmq_and_back(cert, certs, zcert, tmp_path):
    zcert("make", tmp_path / "alice.key", "name", "Alice")
    cert.done("authorize", certs, "alice.key_secret")
    public, _ = zmq.auth.load_certificate(certs / "authorized_clients/alice.key")
    assert [public.decode()] == zcert("load", certs / "authorized_clients/alice.key")[:1]
