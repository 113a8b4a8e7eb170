"""REP: answers."""

import signal
import sys

import zmq

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
questions = zmq.Context().socket(zmq.REP)
questions.bind("tcp://*:5552")
while True:
    questions.send_string(f"answer to {questions.recv_string()}")
