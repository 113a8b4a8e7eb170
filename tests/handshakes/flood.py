"""Opens bad handshakes at a port, from thousands of addresses: `flood.py PORT RATE SECONDS KIND...`.
Prints how many it made."""

import os
import socket
import sys
import time

SIGNATURE = b"\xff\0\0\0\0\0\0\0\1\x7f"


def greeting(mechanism):
    return SIGNATURE + b"\3\1" + mechanism.ljust(20, b"\0") + bytes(32)


def hello():
    """Nobody's: its box cannot be opened."""
    body = b"\5HELLO\1\0" + bytes(72) + os.urandom(32) + bytes(8) + os.urandom(80)
    return b"\4" + bytes([len(body)]) + body


WORDS = {
    "wrong-key": lambda: greeting(b"CURVE") + hello(),
    "plain": lambda: greeting(b"NULL"),
    "web": lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "old": lambda: SIGNATURE + b"\1\7",
    "mute": lambda: b"",
}


def main():
    port, rate, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    words = [WORDS[kind] for kind in sys.argv[4:]]
    begin = time.monotonic()
    # What is answered by a close is left open until then, so that the server closes, as with
    # real clients; the oldest go.
    opened, made = [], 0
    while (now := time.monotonic()) < begin + seconds:
        if made >= (now - begin) * rate:
            time.sleep(0.001)
            continue
        connection = socket.socket()
        connection.bind((f"127.1.{made // 250 % 250}.{made % 250 + 1}", 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(words[made % len(words)]())
        opened.append(connection)
        made += 1
        if len(opened) > 200:
            opened.pop(0).close()
    for connection in opened:
        connection.close()
    print(made)


if __name__ == "__main__":
    main()
