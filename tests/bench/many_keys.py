"""`many_keys.py DIRECTORY COUNT`: certificates of clients that never come; the text of one on stdin.

Any 32 bytes are somebody's public key."""

import os
import pathlib
import re
import sys

from zmq.utils import z85

directory, count, text = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.stdin.read()
before, after = re.split(r'(?<=public-key = ").{40}(?=")', text)
for i in range(count):
    key = z85.encode(os.urandom(32)).decode()
    (directory / f"other-{i}.key").write_text(before + key + after, encoding="utf-8")
