"""Connects a PUSH socket, queues numbered messages at once, and keeps it until stdin ends."""
import sys

import zmq

endpoint, count = sys.argv[1], int(sys.argv[2])
context = zmq.Context()
socket = context.socket(zmq.PUSH)
socket.linger = 0
socket.connect(endpoint)
for number in range(count):
    socket.send_string(f"message {number}")
print("queued", flush=True)
sys.stdin.read()
socket.close()
context.term()
