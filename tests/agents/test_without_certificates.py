"""SECURE_ZMQ=1 without certificates: refused at once, with one line that says what to do."""

import pytest

from harness import runtimes
from harness.agents import environment

calls = pytest.mark.parametrize("mode, call", [("server", "bind"), ("client", "connect")])


def assert_refused(agent, call):
    assert agent.wait() == 4, agent.report()
    said, = agent.objects()
    assert (said["error"], said["call"]) == ("EACCES", call)
    line, = agent.errors
    assert "curveshim-cert init" in line


@pytest.mark.parametrize("runtime", runtimes.EVERY, ids=str)
@calls
def test_no_directory_at_all(stage, runtime, mode, call):
    agent = stage.start(runtime, "--mode", mode, f"--{call}", "tcp://127.0.0.1:49151",
                        env=environment(shim=True))
    assert_refused(agent, call)


@pytest.mark.parametrize("runtime", (runtimes.C, runtimes.DEBIAN), ids=str)
@calls
def test_named_directory_is_missing(stage, tmp_path, runtime, mode, call):
    agent = stage.start(runtime, "--mode", mode, f"--{call}", "ipc://never",
                        env=environment(shim=True, certs=tmp_path / "missing"))
    assert_refused(agent, call)
    assert str(tmp_path / "missing") in agent.errors[0]


def test_pyzmq_raises_permission_denied(stage):
    agent = stage.start(runtimes.Runtime("debian", (
        runtimes.DEBIAN_PYTHON, "-c", "import zmq; zmq.Context().socket(zmq.REP).bind('ipc://x')")),
        env=environment(shim=True))
    assert agent.wait() == 1
    assert "zmq.error.ZMQError: Permission denied" in agent.errors[-1]
