"""--watch: a table that is shown again and again."""

import os
import pty
import signal
import subprocess

import pytest

from harness import builds

from .tool import CURVESHIM_CHECK, PATIENCE, UNKNOWN, run


@pytest.fixture
def agent(listen):
    return listen("check-dynamic", shim=True, SECURE_ZMQ="0")


def watch(*arguments, stdout):
    return subprocess.Popen([CURVESHIM_CHECK, "--watch=1", *map(str, arguments)], stdout=stdout,
                            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def read_tables(descriptor, count):
    """Until so many tables are there in full."""
    text = b""
    while text.count(b"PID ") < count + 1:
        text += os.read(descriptor, 65536)
    return text


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_to_a_file(agent, number):
    tool = watch(agent.pid, stdout=subprocess.PIPE)
    text = read_tables(tool.stdout.fileno(), 2)
    assert b"\x1b" not in text and text.count(b"\n\n") >= 2
    assert text.count(f"\n{agent.pid} ".encode()) >= 2
    tool.send_signal(number)
    _, errors = tool.communicate(timeout=PATIENCE)
    assert (tool.returncode, errors) == (0, b"")


def test_on_a_terminal(agent):
    ours, theirs = pty.openpty()
    tool = watch(agent.pid, stdout=theirs)
    os.close(theirs)
    text = read_tables(ours, 2)
    assert text.startswith(b"\x1b[H\x1b[J") and text.count(b"\x1b[H\x1b[J") >= 2
    tool.send_signal(signal.SIGINT)
    assert tool.wait(PATIENCE) == 0 and tool.stderr.read() == b""
    tool.stderr.close()
    os.close(ours)


def test_it_ends_with_the_last_of_its_processes(agent):
    tool = watch(agent.pid, stdout=subprocess.PIPE)
    read_tables(tool.stdout.fileno(), 1)
    agent.process.kill()
    agent.process.wait()
    text, _ = tool.communicate(timeout=PATIENCE)
    assert tool.returncode == UNKNOWN and b"processes that have ended: 1" in text


def test_a_reader_that_goes_away(agent):
    tool = watch(agent.pid, stdout=subprocess.PIPE)
    read_tables(tool.stdout.fileno(), 1)
    tool.stdout.close()
    assert tool.wait(PATIENCE) in (UNKNOWN, -signal.SIGPIPE)
    tool.stderr.close()


def test_root_sees_the_processes_of_others(listen):
    if os.geteuid() != 0:
        pytest.skip("only root sees them")
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    if subprocess.run([*as_nobody, "test", "-r", str(builds.SHIM)], check=False).returncode:
        pytest.skip("nobody can't read the library from here")
    # Refused for want of certificates: that too is told.
    theirs = listen("check-dynamic", shim=True, before=as_nobody, CERTS="/nonexistent")
    table = run("--all").stdout.decode()
    row = next(line for line in table.splitlines() if line.startswith(f"{theirs.pid} "))
    assert "server" in row and row.endswith("refused")
