"""`stream.py server` answers requests and prints how many it has answered, ten times a second;
`stream.py client ENDPOINT` asks without end. With `--by-hand DIR` they secure themselves with the
certificates there, and the server has pyzmq's authenticator."""

import argparse
import json
import pathlib
import sys
import time

import zmq

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "agents"))
import agent_by_hand  # noqa: E402


def serve(context, by_hand):
    socket = context.socket(zmq.REP)
    if by_hand:
        socket.handshake_ivl = 2000
        agent_by_hand.be_server(by_hand, context, socket)
    socket.bind("tcp://127.0.0.1:*")
    endpoint = socket.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")
    print(json.dumps({"endpoint": endpoint}), flush=True)
    answered, told = 0, time.monotonic()
    while True:
        socket.send(socket.recv())
        answered += 1
        if (now := time.monotonic()) - told >= 0.1:
            print(json.dumps({"answered": answered, "at": now}), flush=True)
            told = now


def ask(context, endpoint, by_hand):
    socket = context.socket(zmq.REQ)
    if by_hand:
        agent_by_hand.be_client(by_hand, socket)
    socket.connect(endpoint)
    while True:
        socket.send(b"x" * 100)
        socket.recv()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("server", "client"))
    parser.add_argument("endpoint", nargs="?")
    parser.add_argument("--by-hand", type=pathlib.Path, metavar="DIR")
    args = parser.parse_args()
    if args.role == "server":
        serve(zmq.Context(), args.by_hand)
    ask(zmq.Context(), args.endpoint, args.by_hand)


main()
