"""rsyslog's omczmq and imczmq: one rsyslogd sends the lines of a file, another one writes them."""

import glob
import pathlib
import shutil

import pytest

from harness.agents import environment, wait_until
from harness.exchange import CLIENT_TEXT, Party, assert_curve_on_the_wire, greetings
from harness.runtimes import Runtime

from .processes import endpoint

LINES = [f"{CLIENT_TEXT} {n}" for n in range(1, 6)]
SENDER = """
global(workDirectory="{directory}")
module(load="imfile")
module(load="omczmq")
template(name="line" type="string" string="%msg%")
input(type="imfile" File="{directory}/in.log" Tag="agent" ruleset="out")
ruleset(name="out") {{
  action(type="omczmq" endpoints="{endpoint}" socktype="PUSH" template="line")
}}
"""
RECEIVER = """
global(workDirectory="{directory}")
module(load="imczmq")
template(name="line" type="string" string="%rawmsg%\\n")
input(type="imczmq" endpoints="{endpoint}" socktype="PULL" ruleset="in")
ruleset(name="in") {{ action(type="omfile" file="{directory}/out.log" template="line") }}
"""


class Rsyslogd(Runtime):
    def require(self):
        if shutil.which(self.command[0], path="/usr/sbin:/sbin") is None:
            pytest.skip(f"agent {self.name}: {self.command[0]} is not installed")
        if not glob.glob("/usr/lib/*/rsyslog/omczmq.so"):
            pytest.skip(f"agent {self.name}: omczmq.so is not installed")


RUNTIME = Rsyslogd("rsyslog", ("/usr/sbin/rsyslogd", "-n", "-i", "NONE"), False)


class Pair:
    def __init__(self, theatre, directory, env):
        self.theatre = theatre
        self.env = env
        self.directory = pathlib.Path(directory)
        (self.directory / "in.log").write_text("".join(f"{line}\n" for line in LINES))

    def start(self, name, configuration, where):
        file = self.directory / f"{name}.conf"
        home = self.directory / name
        home.mkdir()
        if name == "sender":
            (home / "in.log").symlink_to(self.directory / "in.log")
        file.write_text(configuration.format(directory=home, endpoint=where))
        return self.theatre.start(Party(RUNTIME, self.env), "-f", str(file))

    def play(self, binder):
        parts = {"receiver": RECEIVER, "sender": SENDER}
        bound = self.start(binder, parts.pop(binder), "@tcp://127.0.0.1:*")
        relay = self.theatre.relay_to(endpoint(bound))
        (connector, configuration), = parts.items()
        connected = self.start(connector, configuration, f">{relay.endpoint}")
        output = self.directory / "receiver" / "out.log"

        def arrived():
            return output.exists() and output.read_text().splitlines() == LINES
        # Not how they end: rsyslogd 8.2302 with czmq often crashes then, with and without the shim.
        assert wait_until(arrived), (bound.report(), connected.report(),
                                     output.exists() and output.read_text())
        return relay


@pytest.mark.parametrize("binder", ("receiver", "sender"))
def test_in_curve(theatre, certs, tmp_path, binder):
    relay = Pair(theatre, tmp_path, environment(shim=True, certs=certs)).play(binder)
    assert_curve_on_the_wire(relay)


@pytest.mark.parametrize("binder", ("receiver", "sender"))
def test_in_clear_without_the_shim(theatre, tmp_path, binder):
    relay = Pair(theatre, tmp_path, environment()).play(binder)
    assert {g.mechanism for pair in greetings(relay) for g in pair if g} == {"NULL"}
    assert CLIENT_TEXT.encode() in relay.bytes_seen()
