"""Runs the scenario with a fault, from the outside: its peers, its certificates, its judge."""

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

from harness import agents, bare_peer, builds, certificates, relay

from . import sites

PROGRAM = builds.BUILD / "tests" / "faults" / "scenario"
LIBRARY = builds.BUILD / "tests" / "faults" / "libfaults.so"
MARK = b"sent-by-the-agent"
IN_CLEAR = b"sent-in-clear"
# What the slowest of its steps may take, and some more for a busy machine.
PATIENCE = 120
# The scenario's status when something was refused for good.
REFUSED = 3


def hello(kind, mechanism=b"NULL"):
    return bare_peer.greeting_3(mechanism) + bare_peer.ready(kind)


@dataclasses.dataclass
class Outcome:
    fault: object
    lines: list
    errors: str
    status: int
    fired: int
    seen: set
    violations: list = dataclasses.field(default_factory=list)

    @property
    def kind(self):
        if self.violations:
            return "VIOLATION"
        if not self.fired:
            return "not reached"
        if "end" not in self.lines:
            return "refused"
        refused = any(line.startswith("refused") for line in self.lines)
        return "refused, then worked" if refused else "kept working"

    def __str__(self):
        return f"{self.fault}: {self.kind} {self.violations}\n{self.lines}\n{self.errors[-3000:]}"


def speak_in_clear(endpoint):
    """A client in clear; what the agent answers until it hangs up."""
    with contextlib.suppress(OSError):
        return bare_peer.visit(endpoint, hello(b"PUSH") + b"\x00" + bytes([len(IN_CLEAR)]) + IN_CLEAR,
                               hangs_up_after=2)
    return b""


class Run:
    """One run of the scenario, in a directory of its own."""

    # What a variation has otherwise: variables, the scenario's arguments, and what the server in
    # clear that the agent is sent to says.
    environment = {}
    arguments = ()
    astray_says = hello(b"PULL")

    def set_up(self):
        """Before the agent starts."""

    def __init__(self, directory, fault=None, certs=None):
        self.directory = directory
        self.fault = fault
        self.violations = []
        directory.mkdir(parents=True)
        self.certs = directory / "certificates"
        if certs is None:
            certificates.make(self.certs)
        else:
            shutil.copytree(certs, self.certs)
        (directory / "metrics").mkdir()
        left_behind = directory / "metrics" / f"curveshim-{socket.gethostname()}-1-1.prom"
        left_behind.write_text("# by a process that has ended\n", encoding="utf-8")
        os.utime(left_behind, (0, 0))
        self.set_up()
        env = agents.environment(True, self.certs, SECURE_ZMQ_LOG=directory / "log",
                                 SECURE_ZMQ_LOG_LEVEL="debug", SECURE_ZMQ_LOG_FORMAT="json",
                                 SECURE_ZMQ_HANDSHAKE_TIMEOUT=3000,
                                 SECURE_ZMQ_METRICS=directory / "metrics",
                                 CURVESHIM_FAULT_COUNTS=directory / "counts")
        env["LD_PRELOAD"] += f":{LIBRARY}"
        env.update(self.environment)
        if fault is not None:
            env["CURVESHIM_FAULT"] = fault.variable()
        self.process = subprocess.Popen(
            [PROGRAM, "8000" if fault is not None and fault.for_ever else "45000", *self.arguments],
            env=env, cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.relays = []
        self.lines = []

    def attack(self):
        self.judge_told(speak_in_clear(self.endpoint), "the listener's answer")

    def judge_told(self, told, what):
        """What one side said on one connection: a greeting of CURVE, and nothing of what was sent."""
        told = bytes(told)
        if MARK in told or IN_CLEAR in told:
            self.violations.append(f"{what} carries what was sent, in clear")
        if told[10:11] not in (b"", b"\x03") or \
                not b"CURVE".ljust(20, b"\0").startswith(told[12:32]):
            self.violations.append(f"{what} carries a greeting of {told[:32]}")

    def answer(self, line):
        """What the scenario waits for after a line."""
        word, *rest = line.split()
        key = self.certs / "authorized_clients" / "client.key"
        if word == "bound":
            self.endpoint = rest[0]
            self.attack()
            self.relays.append(relay.Relay(self.endpoint))
            return self.relays[-1].endpoint
        if word == "connect-astray":
            return self.astray.endpoint
        if word == "deauthorise":
            key.rename(self.directory / "away.key")
        elif word == "authorise":
            (self.directory / "away.key").rename(key)
        elif word == "attack":
            self.attack()
        else:
            return None
        return ""

    def converse(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            answer = self.answer(line)
            if answer is not None:
                with contextlib.suppress(BrokenPipeError):
                    self.process.stdin.write(answer + "\n")
                    self.process.stdin.flush()

    def kill(self):
        """With the children that it forked, which may hang too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def play(self, descriptors=None, may_end=False):
        """The outcome. descriptors: what may be open at the end. may_end: whether it may give up."""
        self.astray = bare_peer.Listener(self.astray_says, hangs_up_after=1)
        watch = threading.Timer(PATIENCE, self.kill)
        watch.start()
        errors = []
        reader = threading.Thread(target=lambda: errors.append(self.process.stderr.read()))
        reader.start()
        try:
            self.converse()
            status = self.process.wait()
            reader.join()
        finally:
            hung = not watch.is_alive()
            watch.cancel()
            for each in self.relays:
                each.close()
                for conversation in each.conversations:
                    self.judge_told(conversation.connector, "a client's side")
                    self.judge_told(conversation.binder, "the listener's side")
            self.astray.close()
        for told in self.astray.heard:
            self.judge_told(told, "the wire to a server in clear")
        self.judge(status, hung, descriptors, may_end)
        path = self.directory / "counts"
        counts = sites.read(path) if path.exists() else {}
        fired = sum(f for _, f in counts.values()) if counts else 1
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        return Outcome(self.fault, self.lines, errors[0], status, fired, set(counts),
                       self.violations)

    def judge(self, status, hung, descriptors, may_end):
        if hung:
            self.violations.append("hangs")
        elif status < 0:
            self.violations.append(f"killed by signal {-status}")
        elif status != 0 and status != REFUSED and not may_end:
            self.violations.append(f"status {status}")
        self.violations += [line for line in self.lines if line.startswith("violation")]
        if any(line.startswith("child") and line != "child 0" for line in self.lines):
            self.violations.append("a forked child fails")
        if descriptors is not None and status == 0:
            left = [each for each in self.descriptors() if each not in descriptors]
            if left or len(self.descriptors()) > len(descriptors):
                self.violations.append(f"leaves descriptors open: {self.descriptors()}")

    def descriptors(self):
        return kinds(self.lines)


def kinds(lines):
    """What descriptors are of, without what differs from run to run: the shortest snapshot."""
    snapshots = []
    for line in lines:
        if line == "snapshot":
            snapshots.append([])
        elif line.startswith("descriptor"):
            snapshots[-1].append(re.sub(r"\d+", "N", os.path.basename(line.split(" ", 1)[1])))
    return sorted(min(snapshots, key=len, default=[]))
