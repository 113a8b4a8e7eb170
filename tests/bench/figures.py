"""Figures that are no throughput: start-up, memory, many sockets, time to the first message."""

import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

from harness import builds

from . import cells, certificates, counting, handshake_profile, hooked_calls, measure, processes, variants

EMPTY = "int curveshim_bench_empty;\n"


def empty_library(directory):
    """What any preloaded library costs."""
    source, library = directory / "empty.c", directory / "libempty.so"
    source.write_text(EMPTY, encoding="ascii")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def opened(command, env, directory):
    log = directory / "strace.log"
    variables = [word for name, value in env.items() for word in ("-E", f"{name}={value}")]
    subprocess.run(["strace", "-f", "-e", "trace=open,openat", "-o", log, *variables, *command],
                   check=True, capture_output=True)
    return re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)"', log.read_text(encoding="utf-8"))


def milliseconds(envs, command=("/bin/true",), rounds=300):
    """{name: median time of a program that ends at once}, in turns."""
    times = {name: [] for name in envs}
    for _ in range(rounds):
        for name, env in envs.items():
            start = time.monotonic()
            os.waitpid(os.posix_spawn(command[0], command, env), 0)
            times[name].append((time.monotonic() - start) * 1000)
    return {name: round(statistics.median(each), 3) for name, each in times.items()}


def start_up(directory):
    """Of /bin/true."""
    empty = {"LD_PRELOAD": str(empty_library(directory))}
    shim = {"LD_PRELOAD": str(builds.SHIM)}
    found = {"milliseconds": milliseconds({
        "nothing preloaded": {}, "an empty library": empty, "curveshim, off": shim,
        "curveshim, on": {**shim, "SECURE_ZMQ": "1"}})}
    base = counting.instructions(["/bin/true"], empty)
    files = set(opened(["/bin/true"], empty, directory))
    for name, more in (("off", {}), ("on", {"SECURE_ZMQ": "1"})):
        env = {"LD_PRELOAD": str(builds.SHIM), **more}
        found[f"more instructions than an empty library, {name}"] = (
            counting.instructions(["/bin/true"], env) - base)
        found[f"more files opened, {name}"] = sorted(
            set(opened(["/bin/true"], env, directory)) - files - {str(builds.SHIM)})
    return found


def held(variant, count, directory):
    """(bytes at rest, bytes with so many connections, seconds it took to make them) of a server."""
    cell = cells.Cell("handshakes", peers=count)
    env = variant.environment(directory)
    server = measure.Agent(cell, "echo", "tcp://127.0.0.1:*", env)
    client = None
    try:
        endpoint = server.line()
        before = processes.resident(server.process.pid)
        client = measure.Agent(cell, "hold", endpoint, env)
        seconds = client.result()["seconds"]
        return before, processes.resident(server.process.pid), seconds
    finally:
        for agent in (client, server):
            if agent is not None:
                agent.kill()


def memory(directory, count=5000):
    found = {}
    for variant in (variants.NULL, variants.HAND, variants.ZAUTH, variants.SHIM):
        before, after, seconds = held(variant, count, directory)
        found[variant.name] = {"process": before, "per connection": (after - before) // count,
                               f"seconds for {count} connections": round(seconds, 2)}
    return found


def by_itself(role, count, variant, directory):
    """What an agent found that speaks with nobody."""
    agent = measure.Agent(cells.Counted(role, peers=count), role, "tcp://127.0.0.1:*",
                          variant.environment(directory))
    try:
        return agent.result()
    finally:
        agent.kill()


def contexts(directory, count=50):
    """Resident bytes for each ZeroMQ context, which has I/O threads and, under the library, an
    authenticator of its own."""
    found = {}
    for variant in (variants.NULL, variants.HAND, variants.SHIM):
        result = by_itself("contexts", count, variant, directory)
        found[variant.name] = {"bytes each": (result["after"] - result["before"]) // count}
    return found


def first_message(directory, rounds=9):
    """From the start of the client's process to its first answer, milliseconds."""
    found = {}
    cell = cells.Cell("handshakes")
    for variant in (variants.NULL, variants.HAND, variants.SHIM):
        env = variant.environment(directory)
        server = measure.Agent(cell, "echo", "tcp://127.0.0.1:*", env)
        try:
            endpoint, times = server.line(), []
            for _ in range(rounds):
                command = [*measure.AGENTS["c"], "hold", endpoint, "1", "1", "1"]
                start = time.monotonic()
                subprocess.run(command, env=env, check=True, capture_output=True,
                               stdin=subprocess.DEVNULL)
                times.append((time.monotonic() - start) * 1000)
            found[variant.name] = round(statistics.median(times), 2)
        finally:
            server.kill()
    return found


def counted_stream(variant, count, directory):
    """Instructions of a sender of so many messages of 100 bytes."""
    env = variant.environment(directory)
    server = measure.Agent(cells.Counted("push-pull", size=100, messages=count), "sink",
                           "tcp://127.0.0.1:*", env)
    try:
        command = [*measure.AGENTS["c"], "source", server.line(), str(count), "100", "1"]
        # Its input ends when everything has arrived: not before its last message is sent.
        return counting.instructions(command, env, server.result)
    finally:
        server.kill()


def per_message(directory, few=2000, many=12000):
    """Instructions of the sending process for each message of 100 bytes, by callgrind."""
    among = (variants.HAND, variants.ZAUTH, variants.SHIM, variants.ALL)
    counts = counting.at_once(lambda work: counted_stream(*work, directory),
                     [(variant, count) for variant in among for count in (few, many)])
    return {variant.name: round((b - a) / (many - few))
            for variant, a, b in zip(among, counts[::2], counts[1::2])}


def sockets(directory, count=10_000):
    """Bound one after the other and closed again: microseconds and bytes for each. As many as
    this machine allows, at two descriptors each."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(count, limit // 2 - 250)
    found = {}
    for variant in (variants.NULL, variants.HAND, variants.SHIM):
        result = by_itself("sockets", count, variant, directory)
        found[variant.name] = {
            "sockets": count, "µs to bind": round(result["bind"] / count * 1e6, 1),
            "µs to close": round(result["close"] / count * 1e6, 1),
            "bytes each": round((result["after"] - result["before"]) / count)}
    return found


FIGURES = (("start-up of /bin/true", start_up),
           ("time to the first answer, ms", first_message),
           ("instructions per message", per_message),
           ("memory of a server, bytes", memory),
           ("contexts", contexts), ("many sockets", sockets),
           ("hooked calls", hooked_calls.costs),
           ("where a handshake's time goes", handshake_profile.profile),
           ("where a handshake's time goes, pyzmq", handshake_profile.pyzmq_profile))
SECONDS = 90  # of all of them, about


def seconds_left(path, again):
    return 0 if not again and path.exists() else SECONDS


def load_or_measure(path, measurements, may_measure, again):
    """({name: figure}, whether all are there that were asked for). What is there already stays,
    unless it is to be measured again."""
    found = {} if may_measure and again or not path.exists() else json.loads(path.read_text("utf-8"))
    if not may_measure:
        return found, True
    with certificates.directory(1) as directory:
        for name, figure in FIGURES:
            if name in found:
                continue
            try:
                with measurements.timing(name) as took:
                    found[name] = figure(directory)
                print(f"{name}: {took():.0f} s", flush=True)
            except (measure.Failed, OSError, AttributeError, subprocess.SubprocessError) as failed:
                print(f"bench: {name}: {failed}", file=sys.stderr)
            path.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found, len(found) == len(FIGURES)
