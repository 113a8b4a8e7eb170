"""A recording relay: what two peers say to each other, byte by byte.

It listens where the connecting agent connects, and forwards to the binding agent, over tcp
or over a UNIX socket."""

import contextlib
import dataclasses
import socket
import threading


@dataclasses.dataclass
class Conversation:
    connector: bytearray = dataclasses.field(default_factory=bytearray)
    binder: bytearray = dataclasses.field(default_factory=bytearray)


def parse_endpoint(endpoint):
    """(address family, address) of a tcp:// or ipc:// endpoint."""
    transport, address = endpoint.split("://", 1)
    if transport == "ipc":
        return socket.AF_UNIX, address
    host, port = address.rsplit(":", 1)
    if host.startswith("["):
        return socket.AF_INET6, (host.strip("[]"), int(port))
    return socket.AF_INET, (host, int(port))


def listen_beside(family, address):
    """A listener of the same kind as the target, and its ZeroMQ endpoint."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_UNIX:
        path = f"{address}.relay"
        listener.bind(path)
        endpoint = f"ipc://{path}"
    elif family == socket.AF_INET6:
        listener.bind(("::1", 0))
        endpoint = f"tcp://[::1]:{listener.getsockname()[1]}"
    else:
        listener.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    listener.listen(16)
    return listener, endpoint


class Relay:
    """`endpoint` is where to connect instead of `target`."""

    def __init__(self, target):
        self.conversations = []
        self._family, self._target = parse_endpoint(target)
        self._listener, self.endpoint = listen_beside(self._family, self._target)
        self._sockets = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                connector, _ = self._listener.accept()
            except OSError:
                return
            binder = socket.socket(self._family, socket.SOCK_STREAM)
            try:
                binder.connect(self._target)
            except OSError:
                connector.close()
                binder.close()
                continue
            conversation = Conversation()
            self.conversations.append(conversation)
            self._sockets += [connector, binder]
            self._pump(connector, binder, conversation.connector)
            self._pump(binder, connector, conversation.binder)

    def _pump(self, source, sink, record):
        thread = threading.Thread(target=pump, args=(source, sink, record), daemon=True)
        self._threads.append(thread)
        thread.start()

    def bytes_seen(self):
        """Everything, in both directions, of all connections."""
        return b"".join(bytes(c.connector) + bytes(c.binder) for c in list(self.conversations))

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for side in self._sockets:
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        for side in self._sockets:
            side.close()


def pump(source, sink, record):
    try:
        while data := source.recv(65536):
            # Recorded first: who has received something can rely on finding it here.
            record += data
            sink.sendall(data)
    except OSError:
        pass
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
