"""A peer that speaks ZMTP in clear, by hand: what a process sends it is all that left."""

import socket
import threading

SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
GREETINGS = {
    "zmtp-3": SIGNATURE + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32),
    # A peer without mechanisms: everything after the version is socket type, identity, messages.
    "zmtp-2": SIGNATURE + b"\x01\x03" + b"\x00\x00",
    "zmtp-1": b"\x01\x00",
}
PATIENCE = 30


def converse(connection, greeting):
    """Greets, and returns all that comes until the other side ends it."""
    connection.settimeout(PATIENCE)
    heard = b""
    try:
        connection.sendall(greeting)
        while data := connection.recv(65536):
            heard += data
    except (ConnectionResetError, BrokenPipeError):
        pass
    return heard


def visit(endpoint, greeting):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        return converse(connection, greeting)


class Listener:
    """Greets whoever connects; `heard` has what each said, once it is over."""

    def __init__(self, greeting):
        self.greeting = greeting
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
                self.heard.append(converse(connection, self.greeting))

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join()
