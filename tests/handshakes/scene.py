"""Two sides that cannot come together, and what each of them logs about it."""

import contextlib
import datetime
import json
import os
import pathlib
import socket
import threading
import time

import zmq

from harness import agents, builds, certificates, events
from harness.agents import wait_until
from matrix import rows

DEBIAN = rows.SECURED[0]
WHEEL = rows.pyzmq("27.3.0")
NODE = rows.zeromq_js("6.8.0", "glibc-*-Release")
C = rows.built("czmq", "c/czmq")
# Other runtimes do not start under a sanitizer's.
if builds.SANITIZED:
    WHEEL = NODE = C = DEBIAN


class Log:
    def __init__(self, path):
        self.path = path

    def events(self):
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        return events.parse(text[:text.rfind("\n") + 1].splitlines())

    def complaints(self):
        """What is worth a warning about who talks to whom."""
        return [e for e in self.events() if e["event"] in ("handshake", "auth", "blocked")
                and e["level"] in ("warning", "error")]

    def begin(self):
        """When it connected; None if it has not yet."""
        return next((moment(e) for e in self.events() if e["event"] == "connect"), None)


def moment(event):
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def delays(pid):
    """Of each thread of a process, how many seconds it has waited for a processor."""
    found = {}
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        # A thread may end meanwhile.
        with contextlib.suppress(OSError):
            found[file] = int(file.read_text(encoding="ascii").split()[1]) / 1e9
    return found


class Scene:
    def __init__(self, stage, directory):
        self._before = delays(os.getpid())
        self.directory = directory
        self.stage = stage
        self.logs = {}
        self.began = None
        # By how much the machine kept us and the agents waiting, which is no fault of theirs.
        self.late = 0
        self.context = zmq.Context()
        self._over = threading.Event()
        self._threads = []
        self.sockets = []
        self.certs = certificates.make(directory / "certificates")

    def stranger(self):
        return certificates.make_stranger(self.directory / "stranger", self.certs)

    def misled(self):
        return certificates.make_misled(self.directory / "misled", self.certs)

    def revoked(self):
        certificates.curveshim_cert("revoke", self.certs, "client")
        return self.certs

    def key(self, name):
        return certificates.public_key(self.certs / name)

    def _start(self, side, row, certs, arguments, before=()):
        env = agents.environment(**dict(row.env))
        if certs is not None:
            self.logs[side] = Log(self.directory / f"{side}.log")
            env = agents.environment(shim=True, certs=certs, SECURE_ZMQ_LOG=self.logs[side].path,
                                     SECURE_ZMQ_LOG_FORMAT="json", SECURE_ZMQ_LOG_LEVEL="info",
                                     **dict(row.env))
        row.require()
        agent = agents.Agent([*before, *row.command, *arguments],
                             {**env, "HOME": str(self.directory)}, self.directory)
        self.stage.agents.append(agent)
        return agent

    def server(self, row, certs=None, endpoint="tcp://127.0.0.1:*", count=9):
        """Where it listens."""
        return self._start("server", row, certs,
                           ("server", endpoint, str(count), "reply")).endpoint()

    def client(self, row, endpoint, certs=None, before=(), count=9):
        self.began = time.time()
        return self._start("client", row, certs, ("client", endpoint, str(count), "request"),
                           before)

    def peer(self, kind, **options):
        """A socket in the test itself, of a libzmq without the library."""
        made = self.context.socket(kind)
        made.linger = 0
        for name, value in options.items():
            setattr(made, name, value)
        self.sockets.append(made)
        return made

    def listener(self):
        """A bare TCP listener, and its endpoint."""
        made = socket.socket()
        made.bind(("127.0.0.1", 0))
        made.listen(16)
        made.settimeout(0.05)
        self.sockets.append(made)
        return made, f"tcp://127.0.0.1:{made.getsockname()[1]}"

    def say(self, endpoint, words):
        """A bare TCP client."""
        self.began = time.time()
        made = socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2])))
        self.sockets.append(made)
        made.sendall(words)
        return made

    def connect(self, made, endpoint):
        self.began = time.time()
        made.connect(endpoint)

    def meanwhile(self, step):
        """Repeats a step, which must not take long, for as long as the scene lasts."""
        def run():
            while not self._over.is_set():
                step()

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def start_of(self):
        """When the client connected."""
        client = self.logs.get("client")
        return client.begin() if client is not None else self.began

    def burst(self, seconds):
        """What each side complained of within so many seconds from the connect."""
        assert wait_until(self.start_of), self.report()
        end = self.start_of() + seconds
        while (rest := end - time.time()) > 0:
            step = min(rest, 0.02)
            begun = time.monotonic()
            time.sleep(step)
            self.late += max(0, time.monotonic() - begun - step - 0.002)
        here = [delay - self._before.get(thread, 0)
                for thread, delay in delays(os.getpid()).items()]
        for waited in (here, *(delays(agent.process.pid).values() for agent in self.stage.agents)):
            self.late += max(waited, default=0)
        return {side: [e for e in log.complaints() if moment(e) <= end]
                for side, log in self.logs.items()}

    def report(self):
        """Text, which pytest shows in full."""
        return "\n".join(f"{side}: {json.dumps(event)}" for side, log in self.logs.items()
                         for event in log.events())

    def close(self):
        self._over.set()
        for thread in self._threads:
            thread.join()
        for made in self.sockets:
            with contextlib.suppress(OSError):
                made.close()
        self.context.destroy(0)
