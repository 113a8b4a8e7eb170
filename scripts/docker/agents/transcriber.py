"""PULL, REQ: turns recordings into questions and asks the brain."""

import signal
import sys

import zmq

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
context = zmq.Context()
recordings = context.socket(zmq.PULL)
recordings.bind("tcp://*:5551")
brain = context.socket(zmq.REQ)
brain.rcvtimeo = 2000
brain.req_relaxed = brain.req_correlate = 1
brain.connect("tcp://brain:5552")
while True:
    brain.send_string(f"question of {recordings.recv_string()}")
    try:
        print("heard:", brain.recv_string(), flush=True)
    except zmq.Again:
        print("no answer", flush=True)
