"""Opens bad handshakes at a port, from thousands of addresses: `flood.py PORT RATE SECONDS KIND...`.
At several ports (`PORT,PORT...`) by turns. Prints how many it made, and when each turn began."""

import json
import os
import socket
import sys
import time

TURN = 0.6
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


def flood(ports, rate, seconds, words):
    """How many it made, and when it began at which port."""
    begin = time.monotonic()
    # What is answered by a close is left open until then, so that the server closes, as with
    # real clients; the oldest go.
    opened, made, turns = [], 0, []
    while (now := time.monotonic()) < begin + seconds:
        if made >= (now - begin) * rate:
            time.sleep(0.001)
            continue
        port = ports[int((now - begin) / TURN) % len(ports)]
        if not turns or turns[-1]["port"] != port:
            turns.append({"at": now, "port": port})
            close(opened)
        connection = socket.socket()
        connection.bind((f"127.1.{made // 250 % 250}.{made % 250 + 1}", 0))
        connection.connect(("127.0.0.1", port))
        connection.sendall(words[made % len(words)]())
        opened.append(connection)
        made += 1
        if len(opened) > 200:
            opened.pop(0).close()
    close(opened)
    return made, turns


def close(opened):
    while opened:
        opened.pop().close()


def main():
    ports = [int(port) for port in sys.argv[1].split(",")]
    made, turns = flood(ports, int(sys.argv[2]), float(sys.argv[3]),
                        [WORDS[kind] for kind in sys.argv[4:]])
    print(json.dumps({"made": made, "turns": turns}))


if __name__ == "__main__":
    main()
