"""A man in the middle: a relay that sees frames and may do to them what it likes."""

import contextlib
import socket
import threading

from . import curve


class Man:
    """`endpoint` is where to connect instead of `target`. meddle(direction, number, frame) returns the
    bytes that go on in place of a frame, in a list (none: dropped); direction is "client" or "server",
    for who sent it. Number 0 is the greeting from byte 11 on: what is before goes on at once, because
    peers wait for one another there. What came in is in `passed`."""

    def __init__(self, target, meddle=None):
        host, port = target.removeprefix("tcp://").rsplit(":", 1)
        self.target = (host, int(port))
        self.meddle = meddle or (lambda direction, number, frame: [frame])
        self.passed = []
        self.connections = threading.Semaphore(0)
        self._sockets = []
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    def _start(self, function, *arguments):
        self._threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            self._sockets += [client, server]
            record = {"client": [], "server": []}
            self.passed.append(record)
            self._start(self._pump, "client", client, server, record["client"])
            self._start(self._pump, "server", server, client, record["server"])
            self.connections.release()

    def _pump(self, direction, source, sink, record):
        wire = curve.Wire(source, patience=None)
        with contextlib.suppress(OSError, curve.Ended):
            for size in (10, 1):
                sink.sendall(wire.take(size))
            for number in range(1 << 30):
                frame = raw_frame(wire) if number else wire.take(53)
                record.append(frame)
                for piece in self.meddle(direction, number, frame):
                    sink.sendall(piece)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self):
        for side in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for side in (self._listener, *self._sockets):
            side.close()


def raw_frame(wire):
    head = wire.take(1)
    size = wire.take(8 if head[0] & curve.zmtp.FLAG_LONG else 1)
    return head + size + wire.take(int.from_bytes(size, "big"))
