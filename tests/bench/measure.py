"""One measurement: a server agent, a client agent, and what is between them."""

import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess

from harness import builds

HERE = pathlib.Path(__file__).resolve().parent
AGENTS = {"c": (str(builds.BUILD / "tests" / "bench" / "bench_agent"),),
          "pyzmq": ("/usr/bin/python3", str(HERE / "bench_agent.py"))}


class Failed(Exception):
    """An agent did not do what it was asked to."""


class Agent:
    def __init__(self, cell, role, endpoint, env, within=()):
        env = dict(env, BENCH_IO_THREADS=str(cell.threads))
        self.process = subprocess.Popen(
            [*within, *AGENTS[cell.agents], role, endpoint, str(cell.count), str(cell.size),
             str(cell.peers)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.stderr.read()[-2000:])
        return line.strip()

    def result(self):
        return json.loads(self.line())

    def end(self):
        """CPU seconds."""
        self.process.stdin.close()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        return usage.ru_utime + usage.ru_stime

    def kill(self):
        if self.process.returncode is None:
            # Not by Popen.kill, which would collect a process that has ended, and its times with it.
            os.kill(self.process.pid, signal.SIGKILL)
            self.end()


def measure(cell, variant, directory):
    """What the measuring agent said, with "cpu" seconds of everybody."""
    network = (contextlib.nullcontext() if variant.network is None
               else variant.network(directory / "network"))
    with network as ends:
        return measure_agents(cell, variant, directory, ends)


def measure_agents(cell, variant, directory, ends):
    env = variant.environment(directory)
    address, there, here = ("127.0.0.1", (), ()) if ends is None else (
        ends.address, ends.server, ends.client)
    server = Agent(cell, cell.server_role, f"tcp://{address}:*", env, there)
    client = tunnel = None
    try:
        endpoint = server.line()
        if variant.tunnel is not None:
            tunnel = variant.tunnel(directory / variant.tunnel.program,
                                    endpoint.rsplit(":", 1)[1])
            endpoint = f"tcp://127.0.0.1:{tunnel.port}"
        client = Agent(cell, cell.client_role, endpoint, env, here)
        result = (server if cell.server_measures else client).result()
        result["cpu"] = client.end() + server.end()
        if tunnel is not None:
            result["cpu"] += tunnel.cpu_seconds()
        if ends is not None:
            result["cpu"] += ends.cpu_seconds()
        return result
    finally:
        for agent in (server, client):
            if agent is not None:
                agent.kill()
        if tunnel is not None:
            tunnel.close()


def allow_many_descriptors(wanted=65536):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # more than is allowed is root's to take
        hard = max(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
