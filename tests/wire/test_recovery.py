"""A client finds the right server as soon as it is there, whatever it met before."""

import os
import subprocess

import pytest
from harness import agents, builds, ports

from . import foreign

HERE = os.path.dirname(__file__)
PYTHON = "/usr/bin/python3"
COUNT = 5
EXPECTED = [f"message {n}" for n in range(COUNT)]


def start(stage, script, *arguments, env):
    agent = agents.Agent([PYTHON, os.path.join(HERE, script), *map(str, arguments)], env,
                         stage.directory)
    stage.agents.append(agent)
    return agent


def shimmed(certs, **variables):
    return agents.environment(shim=True, certs=certs, **variables)


def puller(stage, env, endpoint=None):
    """On a port of its own, at which another can follow."""
    endpoint = endpoint or f"tcp://127.0.0.1:{ports.lasting()}"
    agent = start(stage, "puller.py", endpoint, env=env)
    return agent, agent.endpoint()


def pusher(stage, env, endpoint):
    command = [PYTHON, os.path.join(HERE, "pusher.py"), endpoint, str(COUNT)]
    process = subprocess.Popen(command, env=env, cwd=stage.directory, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "queued\n"
    return process


def finish(process):
    _, errors = process.communicate(timeout=agents.PATIENCE)
    assert process.returncode == 0, errors
    return errors


def got_everything(server):
    return agents.wait_until(lambda: len(server.received()) >= COUNT, 15)


def test_client_first_then_plain_server_then_the_right_one(stage, certs):
    plain, endpoint = puller(stage, agents.environment())
    client = pusher(stage, shimmed(certs), endpoint)
    assert "start it with curveshim too" in client.stderr.readline() + client.stderr.readline()
    plain.kill()
    server, _ = puller(stage, shimmed(certs), endpoint)
    assert got_everything(server), server.report()
    assert server.received() == EXPECTED
    assert plain.received() == []
    finish(client)


def test_no_server_at_first(stage, certs):
    reserved, endpoint = puller(stage, agents.environment())
    reserved.kill()
    client = pusher(stage, shimmed(certs), endpoint)
    server, _ = puller(stage, shimmed(certs), endpoint)
    assert got_everything(server), server.report()
    assert server.received() == EXPECTED
    finish(client)


@pytest.mark.parametrize("answer", ["HTTP", "BANNER", "NULL", "PLAIN", "OLD", "ERROR_400",
                                    "ERROR_500", "OVERSIZED"])
def test_a_foreign_server_first(stage, certs, answer):
    if builds.WITH_ASAN and answer in ("HTTP", "BANNER"):
        pytest.skip("libasan stands between libzmq and the observer, which can't tell who reads")
    false_server = foreign.Foreign(getattr(foreign, answer), ports.lasting())
    endpoint = f"tcp://127.0.0.1:{false_server.port}"
    client = pusher(stage, shimmed(certs), endpoint)
    false_server.wait_for(1 if answer == "ERROR_400" else 3)
    false_server.close()
    server, _ = puller(stage, shimmed(certs), endpoint)
    assert got_everything(server), server.report()
    assert server.received() == EXPECTED
    errors = finish(client)
    assert '"failed"' in errors
    for received in false_server.connections:
        assert b"message" not in received
        assert received[12:32].rstrip(b"\0") in (b"CURVE", b"") or len(received) < 32


def test_attempts_slow_down(stage, certs):
    false_server = foreign.Foreign(foreign.NULL, ports.lasting())
    client = pusher(stage, shimmed(certs), f"tcp://127.0.0.1:{false_server.port}")
    false_server.wait_for(4)
    before = len(false_server.connections)
    assert not agents.wait_until(lambda: len(false_server.connections) >= before + 6, 2)
    false_server.close()
    finish(client)


def test_three_times_400_ends_the_attempts(stage, certs):
    false_server = foreign.Foreign(foreign.ERROR_400, ports.lasting())
    client = pusher(stage, shimmed(certs), f"tcp://127.0.0.1:{false_server.port}")
    false_server.wait_for(3)
    assert not agents.wait_until(lambda: len(false_server.connections) > 3, 3)
    false_server.close()
    assert "refused for good" in finish(client)


def test_plain_client_first_then_started_with_the_shim(stage, certs):
    server, endpoint = puller(stage, shimmed(certs))
    plain = pusher(stage, agents.environment(), endpoint)
    assert agents.wait_until(lambda: any("start it with curveshim too" in e for e in server.errors), 10)
    finish(plain)
    assert server.received() == []
    client = pusher(stage, shimmed(certs), endpoint)
    assert got_everything(server), server.report()
    assert server.received() == EXPECTED
    finish(client)


def test_a_key_that_is_authorised_later(stage, certs):
    authorised = os.path.join(certs, "authorized_clients", "client.key")
    os.rename(authorised, os.path.join(certs, "aside"))
    server, endpoint = puller(stage, shimmed(certs))
    client = pusher(stage, shimmed(certs), endpoint)
    assert agents.wait_until(lambda: any("unknown key" in e for e in server.errors), 10)
    os.rename(os.path.join(certs, "aside"), authorised)
    # Within a second the set is reloaded, the refused connection ends, and libzmq retries.
    assert agents.wait_until(lambda: len(server.received()) >= COUNT, 5), server.report()
    assert server.received() == EXPECTED
    finish(client)
