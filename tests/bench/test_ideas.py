"""Each idea does what its name says: else its ratio would be that of nothing at all."""

import contextlib
import os
import pathlib
import re
import subprocess

import pytest
from harness import builds

from bench import cells, certificates, ideas, measure

pytestmark = pytest.mark.skipif(builds.WITH_ASAN, reason="what is measured is not instrumented")

EVERY = {idea.name: idea for idea in ideas.ideas(None)}


def named(start):
    return next(idea for name, idea in EVERY.items() if name.startswith(start))


def traced(tmp_path, start):
    """System calls on options of sockets, of a server that a message comes to."""
    idea, log = named(start), tmp_path / "strace"
    certificates.make(tmp_path, 1)
    cell = cells.Counted(idea.cells[0].pattern, messages=3)
    env, agents = idea.environment(tmp_path), []
    try:
        agents.append(measure.Agent(cell, cell.server_role, "tcp://127.0.0.1:*", env,
                                    ("strace", "-f", "-e", "trace=setsockopt", "-o", str(log))))
        agents.append(measure.Agent(cell, cell.client_role, agents[0].line(), env))
        agents[not cell.server_measures].result()
        for agent in reversed(agents):
            agent.end()
    finally:
        for agent in agents:
            agent.kill()
    return log.read_text(encoding="ascii")


@pytest.mark.parametrize("start, set_to", [
    ("socket buffers of 1 MiB", r"SO_SNDBUF, \[1048576\].* = 0"),
    ("socket buffers of 64 KiB", r"SO_RCVBUF, \[65536\].* = 0"),
    ("without TCP_NODELAY", r"TCP_NODELAY, \[0\].* = 0"),
    ("TCP_QUICKACK", r"TCP_QUICKACK, \[1\].* = 0"),
    ("SO_BUSY_POLL", r"(SO_BUSY_POLL|0x2e /\* SO_\?\?\? \*/), .*\[50\].* = 0")])
def test_an_option_of_connections_is_set(tmp_path, start, set_to):
    assert re.search(set_to, traced(tmp_path, start))


@contextlib.contextmanager
def io_threads(tmp_path, start):
    """[task directory], of both ends, in agents that live and have spoken with each other."""
    certificates.make(tmp_path, 1)
    idea = named(start)
    with measure.Living(idea.cells[0], idea, tmp_path) as one:
        yield [task for agent in (one.server, one.client)
               for task in pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir()
               if (task / "comm").read_text("ascii").startswith("ZMQbg/IO")]


@pytest.mark.parametrize("start, count", [("nothing, once more", 1), ("2 I/O threads", 2), ("4 I/O threads", 4)])
def test_there_are_so_many_io_threads(tmp_path, start, count):
    with io_threads(tmp_path, start) as tasks:
        assert len(tasks) == 2 * count


@pytest.mark.skipif(os.cpu_count() < 2, reason="there is nowhere else to run")
def test_io_threads_are_pinned_apart(tmp_path):
    with io_threads(tmp_path, "I/O threads pinned") as tasks:
        assert sorted(map(sorted, (os.sched_getaffinity(int(task.name)) for task in tasks))) == [[0], [1]]


def test_io_threads_are_scheduled_in_batches(tmp_path):
    with io_threads(tmp_path, "I/O threads SCHED_BATCH") as tasks:
        assert [os.sched_getscheduler(int(task.name)) for task in tasks] == [os.SCHED_BATCH] * 2


def bindings(tmp_path, idea):
    """{symbol: library} of those that libzmq calls."""
    certificates.make(tmp_path, 1)
    env = dict(idea.environment(tmp_path), LD_DEBUG="bindings", LD_BIND_NOW="1", BENCH_IO_THREADS="1")
    told = subprocess.run([*measure.AGENTS["c"], "contexts", "tcp://127.0.0.1:*", "0", "1", "1"], env=env,
                          check=True, capture_output=True, text=True).stderr
    return dict(reversed(found) for found in re.findall(
        r"binding file \S*/libzmq\S* \[0\] to (\S+) \[0\]: normal symbol `(\w+)'", told))


@pytest.mark.parametrize("start, symbol", [
    ("jemalloc", "malloc"), ("tcmalloc", "malloc"), ("mimalloc", "malloc"),
    ("newer libsodium", "crypto_box_easy_afternm"), ("mimalloc and newer", "crypto_box_easy_afternm"),
    ("mimalloc and newer", "malloc"), ("newer libzmq", "crypto_box_easy_afternm")])
def test_a_library_takes_the_place_of_another(tmp_path, start, symbol):
    idea = named(start)
    if not idea.is_here():
        pytest.skip("not on this machine")
    assert bindings(tmp_path, idea)[symbol] in map(str, idea.behind)


@pytest.mark.parametrize("idea", [idea for name, idea in EVERY.items() if name.startswith("malloc")],
                         ids=lambda idea: idea.name)
def test_glibc_knows_what_it_is_tuned_with(tmp_path, idea):
    tunables = dict(idea.shim)["GLIBC_TUNABLES"]
    loader = next(pathlib.Path("/lib64").glob("ld-linux*"), None)
    if loader is None:
        pytest.skip("no loader where it is looked for")
    listed = subprocess.run([loader, "--list-tunables"], env={"GLIBC_TUNABLES": tunables}, check=True,
                            capture_output=True, text=True).stdout
    for each in tunables.split(":"):
        name, value = each.split("=")
        assert int(re.search(rf"^{re.escape(name)}: (\w+)", listed, re.M)[1], 0) == int(value)


def ratio(low, median, high):
    return {"median": median, "low": low, "high": high, "rounds": 13}


def test_what_chance_alone_does_is_no_find():
    stream = cells.Cell("push-pull")
    nothing, once_more, good, poor = (named(start) for start in (
        "nothing (", "nothing, once", "newer libsodium", "mimalloc"))
    found = {(nothing, stream): [ratio(0.9, 1, 1.05), ratio(0.99, 1, 1.01)],
             (once_more, stream): [ratio(0.95, 1, 1.05), ratio(0.97, 1, 1.02)],
             (good, stream): [ratio(0.95, 1.1, 1.2), ratio(1.04, 1.05, 1.06)],
             (poor, stream): [ratio(0.8, 0.85, 0.89), ratio(0.96, 0.97, 0.98)]}
    assert ideas.beyond(found) == (
        "Chance alone goes 10% far for messages a second, 3% for messages for a second of CPU. Beyond that: "
        "mimalloc at push-pull, 100 B, messages a second (0.85 (0.80 to 0.89)); "
        "newer libsodium at push-pull, 100 B, messages for a second of CPU (1.05 (1.04 to 1.06)).")


def test_ideas_are_compared_with_the_library_as_it_is():
    wanted = [(idea, cell) for idea in EVERY.values() for cell in idea.cells]
    groups = ideas.groups(wanted)
    assert sorted((idea.name, cell.name) for cell, _, group in groups for idea in group) == sorted(
        (idea.name, cell.name) for idea, cell in wanted)
    for _, base, group in groups:
        assert {idea.before for idea in group} == {base.before} and not base.behind
        assert all(set(base.shim) <= set(idea.shim) for idea in group)
