"""Sinks: whatever becomes of the log, the agent goes on; what was lost is counted and told."""

import os
import pathlib
import resource
import signal
import socket
import subprocess
import textwrap

import pytest

from harness import builds

from . import system_log
from .program import PATIENCE, PYTHON, Log, environment, run_python, wait_until

AFTER = "a = bound('PULL'); b = connected('PUSH', where(a)); assert one_way(b, a) == 'ping'"


def lines_of(path):
    return Log(path).events()


def use(program):
    """It logs some lines, and does its work."""
    program(AFTER)


def test_a_full_disk(start, tmp_path):
    link, real = tmp_path / "log", tmp_path / "real"
    link.symlink_to("/dev/full")
    program = start(LOG=link)
    use(program)
    real.touch()
    link.with_name("new").symlink_to(real)
    os.rename(link.with_name("new"), link)
    program("bound('PULL'); bound('PULL')")
    first, second = lines_of(real)[:2]
    # The start, the authenticator, a bind and a connect, and what the handshake brought.
    assert 4 <= first["dropped"] <= 10 and "dropped" not in second
    assert program.log.text() == ""


def test_a_fifo_whose_reader_comes_and_goes(start, tmp_path):
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    program = start(LOG=fifo, preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
    program("signal.signal(signal.SIGPIPE, signal.SIG_DFL)")
    use(program)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    program("bound('PULL')")
    told = os.read(reader, 65536).decode()
    assert '"dropped":' in told and told.count("\n") >= 1
    os.close(reader)
    program("bound('PULL')")
    assert program("7") == 7


def test_a_fifo_that_is_full(start, tmp_path):
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    program = start(LOG=fifo)
    program("[bound('PULL') for _ in range(400)]")
    text = ""
    while piece := os.read(reader, 65536).decode():
        text += piece
    assert text.endswith("}\n"), "a line was cut"
    program("bound('PULL')")
    assert '"dropped":' in os.read(reader, 65536).decode()
    os.close(reader)


@pytest.mark.parametrize("kind", ["a directory", "a socket", "in a missing directory",
                                  "through a file"])
def test_what_is_no_file(start, tmp_path, kind):
    (tmp_path / "file").touch()
    (tmp_path / "dir").mkdir()
    path = {"a directory": tmp_path / "dir", "a socket": tmp_path / "s",
            "in a missing directory": tmp_path / "missing" / "log",
            "through a file": tmp_path / "file" / "log"}[kind]
    if kind == "a socket":
        os.chdir(tmp_path)
        socket.socket(socket.AF_UNIX).bind("s")
    program = start(LOG=path)
    use(program)
    assert program.log.text() == ""


def test_a_directory_that_vanishes_and_comes_back(start, tmp_path):
    directory = tmp_path / "logs"
    directory.mkdir()
    program = start(LOG=directory / "log")
    program("bound('PULL')")
    (directory / "log").unlink()
    directory.rmdir()
    program("bound('PULL'); bound('PULL')")
    directory.mkdir()
    program("bound('PULL')")
    event, = lines_of(directory / "log")
    assert (event["event"], event["dropped"]) == ("bind", 2)


@pytest.mark.skipif(builds.WITH_TSAN, reason="the sanitizer's report is a file that may not grow either")
def test_the_largest_size_that_a_file_may_have(start, tmp_path):
    """The kernel's answer to that is a signal, which ends the program unless somebody takes care."""
    log = tmp_path / "log"
    program = start(LOG=log, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                   (700, resource.RLIM_INFINITY)))
    program("signal.signal(signal.SIGXFSZ, signal.SIG_DFL)")
    use(program)
    assert log.stat().st_size == 700
    assert program("signal.SIGXFSZ in signal.sigpending()") is False
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
    program("bound('PULL')")
    _, *lines = Log(log).text().splitlines()
    after = [line for line in lines if '"dropped":' in line]
    assert len(after) == 1 and after[0].startswith('{"time"') and not lines[lines.index(after[0]) - 1].endswith('}')


def test_a_child_does_not_tell_of_its_parents_losses(start, tmp_path):
    log = tmp_path / "missing" / "log"
    program = start(LOG=log)
    program("bound('PULL')")
    log.parent.mkdir()
    program("""
        child = os.fork()
        if child == 0:
            zmq.Context().socket(zmq.PULL).bind('tcp://127.0.0.1:*')
            os._exit(0)
        os.waitpid(child, 0)
    """)
    assert len(lines_of(log)) >= 2 and all("dropped" not in e for e in lines_of(log))


BIND = """
    import zmq
    c = zmq.Context()
    for _ in range(3): c.socket(zmq.PULL).bind('tcp://127.0.0.1:*')
    c.destroy(0)
    print('well')
"""


@pytest.mark.slow
@pytest.mark.skipif(builds.SANITIZED, reason="the shim alone is preloaded into the traced program")
def test_a_pipe_that_another_process_fills_at_the_last_moment(tmp_path, certs):
    """Between the question whether it can be written to, and the write."""
    reader, writer = os.pipe()
    filler = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
    fill_up(filler)
    os.read(reader, 4096)
    trace = tmp_path / "trace"
    env = environment(certs)
    shim = env.pop("LD_PRELOAD")
    program = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=poll", "-e",
         "inject=poll:delay_exit=400000", "-E", f"LD_PRELOAD={shim}", PYTHON, "-c",
         textwrap.dedent(BIND)],
        env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=writer, text=True)
    try:
        assert wait_until(lambda: trace.exists() and "{fd=2, revents=POLLOUT}" in trace.read_text())
        fill_up(filler)
        assert program.communicate(timeout=PATIENCE)[0] == "well\n"
    finally:
        program.kill()
        program.wait()
        for descriptor in (reader, writer, filler):
            os.close(descriptor)


