"""TCP ports to come back to."""

import random
import socket

# Below those that the kernel gives to who asks for any, listeners and connections.
RANGE = range(15000, 32000)


def lasting():
    """A port that is free now, and that nobody is given meanwhile."""
    while True:
        port = random.choice(RANGE)
        with socket.socket() as made:
            try:
                made.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
