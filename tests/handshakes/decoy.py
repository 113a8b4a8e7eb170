"""Takes connections and closes them, one after the other, with nothing said: prints its port."""

import socket

KEPT = 20

listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
print(listener.getsockname()[1], flush=True)
connections = []
while True:
    connections.append(listener.accept()[0])
    if len(connections) > KEPT:
        connections.pop(0).close()
