#!/usr/bin/python3
"""An agent that answers each request, and counts those that it has seen before. Until SIGTERM."""

import json
import signal
import sys

import zmq


class Stopped(Exception):
    pass


def stop(*_):
    raise Stopped


def main():
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    # A signal that comes just before a wait does not end it.
    socket.rcvtimeo = 100
    socket.bind(sys.argv[1])
    signal.signal(signal.SIGTERM, stop)
    print(json.dumps({"endpoint": socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")}),
          flush=True)
    seen, again = set(), 0
    try:
        while True:
            try:
                peer, request = socket.recv_multipart()
            except zmq.Again:
                continue
            again += request in seen
            seen.add(request)
            socket.send_multipart([peer, request])
    except Stopped:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # What was answered goes out.
    context.destroy(linger=5000)
    print(json.dumps({"answered": len(seen), "again": again}), flush=True)


if __name__ == "__main__":
    main()
