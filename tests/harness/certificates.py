"""Certificate directories, made with curveshim-cert as an operator would."""

import shutil
import subprocess

import pytest

from . import builds


def curveshim_cert(*arguments):
    if not builds.CURVESHIM_CERT.exists():
        pytest.skip(f"{builds.CURVESHIM_CERT} is not built")
    return subprocess.run([str(builds.CURVESHIM_CERT), *map(str, arguments)], check=True,
                          capture_output=True, text=True)


def make(directory):
    curveshim_cert("init", directory)
    return directory


def make_stranger(directory, certs):
    """The right server key, but a key pair that nobody authorised."""
    make(directory)
    shutil.copy(certs / "server.key", directory / "server.key")
    return directory


def make_misled(directory, certs):
    """The authorised key pair, but the key of another server."""
    make(directory)
    for name in ("client.key", "client.key_secret"):
        shutil.copy(certs / name, directory / name)
    return directory


def public_key(file):
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.strip().partition("=")
        if name.strip() == "public-key":
            return value.strip().strip('"')
    raise AssertionError(f"{file} has no public-key")
