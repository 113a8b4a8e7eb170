"""Binds a PULL socket and prints what arrives; stops when it is killed."""
import json
import sys
import time

import zmq

endpoint = sys.argv[1]
context = zmq.Context()
socket = context.socket(zmq.PULL)
for _ in range(200):
    try:
        socket.bind(endpoint)
        break
    except zmq.ZMQError as error:
        if error.errno != zmq.EADDRINUSE:
            raise
        time.sleep(0.02)
print(json.dumps({"endpoint": socket.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")}),
      flush=True)
while True:
    print(json.dumps({"received": socket.recv_string()}), flush=True)
