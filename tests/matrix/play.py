"""A server and a client of one row of the matrix, talking through the recording relay."""

from harness.agents import environment
from harness.exchange import CLIENT_TEXT, COUNT, SERVER_TEXT, Exchange, Party


def party(row, certs=None, **variables):
    """Under the shim where certificates are given."""
    shim = {"shim": True, "certs": certs} if certs else {}
    return Party(row, environment(**shim, **{**dict(row.env), **variables}))


def serve(theatre, server, endpoint="tcp://127.0.0.1:*"):
    return theatre.start(server, "server", endpoint, str(COUNT), SERVER_TEXT)


def ask(theatre, client, endpoint):
    return theatre.start(client, "client", endpoint, str(COUNT), CLIENT_TEXT)


def play(theatre, server, client):
    serving = serve(theatre, server)
    relay = theatre.relay_to(serving.endpoint())
    asking = ask(theatre, client, relay.endpoint)
    status = asking.wait()
    return Exchange(serving, asking, serving.wait() if status == 0 else serving.stop(), status,
                    relay, "server")
