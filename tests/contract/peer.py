"""A peer without the shim, in the test's own process: by hand with CURVE, or in clear."""

import zmq


class Peers:
    def __init__(self):
        self.context = zmq.Context()
        # pyzmq closes what nobody refers to.
        self.sockets = []

    def socket(self, kind, **options):
        made = self.context.socket(getattr(zmq, kind))
        made.linger = 0
        made.rcvtimeo = made.sndtimeo = 20000
        for name, value in options.items():
            setattr(made, name, value)
        self.sockets.append(made)
        return made

    def client(self, kind, endpoint, keys, server, **options):
        made = self.socket(kind, **options)
        made.curve_publickey = keys.public.encode()
        made.curve_secretkey = keys.secret.encode()
        made.curve_serverkey = server.encode()
        made.connect(endpoint)
        return made

    def server(self, kind, keys, endpoint="tcp://127.0.0.1:*", **options):
        made = self.socket(kind, **options)
        made.curve_server = True
        made.curve_secretkey = keys.secret.encode()
        made.bind(endpoint)
        return made

    def clear(self):
        self.context.destroy(0)


def where(socket):
    return socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()


def gets(socket, patience):
    """The next message as text, None if there is none within so many seconds."""
    return socket.recv().decode() if socket.poll(int(patience * 1000)) else None
