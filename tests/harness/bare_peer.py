"""A peer that speaks ZMTP in clear, by hand: what a process sends it is all that left."""

import socket
import threading

SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
READY = b"\x05READY\x0bSocket-Type%s%s\x08Identity\x00\x00\x00\x00"
TEXT = b"words-in-clear-5d21e8"
MESSAGE = b"\x01\x00" + b"\x00" + bytes([len(TEXT)]) + TEXT


def greeting_3(mechanism):
    return SIGNATURE + b"\x03\x00" + mechanism.ljust(20, b"\0") + bytes(32)


def ready(socket_type):
    body = READY % (len(socket_type).to_bytes(4, "big"), socket_type)
    return b"\x04" + bytes([len(body)]) + body


# What a peer says without waiting for an answer: greeting, handshake, and a message.
SPEECHES = {
    "null": lambda socket_type: greeting_3(b"NULL") + ready(socket_type) + MESSAGE,
    # It is up to the agent to say its mechanism first.
    "waiting": lambda socket_type: SIGNATURE + b"\x03",
    # Peers without mechanisms: what follows the version is socket type, identity, and messages.
    "zmtp-2": lambda socket_type: SIGNATURE + b"\x01\x03" + b"\x00\x00" + MESSAGE,
    # No message: a ZMTP 1 peer that talks before the agent has said a byte can't be told from
    # other protocols (SECURITY.md).
    "zmtp-1": lambda socket_type: b"\x01\x00",
}
PATIENCE = 30


def converse(connection, speech, hangs_up_after=None):
    """Says it, and returns all that comes until the other side ends it, or has been silent for so
    many seconds."""
    connection.settimeout(hangs_up_after or PATIENCE)
    heard = b""
    try:
        connection.sendall(speech)
        while data := connection.recv(65536):
            heard += data
    except (ConnectionResetError, BrokenPipeError):
        pass
    except TimeoutError:
        if hangs_up_after is None:
            raise
    return heard


def visit(endpoint, speech, hangs_up_after=None):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        return converse(connection, speech, hangs_up_after)


class Listener:
    """Says the same to whoever connects; `heard` has what each said, once it is over."""

    def __init__(self, speech, hangs_up_after=None):
        self.speech = speech
        self.hangs_up_after = hangs_up_after
        self.heard = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.heard.append(converse(connection, self.speech, self.hangs_up_after))

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join()
