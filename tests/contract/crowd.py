"""Clients by hand that exchange numbered messages with a server until they are told to stop."""

import threading
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

WINDOW = 2
PAUSE = 0.02
TROUBLE = (zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
           | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH)


class Client:
    """Asks and counts; `text` of the answers is the question with whatever around it."""

    def __init__(self, crowd, keys, server, endpoint, kind=zmq.DEALER):
        self.crowd = crowd
        self.socket = crowd.context.socket(kind)
        self.socket.linger = 0
        self.socket.curve_publickey = keys.public.encode()
        self.socket.curve_secretkey = keys.secret.encode()
        self.socket.curve_serverkey = server.encode()
        self.monitor = self.socket.get_monitor_socket(TROUBLE)
        self.sent = self.received = 0
        self.wrong = []
        self.last = 0.0
        self.socket.connect(endpoint)

    def window(self):
        return 1 if self.socket.type == zmq.REQ else WINDOW

    def ask(self):
        """Whose connection has ended has nobody to ask, and would wait for ever."""
        while self.sent - self.received < self.window():
            try:
                self.socket.send(b"question %d." % self.sent, zmq.DONTWAIT)
            except zmq.Again:
                return
            self.sent += 1

    def take(self):
        answer = self.socket.recv()
        self.last = time.monotonic()
        if b"question %d." % self.received not in answer:
            self.wrong.append((self.received, answer))
        self.received += 1

    def trouble(self):
        found = []
        while self.monitor.poll(0):
            found.append(recv_monitor_message(self.monitor))
        return found


class Crowd(threading.Thread):
    """All of them in one thread; those that `may_stall` are not waited for at the end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.context = zmq.Context()
        self.clients = []
        self.may_stall = set()
        self.failure = None
        self.lag = 0.0  # the longest that an answer may have waited to be taken
        self._stopping = False

    def add(self, keys, server, endpoint, kind=zmq.DEALER):
        self.clients.append(Client(self, keys, server, endpoint, kind))
        return self.clients[-1]

    def run(self):
        try:
            self._run()
        except Exception as failed:  # told by whoever joins
            self.failure = failed

    def _run(self):
        poller = zmq.Poller()
        for client in self.clients:
            poller.register(client.socket, zmq.POLLIN)
        by_socket = {client.socket: client for client in self.clients}
        last = time.monotonic()
        while not self._stopping or self._outstanding():
            last, before = time.monotonic(), last
            self.lag = max(self.lag, last - before)
            for client in self.clients:
                if not self._stopping:
                    client.ask()
            for socket, _ in poller.poll(100):
                by_socket[socket].take()
            time.sleep(PAUSE)

    def _outstanding(self):
        return time.monotonic() < self._end and any(
            c.sent > c.received for c in self.clients if c not in self.may_stall)

    def stop(self, patience=20):
        """Every question that was asked is waited for."""
        self._end = time.monotonic() + patience
        self._stopping = True
        self.join()
        if self.failure:
            raise self.failure

    def clear(self):
        self._end, self._stopping = 0, True
        if self.ident is not None:
            self.join()
        self.context.destroy(0)
