"""Containers of bare root file systems, with a release mounted and its launcher as entrypoint."""

import json
import pathlib

import pytest

from containers import container
from harness import builds
from harness.exchange import CLIENT_TEXT, COUNT, SERVER_TEXT

CURVESHIM = "/opt/curveshim"
PROGRAMS = builds.REPOSITORY / "tests" / "matrix" / "programs"
CERTIFICATES = "/etc/curveshim/certificates"
PORT = 5555


def require(name):
    """The root that scripts/setup-roots made of that name."""
    container.require()
    root = builds.REPOSITORY / ".agents" / "roots" / name
    if not root.exists():
        pytest.skip(f"{root} is not there: run scripts/setup-roots")
    return root


class Network:
    """Hosts on one bridge: all run the same root, each a container of its own."""

    def __init__(self, root, release, certs, directory):
        self.root, self.release, self.certs = root, release, certs
        self.directory = pathlib.Path(directory)
        self.bridge = container.Bridge()
        self.hosts = []

    def start(self, *command, secured=True, **environment):
        launcher = (f"{CURVESHIM}/bin/curveshim-run", "--") if secured else ()
        settings = container.Settings(
            layers=[self.root], command=[*launcher, *command], read_only=True,
            drop_capabilities=True, no_new_privileges=True, environment=environment,
            mounts=[(str(self.release), CURVESHIM, True), (str(self.certs), CERTIFICATES, True),
                    (str(PROGRAMS), "/programs", True)])
        name = f"host{len(self.hosts)}"
        host = container.Container(name, settings, self.directory / name,
                                   self.bridge.port(self.bridge.address()))
        self.hosts.append(host)
        return host

    def close(self):
        for host in self.hosts:
            host.close()
        self.bridge.close()


def received(host):
    return [o["received"] for o in map(json.loads, host.lines) if "received" in o]


def serve(network, *agent, **options):
    """A server that answers, and waits for one question more than it gets."""
    host = network.start(*agent, "server", f"tcp://*:{PORT}", str(COUNT + 1), SERVER_TEXT, **options)
    host.says("endpoint")
    return host


def ask(network, server, *agent, **options):
    return network.start(*agent, "client", f"tcp://{server.address}:{PORT}", str(COUNT), CLIENT_TEXT,
                         **options)


def assert_exchanged(server, client):
    assert client.wait() == 0, f"{client.report()} {server.report()}"
    asked = [f"{CLIENT_TEXT} {n}" for n in range(1, COUNT + 1)]
    assert received(server) == asked
    assert received(client) == [f"{SERVER_TEXT} to {text}" for text in asked]


def assert_turned_away(server, client):
    """The server has dealt with the client's handshake, and neither has had a message."""
    server.complains("start it with curveshim too")
    assert client.running() and received(client) == []
    assert received(server) == []
