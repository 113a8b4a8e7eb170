"""`stream.py server` answers requests and prints how many it has answered, ten times a second;
`stream.py client ENDPOINT` asks without end."""

import json
import sys
import time

import zmq

socket = zmq.Context().socket(zmq.REP if sys.argv[1] == "server" else zmq.REQ)
if sys.argv[1] == "server":
    socket.bind("tcp://127.0.0.1:*")
    print(json.dumps({"endpoint": socket.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")}),
          flush=True)
    answered, told = 0, time.monotonic()
    while True:
        socket.send(socket.recv())
        answered += 1
        if (now := time.monotonic()) - told >= 0.1:
            print(json.dumps({"answered": answered, "at": now}), flush=True)
            told = now
socket.connect(sys.argv[2])
while True:
    socket.send(b"x" * 100)
    socket.recv()
