"""PUB: hears, twice a second, that somebody speaks."""

import signal
import sys
import time

import zmq

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
listeners = zmq.Context().socket(zmq.PUB)
listeners.bind("tcp://*:5550")
number = 0
while True:
    number += 1
    listeners.send_string(f"somebody speaks {number}")
    time.sleep(0.5)
