"""Contract, Events: a peer that has gone before it was accepted is named all the same."""

import os
import signal
import socket
import struct

from .program import wait_until


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def test_reset_before_it_is_accepted(start):
    server = start(LOG_LEVEL="debug")
    server("a = bound('ROUTER')")
    port = int(server("where(a)").rsplit(":", 1)[1])
    pid = server("os.getpid()")
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(pid))
        peer = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.9", 0))
        name = "tcp://{}:{}".format(*peer.getsockname())
        peer.sendall(b"\xff\0\0\0\0\0\0\0\1\x7f\3")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
    finally:
        os.kill(pid, signal.SIGCONT)
    event = server.log.wait("handshake", result="failed")
    assert (event["peer"], event["address"]) == (name, "127.0.0.9")
