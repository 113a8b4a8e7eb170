"""SUB: shows that the system listens."""

import signal
import sys

import zmq

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
wake = zmq.Context().socket(zmq.SUB)
wake.subscribe("")
wake.connect("tcp://wake:5550")
while True:
    print("shown:", wake.recv_string(), flush=True)
