"""Contract, Events: stderr only while it is still what it was at load, and only without waiting."""

import os
import subprocess

import pytest

from .program import PYTHON, environment, run_python

USE = """
import os, sys, zmq
def use():
    c = zmq.Context(); a = c.socket(zmq.PULL); a.bind('tcp://127.0.0.1:*'); a.rcvtimeo = 20000
    b = c.socket(zmq.PUSH); b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode())
    b.send(b'x'); a.recv(); c.destroy(0)
"""


def test_closed_stderr(tmp_path, certs):
    done = run_python(USE + "os.close(2); use(); print('well')", environment(certs), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "well\n", "")


def test_descriptor_2_is_a_data_file_by_now(tmp_path, certs):
    data = tmp_path / "data"
    done = run_python(USE + f"""
os.close(2)
assert os.open({str(data)!r}, os.O_CREAT | os.O_WRONLY) == 2
use(); os.write(2, b'only this'); print('well')""", environment(certs), tmp_path)
    assert (done.stdout, data.read_text(encoding="utf-8")) == ("well\n", "only this")


def test_closed_before_the_start(tmp_path, certs):
    data = tmp_path / "data"
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", PYTHON, "-c", USE + f"""
fd = os.open({str(data)!r}, os.O_CREAT | os.O_WRONLY)
os.dup2(fd, 2); use(); print('well')"""],
        env=environment(certs), cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=60)
    assert done.stdout == "well\n" and data.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_full_pipe_never_blocks(tmp_path, certs, kind):
    if kind == "pipe":
        reader, writer = os.pipe()
    else:
        import socket
        pair = socket.socketpair()
        reader, writer = (end.detach() for end in pair)
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    done = subprocess.run([PYTHON, "-c", USE + "[use() for _ in range(20)]; print('well')"],
                          env=environment(certs), cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=writer, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "well\n")
    os.close(writer)
    os.close(reader)


@pytest.mark.parametrize("room", range(3500, 4097, 149))
def test_a_nearly_full_pipe_holds_whole_lines_only(tmp_path, certs, room):
    """poll says that it is writable; the line must fit or be left out, not be waited for."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    filled = 0
    try:
        while True:
            filled += os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    freed = os.read(reader, 4096)
    os.write(writer, b"y" * (4096 - room)) if room < 4096 else None
    done = subprocess.run([PYTHON, "-c", USE + "[use() for _ in range(20)]; print('well')"],
                          env=environment(certs), cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=writer, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "well\n")
    os.close(writer)
    left = b""
    while data := os.read(reader, 65536):
        left += data
    os.close(reader)
    text = left.lstrip(b"x").lstrip(b"y").decode()
    assert freed and (text == "" or text.endswith("\n"))
    for line in text.splitlines():
        assert line.startswith("{") and line.endswith("}")


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_reader_that_is_gone_kills_nobody(tmp_path, certs, kind):
    if kind == "pipe":
        reader, writer = os.pipe()
    else:
        import socket
        reader, writer = (end.detach() for end in socket.socketpair())
    os.close(reader)
    code = USE + """
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
use(); print('well')"""
    done = subprocess.run([PYTHON, "-c", code], env=environment(certs), cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=writer, text=True, check=False,
                          timeout=60)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, "well\n")


def test_a_pending_sigpipe_of_the_programs_stays(tmp_path, certs):
    reader, writer = os.pipe()
    os.close(reader)
    code = USE + """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
os.kill(os.getpid(), signal.SIGPIPE)
use(); print(signal.SIGPIPE in signal.sigpending())"""
    done = subprocess.run([PYTHON, "-c", code], env=environment(certs), cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=writer, text=True, check=False,
                          timeout=60)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_stderr_on_a_full_disk(tmp_path, certs):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PYTHON, "-c", USE + "use(); print('well')"], env=environment(certs),
                              cwd=tmp_path, stdout=subprocess.PIPE, stderr=full, text=True,
                              check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "well\n")
