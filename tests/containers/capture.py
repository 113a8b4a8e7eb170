"""Writes every frame that passes a network namespace to a file: `capture.py FILE`."""

import socket
import sys

ETH_P_ALL = 3

onlooker = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
with open(sys.argv[1], "wb", buffering=0) as file:
    print("ready", flush=True)
    while True:
        file.write(onlooker.recv(65536))
