"""Asks the brain one thing: `ask.py WORD...`. The brain's health check, and for people."""

import sys

import zmq

brain = zmq.Context().socket(zmq.REQ)
brain.linger = 0
brain.rcvtimeo = 3000
brain.connect("tcp://brain:5552")
brain.send_string(" ".join(sys.argv[1:]))
try:
    print(brain.recv_string())
except zmq.Again:
    sys.exit("the brain does not answer")
