"""Agents as subprocesses: started in a small clean environment, watched, always ended by pid."""

import json
import os
import queue
import subprocess
import threading
import time

from . import builds

# Generous: it is only used up when something is broken.
PATIENCE = 60 if builds.SLOWED else 30


def environment(shim=False, certs=None, home="/nonexistent", **variables):
    """What an agent sees. Nothing of the tests' own environment but the search path."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8",
           "PYTHONDONTWRITEBYTECODE": "1"}
    env.update(builds.sanitizer_options())
    if shim:
        env["LD_PRELOAD"] = builds.preload()
        env["SECURE_ZMQ"] = "1"
    if certs is not None:
        env["SECURE_ZMQ_CERTS"] = str(certs)
    env.update({name: str(value) for name, value in variables.items()})
    return env


class Agent:
    def __init__(self, command, env, directory):
        self.process = subprocess.Popen(command, env=env, cwd=directory, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.lines = []
        self.errors = []
        self._arrived = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()

    def _read_output(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self._arrived.put(line)
        self._arrived.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip("\n"))

    def endpoint(self):
        """Where it listens: waits for the line that says so."""
        line = self._arrived.get(timeout=PATIENCE)
        assert line is not None, f"the agent ended before it listened: {self.report()}"
        return json.loads(line)["endpoint"]

    def wait(self):
        """Its exit status, with all of its output read."""
        status = self.process.wait(timeout=PATIENCE)
        for reader in self._readers:
            reader.join(timeout=PATIENCE)
        return status

    def stop(self):
        """Ask it to end; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def objects(self):
        return [json.loads(line) for line in self.lines]

    def received(self):
        return [o["received"] for o in self.objects() if "received" in o]

    def report(self):
        return f"exit status {self.process.poll()}, stdout {self.lines}, stderr {self.errors}"


class Stage:
    """Starts agents for one test and ends what is left of them."""

    def __init__(self, directory):
        self.directory = directory
        self.agents = []

    def start(self, runtime, *arguments, env):
        runtime.require()
        command = [*runtime.command, *arguments]
        if command[0] == str(builds.C_AGENT):
            command = builds.checked(command, env)
        agent = Agent(command, {**env, "HOME": str(self.directory)}, self.directory)
        self.agents.append(agent)
        return agent

    def clear(self):
        for agent in self.agents:
            agent.kill()
        self.agents.clear()


def wait_until(condition, patience=PATIENCE):
    """For states of other processes that can't be awaited. True when it came about."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
