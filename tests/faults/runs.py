"""Runs the scenario with a fault, from the outside: its peers, its certificates, its judge."""

import contextlib
import dataclasses
import os
import re
import shutil
import socket
import subprocess
import threading

from harness import agents, builds, certificates, relay

from . import sites

PROGRAM = builds.BUILD / "tests" / "faults" / "scenario"
LIBRARY = builds.BUILD / "tests" / "faults" / "libfaults.so"
MARK = b"sent-by-the-agent"
IN_CLEAR = b"sent-in-clear"
# What the slowest of its steps may take, and some more for a busy machine.
PATIENCE = 120
# The scenario's status when something was refused for good.
REFUSED = 3

GREETING = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" * 32
READY = b"\x05READY\x0bSocket-Type\x00\x00\x00\x04"


def hello(kind):
    body = READY + kind
    return GREETING + b"\x04" + bytes([len(body)]) + body


@dataclasses.dataclass
class Outcome:
    fault: object
    lines: list
    errors: str
    status: int
    fired: int
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


class Astray:
    """A server in clear that the agent is sent to; what it is told."""

    def __init__(self):
        self.told = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(1)
                peer.sendall(hello(b"PULL"))
                self.told.append(bytearray())
                while data := peer.recv(4096):
                    self.told[-1] += data

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def speak_in_clear(endpoint):
    """A client in clear; what the agent answers until it hangs up."""
    told = b""
    with contextlib.suppress(OSError):
        with socket.create_connection(relay.parse_endpoint(endpoint)[1], timeout=2) as peer:
            peer.sendall(hello(b"PUSH") + b"\x00" + bytes([len(IN_CLEAR)]) + IN_CLEAR)
            while data := peer.recv(4096):
                told += data
    return told


class Run:
    """One run of the scenario, in a directory of its own."""

    def __init__(self, directory, fault=None, certs=None, preexec_fn=None, environment=None,
                 arguments=()):
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
        env = agents.environment(True, self.certs, SECURE_ZMQ_LOG=directory / "log",
                                 SECURE_ZMQ_LOG_LEVEL="debug", SECURE_ZMQ_LOG_FORMAT="json",
                                 SECURE_ZMQ_HANDSHAKE_TIMEOUT=3000,
                                 SECURE_ZMQ_METRICS=directory / "metrics",
                                 CURVESHIM_FAULT_COUNTS=directory / "counts")
        env["LD_PRELOAD"] += f":{LIBRARY}"
        env.update(environment or {})
        if fault is not None:
            env["CURVESHIM_FAULT"] = fault.variable()
        self.process = subprocess.Popen(
            [PROGRAM, "8000" if fault is not None and fault.for_ever else "45000", *arguments],
            env=env, cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=preexec_fn)
        self.relays = []
        self.lines = []

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
            self.judge_told(speak_in_clear(self.endpoint), "the listener's answer")
            self.relays.append(relay.Relay(self.endpoint))
            return self.relays[-1].endpoint
        if word == "connect-astray":
            return self.astray.endpoint
        if word == "deauthorise":
            key.rename(self.directory / "away.key")
        elif word == "authorise":
            (self.directory / "away.key").rename(key)
        elif word == "attack":
            self.judge_told(speak_in_clear(self.endpoint), "the listener's answer")
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

    def play(self, descriptors=None, may_end=False):
        """The outcome. descriptors: what may be open at the end. may_end: whether it may give up."""
        self.astray = Astray()
        watch = threading.Timer(PATIENCE, self.process.kill)
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
        for told in self.astray.told:
            self.judge_told(told, "the wire to a server in clear")
        self.judge(status, hung, descriptors, may_end)
        counts = self.directory / "counts"
        fired = sum(f for _, f in sites.read(counts).values()) if counts.exists() else 1
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        return Outcome(self.fault, self.lines, errors[0], status, fired, self.violations)

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
