"""ffmpeg's zmq: protocol: a video, published by one ffmpeg and decoded by another."""

import shutil

import pytest

from harness.agents import environment
from harness.exchange import Party, greetings
from harness.relay import Conversation
from harness.runtimes import Runtime
from harness import zmtp

from .processes import endpoint

FRAMES = 25
# One frame of 160x120 in yuv420p.
FRAME_BYTES = 160 * 120 * 3 // 2
MPEGTS_PACKET = 188
COMMON = ("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin")
PUBLISHER = Runtime("ffmpeg", (*COMMON, "-re", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25",
                               "-c:v", "mpeg2video", "-g", "5", "-f", "mpegts"), python=False)
RECEIVER = Runtime("ffmpeg", (*COMMON, "-probesize", "32k", "-analyzeduration", "500000"),
                   python=False)


class Installed(Runtime):
    def require(self):
        if shutil.which(self.command[0]) is None:
            pytest.skip(f"agent {self.name}: {self.command[0]} is not installed")


def party(runtime, env):
    return Party(Installed(runtime.name, runtime.command, False), env)


def play(theatre, env):
    publisher = theatre.start(party(PUBLISHER, env), "zmq:tcp://127.0.0.1:*")
    relay = theatre.relay_to(endpoint(publisher))
    receiver = theatre.start(party(RECEIVER, env), "-i", f"zmq:{relay.endpoint}",
                             "-frames:v", str(FRAMES), "-f", "framecrc", "-")
    assert receiver.wait() == 0, receiver.report()
    assert publisher.process.poll() is None, publisher.report()
    frames = [line.split(",") for line in receiver.lines if not line.startswith("#")]
    assert [int(fields[4]) for fields in frames] == [FRAME_BYTES] * FRAMES
    assert len({fields[5] for fields in frames}) > 1
    publisher.stop()
    return relay


def carries_video(conversation: Conversation):
    """Whether transport stream packets follow each other in what the publisher said."""
    said = bytes(conversation.binder)
    return any(said[n:n + 3 * MPEGTS_PACKET:MPEGTS_PACKET] == b"GGG" for n in range(len(said)))


def test_in_curve(theatre, certs):
    relay = play(theatre, environment(shim=True, certs=certs))
    assert greetings(relay)
    for conversation in relay.conversations:
        assert zmtp.mechanism(conversation.binder) == "CURVE"
        assert zmtp.mechanism(conversation.connector) == "CURVE"
        assert zmtp.commands(conversation.connector) == ["HELLO", "INITIATE"]
        assert not carries_video(conversation)


def test_in_clear_without_the_shim(theatre):
    relay = play(theatre, environment())
    assert {zmtp.mechanism(c.binder) for c in relay.conversations} == {"NULL"}
    assert any(carries_video(c) for c in relay.conversations)
