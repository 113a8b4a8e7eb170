"""ROLE ENDPOINT COUNT TEXT: answers COUNT requests as server, or asks as client. The programs of
the other languages beside this one do the same."""

import json
import sys

import zmq


def say(**what):
    print(json.dumps(what), flush=True)


role, endpoint, count, text = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
context = zmq.Context()
socket = context.socket(zmq.REP if role == "server" else zmq.REQ)
if role == "server":
    socket.bind(endpoint)
    say(endpoint=socket.getsockopt_string(zmq.LAST_ENDPOINT))
    for _ in range(count):
        asked = socket.recv_string()
        say(received=asked)
        socket.send_string(f"{text} to {asked}")
else:
    socket.connect(endpoint)
    for n in range(1, count + 1):
        socket.send_string(f"{text} {n}")
        say(received=socket.recv_string())
socket.close()
context.term()
