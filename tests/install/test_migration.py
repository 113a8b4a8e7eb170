"""The README's way from a fleet in clear to a secured one, walked by its own commands."""

import json
import os
import re
import shlex
import subprocess

import pytest

from harness import builds, ports, runtimes
from harness.agents import PATIENCE, Agent, environment, wait_until

# Each as its author wrote it; PORT is 5555 for the first pair, and so on.
AGENTS = {
    "brain": (5555, "REP", "bind", "while True: s.send(b'to ' + s.recv())"),
    "ear": (5555, "REQ", "connect", "while True: s.send(b'question'); heard(s.recv())"),
    "clock": (5556, "PUB", "bind", "while True: s.send(b'tick'); time.sleep(0.01)"),
    "display": (5556, "SUB", "connect", "while True: heard(s.recv())"),
    "sink": (5557, "PULL", "bind", "while True: heard(s.recv())"),
    "source": (5557, "PUSH", "connect", "while True: s.send(b'work'); time.sleep(0.01)"),
}
HEARERS = ("ear", "display", "sink")
PROGRAM = """\
import time, zmq
def heard(message):
    print(message.decode(), flush=True)
    time.sleep(0.01)
s = zmq.Context().socket(zmq.{type})
if s.type == zmq.SUB:
    s.setsockopt(zmq.SUBSCRIBE, b"")
s.{call}("tcp://127.0.0.1:{port}")
{life}
"""

# Where it listens is another place each time.
WANDERER = """\
import os, time, zmq
c = zmq.Context()
p, q = c.socket(zmq.PUSH), c.socket(zmq.PUSH)
p.bind("tcp://*:*")
q.bind("ipc://*")
port, path = (s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode() for s in (p, q))
with open("places.new", "w") as file:
    print("tcp://localhost:" + port.rpartition(":")[2], path, file=file)
os.rename("places.new", "places")
while True:
    p.send(b"by tcp")
    q.send(b"by ipc")
    time.sleep(0.01)
"""
FOLLOWER = """\
import os, time, zmq
while not os.path.exists("places"):
    time.sleep(0.01)
c = zmq.Context()
poller = zmq.Poller()
for place in open("places").read().split():
    s = c.socket(zmq.PULL)
    s.connect(place)
    poller.register(s, zmq.POLLIN)
while True:
    for s, _ in poller.poll():
        print(s.recv().decode(), flush=True)
"""


