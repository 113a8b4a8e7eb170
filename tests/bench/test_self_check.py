"""What the self-check slows down is slower: else it would tell nothing."""

import os
import subprocess

from bench import self_check

# Nobody listens at the discard port; what connect takes counts, not what comes of it.
CONNECT = """
import socket, time
start = time.monotonic()
socket.socket().connect_ex(("127.0.0.1", 9))
print(time.monotonic() - start)
"""
SEND = """
import socket, time
one, _ = socket.socketpair()
start = time.monotonic()
one.send(b"x" * 1000)
print(time.monotonic() - start)
"""


def seconds(program, setting, value):
    env = dict(os.environ, LD_PRELOAD=str(self_check.SLOW), **{setting: value})
    return float(subprocess.run(["/usr/bin/python3", "-c", program], env=env, check=True,
                                capture_output=True, text=True).stdout)


def test_a_connection_takes_longer():
    assert seconds(CONNECT, "SLOW_NS_PER_CONNECT", str(300_000_000)) >= 0.3


def test_a_send_takes_longer_for_each_byte():
    assert seconds(SEND, "SLOW_PS_PER_BYTE", str(300_000_000)) >= 0.29  # 300 µs for each of 1,000 bytes
