"""Certificates as files, written here byte by byte: what is wrong with one is up to the test."""

import dataclasses
import pathlib

import zmq


@dataclasses.dataclass(frozen=True)
class Pair:
    public: str
    secret: str


def pair():
    public, secret = zmq.curve_keypair()
    return Pair(public.decode(), secret.decode())


def text(keys, /, secret=False, **metadata):
    lines = ["metadata"]
    lines += [f'    {name.replace("_", "-")} = "{value}"' for name, value in metadata.items()]
    lines += ["curve", f'    public-key = "{keys.public}"']
    if secret:
        lines.append(f'    secret-key = "{keys.secret}"')
    return "\n".join(lines) + "\n"


def write(path, keys, /, **metadata):
    """Public certificate, put in place at once."""
    new = path.with_name(path.name + ".new")
    new.write_text(text(keys, **metadata), encoding="utf-8")
    new.rename(path)
    return path


def write_secret(path, keys, /, mode=0o600, **metadata):
    path.write_text(text(keys, secret=True, **metadata), encoding="utf-8")
    path.chmod(mode)
    return path


class Certificates:
    """What `curveshim-cert init` makes."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.server = pair()
        self.client = pair()
        self.path.mkdir(mode=0o755)
        self.path.chmod(0o755)
        self.authorized = self.path / "authorized_clients"
        self.revoked = self.path / "revoked"
        self.authorized.mkdir(mode=0o755)
        write(self.path / "server.key", self.server)
        write_secret(self.path / "server.key_secret", self.server)
        write(self.path / "client.key", self.client)
        write_secret(self.path / "client.key_secret", self.client)
        self.authorize("client", self.client)

    def __str__(self):
        return str(self.path)

    def authorize(self, name, keys, /, **metadata):
        return write(self.authorized / f"{name}.key", keys, **metadata)

    def revoke(self, name, keys):
        self.revoked.mkdir(mode=0o755, exist_ok=True)
        return write(self.revoked / f"{name}.key", keys)

    def secrets(self):
        return [self.server.secret, self.client.secret]
