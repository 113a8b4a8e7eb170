"""SUB, PUSH: records what is said and passes it on."""

import signal
import sys

import zmq

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
context = zmq.Context()
wake = context.socket(zmq.SUB)
wake.subscribe("")
wake.connect("tcp://wake:5550")
transcriber = context.socket(zmq.PUSH)
transcriber.connect("tcp://transcriber:5551")
while True:
    transcriber.send_string(wake.recv_string().replace("somebody speaks", "recording"))
