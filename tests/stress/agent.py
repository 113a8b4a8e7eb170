#!/usr/bin/python3
"""An agent of the stressed fleet, which knows nothing of security:
`agent.py NAME INCARNATION LOG TYPE bind|connect RATE PATIENCE ENDPOINT`.

A sender numbers its messages, each with a checksum; REP and ROUTER send what they get back. RATE is
per second; after PATIENCE ms without an answer (0: never) a REQ gives up and opens a new socket.
Signals: USR2 ends sending, HUP opens a new connection once all is answered, TERM ends the agent.
The log, a line per message, written at once so that it outlives a SIGKILL:
  S NUMBER                                  was sent
  R MS STREAM INCARNATION NUMBER CONNECTION was received
  X MS BYTES                                was received, and is not what anybody sent
  O                                         a socket was opened
stress_agent.c and agent.js are the same in C and for Node."""

import signal
import sys
import time

import zmq

MARK = b"STRESS-IN-CLEAR-7f3a9c"
SENDERS = ("PUSH", "PUB", "REQ", "DEALER")
ASKING = ("REQ", "DEALER")
TICK_MS = 50


def checksum(text):
    """FNV-1a, 32 bits."""
    value = 2166136261
    for byte in text:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def padding(number):
    return b"." * (4000 if number % 40 == 0 else number * 37 % 200)


def compose(stream, incarnation, number):
    what = b"%s %d %d %s" % (stream, incarnation, number, padding(number))
    return b"%s %08x %s" % (MARK, checksum(what), what)


class Agent:
    def __init__(self, name, incarnation, log, kind, how, rate, patience, endpoint):
        self.name, self.incarnation = name.encode(), int(incarnation)
        self.log = open(log, "ab", buffering=0)
        self.kind, self.how, self.endpoint = kind, how, endpoint
        self.rate, self.patience = float(rate), int(patience) / 1000
        self.context, self.socket = zmq.Context(), None
        self.number = self.outstanding = 0
        self.sends = kind in SENDERS
        self.stopped = self.again = False

    def note(self, text, *values):
        self.log.write(text % values + b"\n")

    def open(self):
        if self.socket:
            self.socket.close(linger=0)
        self.socket = self.context.socket(getattr(zmq, self.kind))
        if self.kind == "SUB":
            self.socket.subscribe(b"")
        (self.socket.bind if self.how == "bind" else self.socket.connect)(self.endpoint)
        self.outstanding = 0
        self.again = False
        self.note(b"O")

    def take(self, frames):
        message = frames[-1].bytes
        now = int(time.time() * 1000)
        parts = message.split(b" ", 5)
        if len(parts) != 6 or parts[0] != MARK or \
                parts[1] != b"%08x" % checksum(message[len(MARK) + 10:]):
            self.note(b"X %d %s", now, message[:100].hex().encode())
            return
        connection = frames[-1].get("__fd").encode()
        self.note(b"R %d %s %s %s %s", now, parts[2], parts[3], parts[4], connection)
        if self.kind in ("REP", "ROUTER"):
            self.socket.send_multipart([*(f.bytes for f in frames[:-1]), message], zmq.NOBLOCK)
        self.outstanding = max(0, self.outstanding - 1)

    def receive(self):
        while self.socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            self.take(self.socket.recv_multipart(copy=False))

    def send(self):
        message = compose(self.name, self.incarnation, self.number + 1)
        try:
            self.socket.send(message, zmq.NOBLOCK)
        except zmq.Again:
            return
        self.number += 1
        self.outstanding += 1
        self.note(b"S %d", self.number)

    def waits(self):
        """For an answer, before it may send again or connect anew."""
        return self.outstanding > 0 and (self.kind == "REQ" or self.again)

    def run(self):
        self.open()
        due = last = time.monotonic()
        while not self.stopped:
            self.socket.poll(min(TICK_MS, max(0, (due - time.monotonic()) * 1000))
                             if self.sends else TICK_MS)
            self.receive()
            now = time.monotonic()
            if self.patience and self.kind == "REQ" and self.waits() and now > last + self.patience:
                self.open()
            if self.again and not self.waits():
                self.open()
            if self.sends and now >= due:
                due = now + 1 / self.rate
                if not self.waits():
                    last = now
                    self.send()
        self.context.destroy(linger=0)


def main():
    agent = Agent(*sys.argv[1:])

    def handle(number, _):
        if number == signal.SIGTERM:
            agent.stopped = True
        elif number == signal.SIGUSR2:
            agent.sends = False
        else:
            agent.again = agent.kind in ASKING

    for number in (signal.SIGTERM, signal.SIGUSR2, signal.SIGHUP):
        signal.signal(number, handle)
    agent.run()


if __name__ == "__main__":
    main()
