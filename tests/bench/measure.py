"""One round of measurements: for each variant a server agent, a client agent, and what is between
them, all at the same time."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import resource
import signal
import subprocess

from harness import builds

from . import processes

HERE = pathlib.Path(__file__).resolve().parent
AGENTS = {"c": (str(builds.BUILD / "tests" / "bench" / "bench_agent"),),
          "pyzmq": ("/usr/bin/python3", str(HERE / "bench_agent.py"))}
# Threads that live as long as the program: tunnels end with the thread that started them.
STARTERS = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)


class Failed(Exception):
    """An agent did not do what it was asked to."""


class Agent:
    """Measures in slices where it is given no count."""

    def __init__(self, cell, role, endpoint, env, within=(), count=None):
        env = dict(env, BENCH_IO_THREADS=str(cell.threads))
        self.process = subprocess.Popen(
            [*within, *AGENTS[cell.agents], role, endpoint,
             str(cell.count if count is None else count), str(cell.size), str(cell.peers)],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.stderr.read()[-2000:])
        return line.strip()

    def result(self):
        return json.loads(self.line())

    def tell(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()

    def last_result(self):
        """What it says when there are no more slices; None if it has nothing to say."""
        self.process.stdin.close()
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def cpu_seconds(self):
        """So far, of all of its threads."""
        return processes.cpu_seconds(self.process.pid)

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


class Living:
    """A server and a client of one variant, with what is between them; ends as a context manager."""

    def __init__(self, cell, variant, directory):
        self.cell, self.variant, self.slices = cell, variant, []
        with contextlib.ExitStack() as stack:
            ends = (None if variant.network is None else
                    stack.enter_context(variant.network(directory / f"network-{id(self)}")))
            self.start(directory, ends, stack)
            self.stack = stack.pop_all()

    def start(self, directory, ends, stack):
        env, self.between = self.variant.environment(directory), [ends] if ends is not None else []
        address, there, here = ("127.0.0.1", (), ()) if ends is None else (
            ends.address, ends.server, ends.client)
        self.server = Agent(self.cell, self.cell.server_role, f"tcp://{address}:*", env, there, count=0)
        stack.callback(self.server.kill)
        endpoint = self.server.line()
        if self.variant.tunnel is not None:
            tunnel = self.variant.tunnel(directory / self.variant.tunnel.program,
                                         endpoint.rsplit(":", 1)[1])
            stack.callback(tunnel.close)
            self.between.append(tunnel)
            endpoint = f"tcp://127.0.0.1:{tunnel.port}"
        self.client = Agent(self.cell, self.cell.client_role, endpoint, env, here, count=0)
        stack.callback(self.client.kill)
        self.slice(self.cell.warm_up)
        self.slices.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def cpu_seconds(self):
        """Of everybody: agents, and what carries their messages."""
        return sum(each.cpu_seconds() for each in (self.server, self.client, *self.between))

    def slice(self, count):
        before = self.cpu_seconds()
        for agent in (self.server, self.client):
            if agent is self.client or self.cell.server_role != "echo":
                agent.tell(count)
        result = (self.server if self.cell.server_measures else self.client).result()
        self.slices.append(dict(result, cpu=self.cpu_seconds() - before))

    def result(self):
        """Of all slices since the last result: "seconds", "count", "cpu" of everybody, and for each slice its "rates" and
        "cpus" (microseconds for each message), and "p50s" where times are measured."""
        total = {name: sum(each[name] for each in self.slices) for name in ("seconds", "count", "cpu")}
        total["rates"] = [short(each["count"] / each["seconds"]) for each in self.slices]
        total["cpus"] = [short(each["cpu"] / each["count"] * 1e6) for each in self.slices]
        if self.cell.is_latency:
            total["p50s"] = [short(each["p50"]) for each in self.slices]
            total.update((name, each) for name, each in (self.client.last_result() or {}).items()
                         if name.startswith("p"))
        self.slices.clear()
        return total


def short(value):
    return float(f"{value:.4g}")


class Kept:
    """Agents that take long to start, and live as long as this: for several rounds."""

    def __init__(self):
        self.living, self.stack = {}, contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def started(cell, variant, directory, kept):
    if variant.name not in kept.living:
        one = Living(cell, variant, directory)
        if not cell.keeps(variant):
            return one
        kept.living[variant.name] = kept.stack.enter_context(one)
    return kept.living[variant.name]


def start_all(cell, chosen, directory, failed, kept, stack):
    """[Living]: several start at once, as most of it is waiting; nothing is measured meanwhile."""
    living = []
    for variant, start in [(variant, STARTERS.submit(started, cell, variant, directory, kept))
                           for variant in chosen]:
        with telling(variant, failed):
            one = start.result()
            living.append(one if cell.keeps(variant) else stack.enter_context(one))
    return living


def measure(cell, chosen, directory, failed, kept=None):
    """{variant's name: result}. All are alive at the same time and measured in turns, slice by slice:
    what the machine does meanwhile happens to all of them. Who fails is told to failed(variant, why)."""
    results = {}
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(Kept()) if kept is None else kept
        living = start_all(cell, chosen, directory, failed, kept, stack)
        for number in range(cell.slices):
            # Nobody is always behind the same one, which may still have something to do.
            for one in random.Random(number).sample(living, len(living)):
                if number < cell.slices_of(one.variant):
                    with telling(one.variant, failed, lambda one=one: living.remove(one)):
                        one.slice(cell.in_slice_of(one.variant))
        for one in living:
            with telling(one.variant, failed):
                results[one.variant.name] = one.result()
    return results


@contextlib.contextmanager
def telling(variant, failed, then=lambda: None):
    try:
        yield
    except (Failed, OSError, ValueError, subprocess.CalledProcessError) as why:
        failed(variant, why)
        then()


def allow_many_descriptors(wanted=65536):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # more than is allowed is root's to take
        hard = max(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