def readme_commands():
    """The commands of each step."""
    text = (builds.REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## Secure a running system\n")[1].split("\n## ")[0]
    return [[line.strip() for line in block.strip().splitlines()]
            for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


class Fleet:
    def __init__(self, directory, installed):
        self.directory = directory
        self.running = {}
        self.ports = dict(zip(("5555", "5556", "5557"), (str(ports.lasting()) for _ in range(3))))
        (directory / "bin").mkdir()
        (directory / "bin" / "python3").symlink_to(runtimes.DEBIAN_PYTHON)
        self.env = environment(LD_LIBRARY_PATH=installed.libdir,
                               PATH=f"{directory}/bin:{installed.prefix}/bin:{os.environ['PATH']}")
        for name, (port, kind, call, life) in AGENTS.items():
            (directory / f"{name}.py").write_text(PROGRAM.format(
                type=kind, call=call, port=self.ports[str(port)], life=life), encoding="utf-8")

    def literally(self, command):
        """A command of the README, but for the ports: the machine's own may be taken."""
        return re.sub(r"\b555[567]\b", lambda found: self.ports[found[0]], command)

    def run(self, command):
        return subprocess.run(["sh", "-c", self.literally(command)], cwd=self.directory, text=True,
                              env=self.env, capture_output=True, check=True, timeout=PATIENCE)

    def start(self, name, command="python3 brain.py"):
        """What the README says for brain."""
        self.stop(name)
        command = re.sub(r"\bbrain\b", name, self.literally(command))
        self.running[name] = Agent(["sh", "-c", f"exec env {command}"], self.env, self.directory)

    def stop(self, name):
        if name in self.running:
            self.running.pop(name).kill()

    def clear(self):
        for name in tuple(self.running):
            self.stop(name)

    def assert_messages_flow(self):
        before = {name: len(self.running[name].lines) for name in HEARERS}
        for name in HEARERS:
            assert wait_until(lambda: len(self.running[name].lines) >= before[name] + 3), \
                {name: agent.report() for name, agent in self.running.items()}

    def mechanisms(self, command):
        """What curveshim-check says that each port speaks."""
        found = {}
        for port in self.ports:
            said = subprocess.run([*shlex.split(self.literally(command.replace("5555", port))), "--json"],
                                  cwd=self.directory, env=self.env, capture_output=True, text=True,
                                  check=False, timeout=PATIENCE).stdout
            found[port] = json.loads(said)["details"]["mechanism"]
        return found


@pytest.fixture
def fleet(tmp_path, installed):
    if not runtimes.imports_zmq(runtimes.DEBIAN_PYTHON):
        pytest.skip("Debian's pyzmq is not installed")
    fleet = Fleet(tmp_path, installed)
    yield fleet
    fleet.clear()


def test_step_by_step(fleet):
    (mkdir, audit), certificates, (on,), (ask,) = readme_commands()

    for name in AGENTS:
        fleet.start(name)
    fleet.assert_messages_flow()

    fleet.run(mkdir)
    for name in AGENTS:
        fleet.start(name, audit)
    fleet.assert_messages_flow()
    logs = [fleet.directory / "logs" / f"{name}.json" for name in AGENTS]
    assert wait_until(lambda: all(log.exists() and log.read_text() for log in logs))
    assert set(fleet.mechanisms(ask).values()) == {"NULL"}

    assert "".join(fleet.run(command).stderr for command in certificates) == ""
    assert {path.name for path in (fleet.directory / "fleet").iterdir() if path.is_dir()} == set(AGENTS)
    for name in AGENTS:
        fleet.run(f"curveshim-cert verify fleet/{name}")

    for name in AGENTS:
        fleet.start(name, on)
    fleet.assert_messages_flow()
    assert set(fleet.mechanisms(ask).values()) == {"NULL"}

    globs = re.search(r"SECURE_ZMQ_PLAINTEXT='(.*?)'", on)[1].split()
    assert globs == [f"*:{port}" for port in fleet.ports]
    # The client first and the server first: either way they find each other.
    for port, order in (("5555", ("ear", "brain")), ("5556", ("clock", "display")),
                        ("5557", ("source", "sink"))):
        globs.remove(f"*:{port}")
        for name in order:
            fleet.start(name, re.sub("PLAINTEXT='.*?'", f"PLAINTEXT='{' '.join(globs)}'", on))
        fleet.assert_messages_flow()
        assert fleet.mechanisms(ask) == {p: "NULL" if f"*:{p}" in globs else "CURVE"
                                         for p in fleet.ports}

    for name in AGENTS:
        fleet.start(name, re.sub("SECURE_ZMQ_PLAINTEXT='.*?' ", "", on))
    fleet.assert_messages_flow()
    assert set(fleet.mechanisms(ask).values()) == {"CURVE"}


def test_each_agent_can_only_do_what_it_did_before(fleet):
    """With display's certificates, nobody gets work from source or answers from brain."""
    (mkdir, audit), certificates, (on,), _ = readme_commands()
    on = re.sub("SECURE_ZMQ_PLAINTEXT='.*?' ", "", on)
    fleet.run(mkdir)
    for name in AGENTS:
        fleet.start(name, audit)
    fleet.assert_messages_flow()
    for command in certificates:
        fleet.run(command)
    for name in AGENTS:
        fleet.start(name, on)
    fleet.assert_messages_flow()
    # display knows no key for that port, so it is not even tried.
    fleet.start("display", on.replace("brain.py", "ear.py"))
    assert fleet.running["display"].wait() == 1
    assert "zmq_connect refused" in (said := fleet.running["display"].report()) and "known_servers" in said
    # With the server's key it is tried, and refused.
    known = fleet.directory / "fleet" / "ear" / "known_servers"
    (fleet.directory / "fleet" / "display" / "known_servers").write_text(known.read_text())
    fleet.start("display", "SECURE_ZMQ_LOG_LEVEL=info " + on.replace("brain.py", "ear.py"))
    brain = fleet.running["brain"]
    assert wait_until(lambda: any("deny" in line for line in brain.errors)), brain.report()
    assert fleet.running["display"].lines == []


def test_ports_and_paths_that_change_with_each_start(fleet):
    (mkdir, audit), certificates, (on,), _ = readme_commands()
    (fleet.directory / "brain.py").write_text(WANDERER, encoding="utf-8")
    (fleet.directory / "ear.py").write_text(FOLLOWER, encoding="utf-8")
    places = []

    def play(command):
        fleet.clear()
        (fleet.directory / "places").unlink(missing_ok=True)
        for name in ("brain", "ear"):
            fleet.start(name, command)
        assert wait_until(lambda: {"by tcp\n", "by ipc\n"} <= set(fleet.running["ear"].lines)), \
            {name: agent.report() for name, agent in fleet.running.items()}
        places.append((fleet.directory / "places").read_text().split())

    fleet.run(mkdir)
    play(audit)
    assert "".join(fleet.run(command).stderr for command in certificates) == ""
    play(re.sub("SECURE_ZMQ_PLAINTEXT='.*?' ", "", on))
    assert places[0][0] != places[1][0] and places[0][1] != places[1][1]
