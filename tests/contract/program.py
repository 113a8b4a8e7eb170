"""The programs that the contract is tried on, and what curveshim says in them."""

import json
import os
import pathlib
import queue
import subprocess
import textwrap
import threading
import time

from harness import builds
from harness import events as logged

PYTHON = "/usr/bin/python3"
HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = builds.BUILD / "tests" / "contract"
# Generous: it is only used up when something is broken.
PATIENCE = 90 if builds.SLOWED else 30


class Refused(Exception):
    """A ZeroMQ call failed in the program; the name of its errno."""


def environment(certs=None, shim=True, **variables):
    """SECURE_ZMQ=1 and JSON lines of every level but debug, unless `variables` say otherwise.
    None takes a variable out; a name without the prefix gets it."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8",
           "PYTHONDONTWRITEBYTECODE": "1"}
    env.update(builds.sanitizer_options())
    if shim:
        env["LD_PRELOAD"] = builds.preload()
        env.update(SECURE_ZMQ="1", SECURE_ZMQ_LOG_FORMAT="json", SECURE_ZMQ_LOG_LEVEL="info")
        if certs is not None:
            env["SECURE_ZMQ_CERTS"] = str(certs)
    for name, value in variables.items():
        if not name.startswith("SECURE_ZMQ") and name != "LD_PRELOAD":
            name = f"SECURE_ZMQ_{name}"
        env.pop(name, None)
        if value is not None:
            env[name] = str(value)
    return env


def wait_until(condition, patience=PATIENCE):
    """For states of other processes that can't be awaited. The condition's last value."""
    end = time.monotonic() + patience
    while not (value := condition()):
        if time.monotonic() > end:
            return value
        time.sleep(0.005)
    return value


class Log:
    """A file that gets one JSON object per line."""

    def __init__(self, path):
        self.path = path

    def text(self):
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def lines(self):
        text = self.text()
        return text[:text.rfind("\n") + 1].splitlines()

    def events(self, name=None, **fields):
        return [e for e in logged.parse(self.lines()) if name in (None, e["event"])
                and all(e.get(k) == v for k, v in fields.items())]

    def wait(self, name, count=1, patience=PATIENCE, **fields):
        """The last event of that name with these fields, once there are `count` of them."""
        found = wait_until(lambda: self.events(name, **fields)[count - 1:], patience)
        assert found, f"no {name} {fields} in:\n{self.text()}"
        return found[-1]


class Program:
    """A pyzmq program under the shim: program("code") runs code in it."""

    def __init__(self, directory, env, cwd=None, command=(), stderr=None, **popen):
        self.log = Log(pathlib.Path(stderr or directory / f"stderr-{time.monotonic_ns()}"))
        self._stderr = open(self.log.path, "ab", buffering=0)
        self.process = subprocess.Popen(
            [*command, PYTHON, str(HERE / "interactive.py")], env=env, cwd=cwd or directory,
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, **popen)
        self._replies = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._replies.put(line)
        self._replies.put(None)

    def tell(self, code):
        """Like a call, but doesn't wait for the outcome: ask for that with `outcome`."""
        self.process.stdin.write(json.dumps(textwrap.dedent(code).strip()) + "\n")
        self.process.stdin.flush()

    def outcome(self, patience=PATIENCE):
        line = self._replies.get(timeout=patience)
        assert line is not None, f"ended with {self.process.wait()}:\n{self.log.text()}"
        try:
            reply = json.loads(line)
        except ValueError:
            raise AssertionError(f"something else came on stdout: {line!r}") from None
        if "errno" in reply:
            raise Refused(reply["errno"])
        assert "failed" not in reply, f"{reply['failed']}\n{self.log.text()}"
        return reply["value"]

    def __call__(self, code, patience=PATIENCE):
        self.tell(code)
        return self.outcome(patience)

    def refused(self, code):
        """The name of the errno that the code fails with; fails if it doesn't."""
        try:
            value = self(code)
        except Refused as refused:
            return str(refused)
        raise AssertionError(f"{code} was not refused: {value}\n{self.log.text()}")

    def end(self):
        """Ends by itself; its exit status."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.process.wait(timeout=PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self._stderr.close()
        self.log.events()


def run(command, env, cwd, patience=PATIENCE, **options):
    """A program that runs to its end."""
    return subprocess.run([str(word) for word in command], env=env, cwd=cwd, text=True,
                          capture_output=True, timeout=patience, check=False,
                          stdin=subprocess.DEVNULL, **options)


def run_python(code, env, cwd, **options):
    return run((PYTHON, "-c", textwrap.dedent(code)), env, cwd, **options)


def events(text, name=None):
    return [e for e in logged.parse(text.splitlines()) if name in (None, e["event"])]
