"""Jupyter: kernel and client in one go, and the five channels between them."""

import json
import os
import pathlib

import pytest

from harness import events as logs
from harness import zmtp
from harness.agents import environment, wait_until
from harness.exchange import Party, greetings
from harness.runtimes import DEBIAN_PYTHON, Runtime

from .rows import succeeds

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
SECRET = "words-of-a-notebook-41c7"
# jupyter-run doesn't wait for the channel of the output, in clear neither, and hangs when it is late:
# it is not, when the notebook takes a moment.
CODE = f"import time; time.sleep(2); print('{SECRET}'[::-1]); print(6 * 7)"
OUTPUT = [SECRET[::-1] + "\n", "42\n"]


class Jupyter(Runtime):
    def require(self):
        if not os.path.exists(self.command[0]):
            pytest.skip(f"agent {self.name}: {self.command[0]} is not installed")
        if not succeeds((DEBIAN_PYTHON, "-c", "import ipykernel, jupyter_client"), ()):
            pytest.skip(f"agent {self.name}: ipykernel is not installed")


RUN = Jupyter("jupyter-run", ("/usr/bin/jupyter-run",), False)
KERNEL = Jupyter("ipykernel", (DEBIAN_PYTHON, "-m", "ipykernel_launcher"), False)


@pytest.fixture
def notebook(tmp_path):
    file = tmp_path / "notebook.py"
    file.write_text(CODE, encoding="ascii")
    return file


def logged(file):
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return logs.parse(lines)


def test_kernel_and_client_in_one_go(theatre, certs, tmp_path, notebook):
    log = tmp_path / "curveshim.log"
    env = environment(shim=True, certs=certs, SECURE_ZMQ_LOG=log, SECURE_ZMQ_LOG_FORMAT="json",
                      SECURE_ZMQ_LOG_LEVEL="info")
    agent = theatre.start(Party(RUN, env), "--kernel=python3", str(notebook))
    assert agent.wait() == 0, agent.report()
    assert agent.lines == OUTPUT
    events = logged(log)
    ports = {name: {e["endpoint"].rpartition(":")[2] for e in events if e["event"] == name
                    and e["endpoint"].startswith("tcp://127.0.0.1:")
                    and not e["endpoint"].endswith("*")} for name in ("bind", "connect")}
    assert len(ports["bind"]) == len(CHANNELS), events
    assert ports["connect"] <= ports["bind"] and len(ports["connect"]) >= 4
    assert not [e for e in events if e["event"] in ("refused", "plaintext", "blocked")]
    assert len({e["pid"] for e in events}) == 2


def connection(file):
    """The kernel's connection file, once it is complete."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def converse(theatre, env, tmp_path, notebook):
    """A client that talks to a running kernel through one relay for each channel."""
    file = pathlib.Path(tmp_path / "kernel.json")
    kernel = theatre.start(Party(KERNEL, env), "-f", str(file))
    assert wait_until(lambda: connection(file) or kernel.process.poll() is not None)
    assert connection(file), kernel.report()
    known = connection(file)
    relays = {}
    for channel in CHANNELS:
        relays[channel] = theatre.relay_to(f"tcp://127.0.0.1:{known[f'{channel}_port']}")
        known[f"{channel}_port"] = int(relays[channel].endpoint.rpartition(":")[2])
    relayed = tmp_path / "relayed.json"
    relayed.write_text(json.dumps(known), encoding="utf-8")
    client = theatre.start(Party(RUN, env), "--existing", str(relayed), str(notebook))
    assert client.wait() == 0, client.report()
    assert client.lines == OUTPUT
    kernel.stop()
    return relays


def test_in_curve(theatre, certs, tmp_path, notebook):
    relays = converse(theatre, environment(shim=True, certs=certs), tmp_path, notebook)
    for channel in ("shell", "iopub"):
        assert relays[channel].conversations, channel
    for relay in relays.values():
        assert {g.mechanism for pair in greetings(relay) for g in pair if g} <= {"CURVE"}
        assert SECRET.encode() not in relay.bytes_seen()
        assert b"kernel_info" not in relay.bytes_seen()
    assert zmtp.commands(relays["shell"].conversations[0].connector) == ["HELLO", "INITIATE"]


def test_in_clear_without_the_shim(theatre, tmp_path, notebook):
    relays = converse(theatre, environment(), tmp_path, notebook)
    assert {g.mechanism for pair in greetings(relays["shell"]) for g in pair if g} == {"NULL"}
    assert SECRET.encode() in relays["shell"].bytes_seen()
