"""Hosts with a bare root file system, a release mounted and its launcher as entrypoint."""

import json
import pathlib

import pytest

from containers import container
from containers.wire import Wire
from harness import builds
from harness.agents import PATIENCE
from harness.exchange import CLIENT_TEXT, COUNT, SERVER_TEXT
from release import emulated

CURVESHIM = "/opt/curveshim"
PROGRAMS = builds.REPOSITORY / "tests" / "matrix" / "programs"
PORT = 5555
ARCHES = {"bookworm-arm64": "aarch64", "musl-aarch64": "aarch64"}


def require(name):
    """The root that scripts/setup-roots or setup-musl made of that name."""
    container.require()
    root = builds.REPOSITORY / ".agents" / "roots" / name
    if not root.exists():
        pytest.skip(f"{root} is not there: run scripts/setup-roots and setup-musl")
    return root


def arch(name):
    return ARCHES.get(name, "x86_64")


class Network:
    """Hosts that run the same root: containers on one bridge, or, of another machine, all in one."""

    def __init__(self, name, release, certs, directory):
        self.root, self.directory = require(name), pathlib.Path(directory)
        self.mounts = [(str(release), CURVESHIM), (str(certs), "/etc/curveshim/certificates"),
                       (str(PROGRAMS), "/programs")]
        self.machine = self.bridge = None
        if arch(name) != "x86_64":
            self.machine = emulated.Machine(self.root, self.mounts, self.directory / "machine")
        else:
            self.bridge = container.Bridge()
        self.hosts = []
        self.wire = Wire(self.machine or self.bridge, self.directory / "wire")

    def start(self, *command, secured=True):
        launcher = (f"{CURVESHIM}/bin/curveshim-run", "--") if secured else ()
        name = f"host{len(self.hosts)}"
        if self.machine:
            host = self.machine.start(name, [*launcher, *command], {})
        else:
            settings = container.Settings(
                layers=[self.root], command=[*launcher, *command], read_only=True,
                drop_capabilities=True, no_new_privileges=True,
                mounts=[(*pair, True) for pair in self.mounts])
            host = container.Container(name, settings, self.directory / name,
                                       self.bridge.port(self.bridge.address()))
        self.hosts.append(host)
        return host

    def close(self):
        for host in self.hosts:
            host.close()
        self.wire.close()
        (self.machine or self.bridge).close()


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
    # Emulated, and beside others, it takes its time.
    assert client.wait(patience=4 * PATIENCE) == 0, f"{client.report()} {server.report()}"
    asked = [f"{CLIENT_TEXT} {n}" for n in range(1, COUNT + 1)]
    assert received(server) == asked
    assert received(client) == [f"{SERVER_TEXT} to {text}" for text in asked]


def assert_turned_away(server, client):
    """The server has dealt with the client's handshake, and neither has had a message."""
    server.complains("start it with curveshim too")
    assert client.running() and received(client) == []
    assert received(server) == []
