"""scripts/docker/compose.yaml, brought up with the steps that its head documents."""

import re

import pytest

# One system for all: one process has to run them, in this order.
pytestmark = pytest.mark.xdist_group("containers")

# What the agents say to each other.
MESSAGES = ("somebody speaks", "recording", "question", "answer")
SERVERS = {"wake": 5550, "transcriber": 5551, "brain": 5552}

# Asks everybody, and waits three seconds for anything.
STRANGER = """
import socket
import zmq

socket.create_connection(("wake", 5550)).sendall(b"not ZeroMQ")
context = zmq.Context()
poller = zmq.Poller()

def connect(kind, endpoint, event, **options):
    socket = context.socket(kind)
    for name, value in {"linger": 0, **options}.items():
        setattr(socket, name, value)
    socket.connect(endpoint)
    if event:
        poller.register(socket, event)
    return socket

connect(zmq.SUB, "tcp://wake:5550", zmq.POLLIN, subscribe="")
connect(zmq.PUSH, "tcp://transcriber:5551", zmq.POLLOUT, immediate=1)  # writable: it is connected
connect(zmq.PUSH, "tcp://transcriber:5551", 0).send(b"a stranger's word")
connect(zmq.REQ, "tcp://brain:5552", zmq.POLLIN).send(b"a stranger's word")
print("asked")
print("came about:", poller.poll(3000))
"""

# Answers in the brain's place.
IMPOSTOR = """
import zmq
socket = zmq.Context().socket(zmq.REP)
socket.bind("tcp://*:5552")
print("in place")
while True:
    print("was asked", socket.recv())
    socket.send(b"a lie")
"""


def flows(system):
    """A message that is said from now on goes the whole way round."""
    transcriber = system.containers["transcriber"]
    transcriber.says("heard: answer to question of recording", since=len(transcriber.lines))


def assert_nothing_readable(system):
    if system.wire is None:
        return
    assert [text for text in MESSAGES if system.wire.shows(text)] == []
    assert system.wire.greeted("CURVE")


def test_up(up):
    flows(up)
    display = up.containers["display"]
    display.says("shown: somebody speaks")
    assert_nothing_readable(up)
    assert up.wire is None or not up.wire.greeted("NULL")
    transcriber = up.containers["transcriber"]
    question = ("python3", "/agents/ask.py", "what", "now")
    assert transcriber.run(*question).stdout == "answer to what now\n"
    # That is the doing of `environment:`.
    alone = transcriber.run(*question, LD_PRELOAD="")
    assert (alone.returncode, alone.stderr) == (1, "the brain does not answer\n")


def test_confined(up):
    for name in up.agents():
        agent = up.containers[name]
        status = agent.run("cat", "/proc/1/status").stdout
        status = dict(re.findall(r"^(\w+):\t(.*)$", status, re.M))
        assert status["Uid"].split() == ["10001"] * 4 and status["Groups"].split() == ["10001"]
        assert int(status["CapBnd"], 16) == int(status["CapPrm"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        for file in ("/new", "/tmp/new", "/etc/curveshim/certificates/new"):
            assert "Read-only file system" in agent.run("touch", file).stderr
        secrets = agent.run("sh", "-c", "cd / && find etc/curveshim opt/curveshim -name '*_secret'")
        own = up.fleet() / name
        assert {path.rpartition("/")[2] for path in secrets.stdout.split()} == \
            {path.name for path in own.glob("*_secret")}


@pytest.mark.parametrize("identity", ["none", "its own"])
def test_a_stranger_reads_nothing_and_reaches_nobody(up, identity):
    flows(up)
    if identity == "none":
        stranger = up.stranger(STRANGER)
    else:
        stranger = up.stranger(STRANGER, secured=True, mounts=[up.forged_certificates()])
    for name in SERVERS:
        up.containers[name].complains(stranger.address)
    stranger.says("came about: []")
    assert_nothing_readable(up)
    if up.wire is not None:
        assert not up.wire.shows("a stranger's word")
        # That is no blindness of the onlooker's.
        assert up.wire.shows("not ZeroMQ")
    assert not any("stranger" in line for line in up.containers["transcriber"].lines)
    flows(up)


@pytest.mark.slow
@pytest.mark.parametrize("identity", ["none", "its own"])
def test_a_stranger_in_the_place_of_an_agent(up, identity):
    up.containers["brain"].stop()
    if identity == "none":
        impostor = up.stranger(IMPOSTOR, poses_as="brain")
    else:
        impostor = up.stranger(IMPOSTOR, poses_as="brain", secured=True,
                               mounts=[up.forged_certificates()])
    impostor.says("in place")
    transcriber = up.containers["transcriber"]
    for _ in range(2):
        transcriber.says("no answer", since=len(transcriber.lines))
    assert impostor.lines == ["in place"]
    assert_nothing_readable(up)
    impostor.close()
    up.start("brain")
    flows(up)


def test_an_agent_less(up):
    """Its section removed from fleet.conf and the setup run again: it alone is locked out."""
    flows(up)
    fleet = up.context / "fleet.conf"
    before = fleet.read_text(encoding="utf-8")
    fleet.write_text(re.sub(r"(?ms)^\[display\].*?(?=^\[)", "", before), encoding="utf-8")
    wake, display = up.containers["wake"], up.containers["display"]
    complaints = len(wake.errors)
    assert up.run("security-setup").returncode == 0
    # The live connection ends, and no other is let in.
    wake.complains(f'address="{display.address}"', since=complaints)
    shown = len(display.lines)
    flows(up)
    assert len(display.lines) == shown
    display.stop()
    display = up.again("display", "removed/display")
    display.complains("refused by the peer's authenticator")
    flows(up)
    assert display.lines == []
    for name in up.agents():
        if name != "display":
            up.healthy(name)
    display.close()
    fleet.write_text(before, encoding="utf-8")
    assert up.run("security-setup").returncode == 0
    up.start("display")
    up.containers["display"].says("shown: somebody speaks")
