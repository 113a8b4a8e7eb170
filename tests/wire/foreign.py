"""Servers that are not what a ZeroMQ client expects, on a port of their own."""

import contextlib
import socket
import threading

SIGNATURE = b"\xff\0\0\0\0\0\0\0\1\x7f"


def greeting(mechanism, major=3):
    return SIGNATURE + bytes([major, 0]) + mechanism.ljust(20, b"\0") + b"\0" + bytes(31)


def command(name, body=b""):
    payload = bytes([len(name)]) + name + body
    return bytes([4, len(payload)]) + payload


HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
NULL = greeting(b"NULL") + command(b"READY", b"\x0bSocket-Type\0\0\0\x04PULL")
PLAIN = greeting(b"PLAIN")
OLD = SIGNATURE + b"\1\7"
ERROR_400 = greeting(b"CURVE") + command(b"ERROR", b"\x03400")
ERROR_500 = greeting(b"CURVE") + command(b"ERROR", b"\x03500")
OVERSIZED = greeting(b"CURVE") + b"\6" + (1 << 30).to_bytes(8, "big") + b"\7WELCOME"


class Foreign:
    """Answers each connection with the same bytes and remembers what it was sent."""

    def __init__(self, answer, port=0):
        self.answer = answer
        self.connections = []
        self.enough = threading.Semaphore(0)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        received = bytearray()
        self.connections.append(received)
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            connection.sendall(self.answer)
            while data := connection.recv(4096):
                received += data
        self.enough.release()

    def wait_for(self, count, patience=20):
        for _ in range(count):
            assert self.enough.acquire(timeout=patience), f"only {len(self.connections)} attempts"

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
