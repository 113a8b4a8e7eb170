"""Contract, Roles: the authenticators that programs have of their own, pyzmq's and czmq's, do under the shim
what they do without: by pyzmq's own tests, and by a life of czmq's zauth."""

import os
import pathlib
import subprocess
import xml.etree.ElementTree

import pytest
from harness import builds

from .program import PROGRAMS, PYTHON, environment, run

DEBIAN = pathlib.Path("/usr/lib/python3/dist-packages")
WHEEL = next((builds.REPOSITORY / ".venvs" / "pyzmq-25.1.2" / "lib").glob("python3*/site-packages"),
             pathlib.Path("pyzmq 25.1.2"))

# PLAIN is refused unless its endpoint is exempted; the rest is run in both ways.
WAYS = {
    "without the shim": ({"shim": False}, "test"),
    "secured": ({"LOG": "none"}, "not plain"),
    "exempted": ({"LOG": "none", "PLAINTEXT": "tcp://*"}, "test"),
}


def start(packages, certs, directory, way):
    variables, selection = WAYS[way]
    results = directory / f"{way}.xml"
    env = environment(certs, **variables)
    env.update(PYTHONPATH=str(packages), HOME=str(directory))
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=",
               "--asyncio-mode=auto", f"--basetemp={directory / way.replace(' ', '-')}",
               f"--junitxml={results}", "-k", selection, packages / "zmq" / "tests" / "test_auth.py"]
    return subprocess.Popen([str(word) for word in command], env=env, cwd=directory, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT), results


def outcomes(process, results):
    said, _ = process.communicate(timeout=300)
    assert results.exists(), said
    cases = xml.etree.ElementTree.parse(results).iter("testcase")
    return {f"{case.get('classname').rpartition('.')[2]}.{case.get('name')}":
            sorted(child.tag for child in case if child.tag in ("failure", "error", "skipped"))
            for case in cases}


def all_ways(packages, certs, directory, attempts=4):
    """pyzmq's tests give a connection 100 ms: what fails on a busy machine is tried again."""
    seen = {}
    for _ in range(attempts):
        running = {way: start(packages, certs, directory, way)
                   for way in WAYS if way not in seen or any(seen[way].values())}
        seen.update({way: outcomes(*started) for way, started in running.items()})
    return seen


@pytest.mark.parametrize("packages", [
    pytest.param(WHEEL, id="pyzmq 25: thread and asyncio"),
    pytest.param(DEBIAN, id="Debian's: thread and ioloop", marks=pytest.mark.slow),
])
def test_pyzmqs_own_tests(tmp_path, certs, packages):
    pytest.importorskip("pytest_asyncio")
    if not (packages / "zmq" / "tests" / "test_auth.py").exists():
        pytest.skip(f"{packages} has no tests of pyzmq's")
    seen = all_ways(packages, certs, tmp_path)
    native = seen["without the shim"]
    assert len(native) > 15 and set(map(tuple, native.values())) == {()}
    assert seen["exempted"] == native
    assert seen["secured"] == {name: outcome for name, outcome in native.items()
                               if "plain" not in name}
    assert len(seen["secured"]) >= 12


@pytest.mark.in_c
def test_czmqs_zauth(tmp_path, certs):
    if not (PROGRAMS / "czmq_zauth").exists():
        pytest.skip("built without libczmq")
    lives = []
    for shim in (False, True):
        directory = tmp_path / f"shim-{shim}"
        os.mkdir(directory)
        env = environment(certs, shim, PLAINTEXT="ipc://*")
        done = run(builds.checked([PROGRAMS / "czmq_zauth"], env), env, directory)
        assert done.returncode == 0, done.stderr
        lives.append(done.stdout.splitlines())
    assert lives[1] == lives[0]
    assert [line.partition(": ")[2] for line in lives[0]] == [
        "in", "in", "out", "in", "in", "out", "in", "out", "in", "in", "in", "out", "out"]
