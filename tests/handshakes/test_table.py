"""curveshim-check: who is connected to a running agent, and what keeps others out."""

import json
import subprocess

import pytest

from harness import builds
from harness.agents import wait_until

from .scene import C, DEBIAN, NODE, WHEEL
from .test_success import ENDLESS, wait_for

CURVESHIM_CHECK = builds.BUILD / "shim" / "curveshim-check"


def check(*arguments):
    done = subprocess.run([CURVESHIM_CHECK, *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.stderr == ""
    return done.stdout


def page(agent):
    return json.loads(check("--json", agent.process.pid))["details"]["shim"]


@pytest.mark.parametrize("binder, connecter", [(WHEEL, C), (C, NODE), (NODE, WHEEL)], ids=str)
def test_peers(scene, binder, connecter):
    endpoint = scene.server(binder, scene.certs, count=ENDLESS)
    scene.client(connecter, endpoint, scene.certs, count=ENDLESS)
    came = wait_for(scene, "server")
    server, client = scene.stage.agents
    assert wait_until(lambda: page(server)["peers"] and page(client)["peers"])
    peer, = page(server)["peers"]
    assert (peer["role"], peer["name"], peer["peer"], peer["endpoint"]) == (
        "server", "client", came["peer"], endpoint)
    peer, = page(client)["peers"]
    assert (peer["role"], peer["name"], peer["peer"], peer["endpoint"]) == (
        "client", "", endpoint, endpoint)
    table = check("--all")
    for agent in (server, client):
        assert f"\n{agent.process.pid} " in table
    client.kill()
    assert wait_until(lambda: page(server)["peers"] == [])


def test_descriptors_that_are_used_again(scene):
    """The second client gets the first one's descriptor."""
    endpoint = scene.server(DEBIAN, scene.certs, count=ENDLESS)
    names = []
    for number in (1, 2, 3):
        scene.client(C, endpoint, scene.certs, count=ENDLESS)
        server, client = scene.stage.agents[0], scene.stage.agents[-1]
        assert wait_until(lambda n=number: page(server)["handshakes"] == n)
        peer, = page(server)["peers"]
        names.append(peer["peer"])
        client.kill()
    assert len(set(names)) == 3


def test_troubles_come_and_go(scene):
    endpoint = scene.server(WHEEL, scene.certs, count=ENDLESS)
    scene.client(C, endpoint, scene.stranger(), count=ENDLESS)
    server, stranger = scene.stage.agents
    assert wait_until(lambda: page(server)["troubles"] and page(stranger)["troubles"])
    trouble, = page(server)["troubles"]
    assert (trouble["reason"], trouble["address"], trouble["endpoint"], trouble["role"]) == (
        "unknown key", "127.0.0.1", endpoint, "server")
    trouble, = page(stranger)["troubles"]
    assert trouble["reason"].startswith("refused by the peer's authenticator")
    table = check(server.process.pid)
    assert f"failed 127.0.0.1 at {endpoint}" in table and "unknown key" in table
    stranger.kill()
    scene.client(C, endpoint, scene.certs, count=ENDLESS)
    assert wait_until(lambda: page(server)["troubles"] == [])
