"""CurveZMQ (ZeroMQ RFC 26) by hand, over a plain socket, so that every step of it can be done wrongly.

Written for attacks: nothing here checks what an honest peer would check."""

import os
import socket

from nacl import bindings
from zmq.utils import z85

from harness import zmtp

SIGNATURE = b"\xff" + bytes(7) + b"\1\x7f"


def key(text):
    return z85.decode(text.encode())


def text(raw):
    return z85.encode(raw).decode()


def greeting(mechanism=b"CURVE", as_server=0, major=3, minor=1):
    return (b"\xff" + bytes(8) + b"\x7f" + bytes([major, minor]) + mechanism.ljust(20, b"\0")
            + bytes([as_server]) + bytes(31))


def command(name, body=b""):
    body = bytes([len(name)]) + name + body
    if len(body) < 256:
        return bytes([4, len(body)]) + body
    return b"\6" + len(body).to_bytes(8, "big") + body


def message(body):
    """The frame of a MESSAGE: libzmq marks it as an ordinary one."""
    body = b"\7MESSAGE" + body
    if len(body) < 256:
        return bytes([0, len(body)]) + body
    return b"\2" + len(body).to_bytes(8, "big") + body


def property_of(name, value):
    return bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value


class Ended(Exception):
    """The peer has closed the connection; what it had said before."""


class Wire:
    """A connection, frame by frame."""

    def __init__(self, connection, patience=20):
        self.socket = connection
        self.socket.settimeout(patience)
        self.received = bytearray()

    @classmethod
    def to(cls, endpoint, patience=20):
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        return cls(socket.create_connection((host, int(port))), patience)

    def send(self, data):
        self.socket.sendall(data)

    def take(self, size):
        while len(self.received) < size:
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                raise Ended(bytes(self.received))
            self.received += more
        taken = bytes(self.received[:size])
        del self.received[:size]
        return taken

    def greeting(self):
        return self.take(zmtp.GREETING_SIZE)

    def frame(self):
        """(flags, body)."""
        flags = self.take(1)[0]
        size = int.from_bytes(self.take(8 if flags & zmtp.FLAG_LONG else 1), "big")
        return flags, self.take(size)

    def is_ended(self):
        """Awaits the end of the connection; what was said until then, None if it goes on."""
        said = bytes(self.received)
        try:
            while more := self.socket.recv(65536):
                said += more
        except TimeoutError:
            return None
        except ConnectionError:
            pass
        return said

    def close(self):
        self.socket.close()


class Client:
    """The client's side of a handshake. Anything may be set to something else before it is used."""

    def __init__(self, wire, server, public=None, secret=None):
        self.wire = wire
        self.server = key(server)
        if public is None:
            self.public, self.secret = bindings.crypto_box_keypair()
        else:
            self.public, self.secret = key(public), key(secret)
        self.short_public, self.short_secret = bindings.crypto_box_keypair()
        self.server_short = self.cookie = None
        self.sent = self.heard = 0

    def nonce(self):
        self.sent += 1
        return self.sent.to_bytes(8, "big")

    def hello(self, signature=None):
        nonce = self.nonce()
        if signature is None:
            signature = bindings.crypto_box(bytes(64), b"CurveZMQHELLO---" + nonce, self.server,
                                            self.short_secret)
        return command(b"HELLO", b"\1\0" + bytes(72) + self.short_public + nonce + signature)

    def welcomed(self, body):
        """Takes a WELCOME: a box with the server's short-term key and its cookie."""
        assert body.startswith(b"\7WELCOME"), body[:16]
        plain = bindings.crypto_box_open(body[24:], b"WELCOME-" + body[8:24], self.server,
                                         self.short_secret)
        self.server_short, self.cookie = plain[:32], plain[32:]

    def vouch(self):
        nonce = os.urandom(16)
        return nonce + bindings.crypto_box(self.short_public + self.server, b"VOUCH---" + nonce,
                                           self.server_short, self.secret)

    def initiate(self, metadata=None, vouch=None):
        if metadata is None:
            metadata = property_of(b"Socket-Type", b"PUSH")
        nonce = self.nonce()
        plain = self.public + (vouch or self.vouch()) + metadata
        box = bindings.crypto_box(plain, b"CurveZMQINITIATE" + nonce, self.server_short,
                                  self.short_secret)
        return command(b"INITIATE", self.cookie + nonce + box)

    def message(self, payload, flags=0):
        nonce = self.nonce()
        return message(nonce + bindings.crypto_box(bytes([flags]) + payload,
                                                   b"CurveZMQMESSAGEC" + nonce, self.server_short,
                                                   self.short_secret))

    def start(self):
        """As far as the server's WELCOME."""
        self.wire.send(greeting())
        self.wire.greeting()
        self.wire.send(self.hello())
        self.welcomed(self.wire.frame()[1])

    def handshake(self, metadata=None):
        """To the READY; the body of whatever came instead."""
        self.start()
        self.wire.send(self.initiate(metadata))
        body = self.wire.frame()[1]
        return None if body.startswith(b"\5READY") else body