def fill_up(descriptor):
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except BlockingIOError:
        pass


def terminal():
    import pty
    import termios
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave


@pytest.mark.parametrize("room", [0, 100])
def test_a_terminal_that_nobody_reads(tmp_path, certs, room):
    master, slave = terminal()
    os.set_blocking(slave, False)
    try:
        while True:
            os.write(slave, b"x" * 512)
    except BlockingIOError:
        pass
    try:
        while room == 0:
            os.write(slave, b"x")
    except BlockingIOError:
        pass
    if room:
        os.read(master, room)
    os.set_blocking(slave, True)
    done = subprocess.run([PYTHON, "-c", textwrap.dedent(BIND)],
                          env=environment(certs), cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=slave, text=True, check=False, timeout=PATIENCE)
    os.close(slave)
    os.close(master)
    assert (done.returncode, done.stdout) == (0, "well\n")


@pytest.mark.skipif(builds.SANITIZED, reason="sanitizers write to the terminal themselves")
def test_a_terminal_that_stops_background_jobs(tmp_path, certs):
    master, slave = terminal()
    code = textwrap.dedent(BIND)
    job = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "bash", "-c",
         'stty tostop; set -m; "$@" & wait -f $!', "bash", PYTHON, "-c", code],
        env=environment(certs), cwd=tmp_path, stdin=slave, stdout=subprocess.PIPE, stderr=slave,
        text=True)
    os.close(slave)
    try:
        assert job.communicate(timeout=PATIENCE)[0] == "well\n"
    finally:
        job.kill()
        job.wait()
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert '"event":"bind"' in shown


@pytest.fixture
def dev_log(short, tmp_path):
    path = pathlib.Path(short) / "log"
    yield path, system_log.namespace(tmp_path, path)


@pytest.fixture
def listener(dev_log):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.settimeout(PATIENCE)
    made.bind(str(dev_log[0]))
    yield made
    made.close()


def test_syslog_that_takes_nothing(start, dev_log, listener):
    """Its queue holds some datagrams, the rest are lost, nobody waits."""
    program = start(LOG="syslog", command=dev_log[1])
    program("[bound('PULL') for _ in range(700)]")
    taken = []
    listener.setblocking(False)
    while True:
        try:
            taken.append(listener.recv(10000).decode())
        except BlockingIOError:
            break
    assert 0 < len(taken) < 700
    program("bound('PULL')")
    assert ' dropped="' in listener.recv(10000).decode()


def test_syslog_that_is_restarted(start, dev_log, listener):
    program = start(LOG="syslog", command=dev_log[1])
    program("bound('PULL')")
    assert listener.recv(10000).startswith(b"<86>1 ")
    listener.close()
    dev_log[0].unlink()
    program("bound('PULL')")
    again = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    again.settimeout(PATIENCE)
    again.bind(str(dev_log[0]))
    program("bound('PULL')")
    assert ' dropped="1"' in again.recv(10000).decode()
    again.close()


def test_syslog_of_the_programs_own_is_left_alone(start, dev_log, listener):
    """openlog and syslog have one state in the process."""
    program = start(LOG="syslog", command=dev_log[1])
    program("import syslog; syslog.openlog('mine', 0, syslog.LOG_LOCAL3); bound('PULL')")
    program("syslog.syslog(syslog.LOG_NOTICE, 'of the program')")
    datagrams = []
    while not datagrams or not datagrams[-1].endswith("of the program"):
        datagrams.append(listener.recv(10000).decode().rstrip("\0\n"))
    assert datagrams[-1].startswith("<157>") and " mine: " in datagrams[-1]


@pytest.fixture
def rsyslogd(tmp_path, dev_log):
    made = []

    def starts(**options):
        made.append(system_log.Rsyslogd(tmp_path, dev_log[0], **options))
        made[-1].start()
        assert wait_until(dev_log[0].exists)
        return made[-1]

    yield starts
    for each in made:
        each.stop()


def test_rsyslogd(start, rsyslogd, dev_log):
    """RFC 5424, with structured data."""
    daemon = rsyslogd()
    program = start(LOG="syslog", LOG_FORMAT="text", command=dev_log[1])
    program("attempt(sock('PULL').bind, 'ws://a]b\"c\\\\d')")
    assert wait_until(daemon.lines)
    line, = daemon.lines()
    head, _, rest = line.partition("|[")
    data, _, message = rest.partition("]|")
    assert head == f"authpriv.err|curveshim|{program.process.pid}|refused"
    assert data.startswith('curveshim@32473 program="python3" level="error" '
                           'endpoint="ws://a\\]b\\"c\\\\d" call="zmq_bind"')
    assert message.strip().startswith("python3 error refused: zmq_bind refused: ")


def test_rsyslogd_is_restarted(start, rsyslogd, dev_log):
    daemon = rsyslogd()
    program = start(LOG="syslog", LOG_FORMAT="text", command=dev_log[1])
    program("bound('PULL')")
    assert wait_until(lambda: len(daemon.lines()) >= 2)
    daemon.stop()
    program("bound('PULL')")
    daemon.start()
    assert wait_until(lambda: program("bound('PULL')")
                      or any("dropped=" in line for line in daemon.lines()))
