"""Writes every frame that passes a network namespace to a file: `capture.py FILE [HEX]...`; with
byte strings given in hexadecimal, only the frames that hold one of them."""

import socket
import sys

ETH_P_ALL = 3

wanted = [bytes.fromhex(word) for word in sys.argv[2:]]
onlooker = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
with open(sys.argv[1], "wb", buffering=0) as file:
    print("ready", flush=True)
    while True:
        frame = onlooker.recv(65536)
        if not wanted or any(word in frame for word in wanted):
            file.write(frame)
