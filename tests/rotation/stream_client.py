#!/usr/bin/python3
"""stream_client.py NAME RATE ENDPOINT...: an agent that sends RATE requests a second, to each
server in turn, and keeps account of the answers. Says "ready" once every server has answered. On
stdin: "hold N" (send nothing to server N, and say "held N" once all it was sent is answered),
"go N", "stop". Then its account, as JSON.

stream_client.c is the same in C."""

import json
import os
import sys
import time

import zmq

TICK_MS = 2
MOST_OUTSTANDING = 500


class Server:
    def __init__(self, context, endpoint):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.outstanding = set()
        self.held = self.said = self.has_answered = False


class Client:
    def __init__(self, name, rate, endpoints):
        context = zmq.Context()
        self.name = name
        self.rate = rate
        self.servers = [Server(context, endpoint) for endpoint in endpoints]
        self.sent = self.answered = self.again = 0
        self.turn = 0
        self.stopping = False

    def send_one(self):
        for _ in self.servers:
            self.turn = (self.turn + 1) % len(self.servers)
            server = self.servers[self.turn]
            if not server.held and len(server.outstanding) < MOST_OUTSTANDING:
                server.outstanding.add(self.sent)
                server.socket.send(b"%s %d" % (self.name.encode(), self.sent))
                self.sent += 1
                return True
        return False

    def receive_all(self, server):
        while server.socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            number = int(server.socket.recv().split()[-1])
            if number in server.outstanding:
                server.outstanding.remove(number)
                self.answered += 1
                server.has_answered = True
            else:
                self.again += 1

    def obey(self, words):
        if words[0] == "stop":
            self.stopping = True
            for server in self.servers:
                server.held = True
        else:
            server = self.servers[int(words[1])]
            server.held = words[0] == "hold"
            server.said = False

    def run(self):
        poller = zmq.Poller()
        poller.register(0, zmq.POLLIN)
        for server in self.servers:
            poller.register(server.socket, zmq.POLLIN)
        due = time.monotonic()
        ready = False
        while not (self.stopping and not any(s.outstanding for s in self.servers)):
            if any(what == 0 for what, _ in poller.poll(TICK_MS)):
                for line in os.read(0, 4096).decode().splitlines():
                    self.obey(line.split())
            for number, server in enumerate(self.servers):
                self.receive_all(server)
                if server.held and not server.outstanding and not server.said:
                    server.said = True
                    print(f"held {number}", flush=True)
            if not ready and all(server.has_answered for server in self.servers):
                ready = True
                print("ready", flush=True)
            now = time.monotonic()
            while due <= now and self.send_one():
                due += 1 / self.rate
            # What could not be sent in time is not caught up with.
            due = max(due, now - 0.05)
        print(json.dumps({"sent": self.sent, "answered": self.answered, "again": self.again}),
              flush=True)


if __name__ == "__main__":
    Client(sys.argv[1], int(sys.argv[2]), sys.argv[3:]).run()
