"""Metrics: what the files say of real programs, who writes them, and that nobody waits for them."""

import os
import re
import resource
import socket
import subprocess
import time

import pytest

from . import prom
from .certs import pair, write_secret
from .hanging import HangingDirectory
from .program import environment, run_python, wait_until


@pytest.fixture
def metrics(tmp_path):
    directory = tmp_path / "metrics"
    directory.mkdir()
    return prom.Metrics(directory)


@pytest.fixture
def measured(start, metrics):
    return lambda **variables: start(METRICS=metrics.directory, **variables)


def start_ticks(pid="self"):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[19]


def put(metrics, pid, ticks, text="", host=None, age=0):
    """A file as another process would have left it."""
    host = host or re.sub(r"[^A-Za-z0-9._-]", "_", socket.gethostname())
    path = metrics.directory / f"curveshim-{host}-{pid}-{ticks}.prom"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def header():
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as boot:
        return f"# curveshim, boot {boot.read().strip()}, {os.readlink('/proc/self/ns/pid')}\n"


def ended_pid():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_a_server_and_a_client_count(measured, metrics, certs, peers):
    program = measured(PLAINTEXT="ipc://clear*")
    pid = program.process.pid
    program("a = bound('PULL'); b = connected('PUSH', where(a)); one_way(b, a)")
    program("attempt(sock('STREAM').bind, 'tcp://127.0.0.1:*'); connected('PUSH', 'ipc://clear')")
    peers.client("PUSH", program("where(a)"), pair(), certs.server.public)
    # It tries again and again.
    assert wait_until(lambda: metrics.value(pid, "curveshim_authentications_total", result="deny",
                                            reason="unknown key"))
    for expected, name, labels in (
            (1, "curveshim_authentications_total", {"result": "allow", "reason": "authorised"}),
            (1, "curveshim_handshakes_total", {"role": "server", "result": "ok"}),
            (1, "curveshim_handshakes_total", {"role": "client", "result": "ok"}),
            (1, "curveshim_secured_calls_total", {"role": "server"}),
            (1, "curveshim_secured_calls_total", {"role": "client"}),
            (1, "curveshim_exempted_calls_total", {}),
            (1, "curveshim_refused_calls_total", {"reason": "CURVE cannot protect it"}),
            (0, "curveshim_blocked_total", {}),
            (1, "curveshim_connections", {"role": "server"}),
            (1, "curveshim_connections", {"role": "client"}),
            (1, "curveshim_authenticators", {}),
            (1, "curveshim_authorised_keys", {}),
            (0, "curveshim_revoked_keys", {}),
            (0, "curveshim_log_dropped_total", {}),
            (1, "curveshim_build_info", {"mode": "on"})):
        metrics.wait(expected, pid, name, **labels)
    started = metrics.value(pid, "curveshim_process_start_time_seconds")
    assert time.time() - 120 < started < time.time()
    assert program.log.events("config", reason="metrics") == []


def test_name_mode_and_format(measured, metrics):
    program = measured(preexec_fn=lambda: os.umask(0o077))
    program("bound('PULL')")
    assert wait_until(metrics.files)
    file, = metrics.files()
    host = re.sub(r"[^A-Za-z0-9._-]", "_", socket.gethostname())
    assert file.name == f"curveshim-{host}-{program.process.pid}-{start_ticks(program.process.pid)}.prom"
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(metrics.directory.iterdir()) == [file]
    text = file.read_text(encoding="utf-8")
    for name in ("program", "process"):
        assert all(f'{name}="' in line for line in text.splitlines() if not line.startswith("#"))
    if prom.PROMTOOL is None:
        pytest.skip("promtool is not installed")
    # Its advice on names is heeded too.
    done = subprocess.run([prom.PROMTOOL, "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_connections_that_end(measured, metrics, certs, peers):
    program = measured()
    pid = program.process.pid
    program("a = bound('PULL')")
    clients = [peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
               for _ in range(3)]
    for client in clients:
        client.send(b"x")
    metrics.wait(3, pid, "curveshim_connections", role="server")
    for client in clients[:2]:
        client.close(0)
    metrics.wait(1, pid, "curveshim_connections", role="server")


def test_keys_and_expiry(measured, metrics, certs):
    write_secret(certs.path / "server.key_secret", certs.server, expires="2100-01-02T03:04:05Z")
    certs.authorize("old", pair(), expires="2001-01-01T00:00:00Z")
    program = measured()
    pid = program.process.pid
    program("bound('PULL')")
    metrics.wait(2, pid, "curveshim_authorised_keys")
    expiry = "curveshim_certificate_expiry_timestamp_seconds"
    assert metrics.value(pid, expiry, certificate="server") == 4102542245
    assert metrics.value(pid, expiry, certificate="client") is None
    assert metrics.value(pid, expiry, certificate="authorised") is None
    certs.authorize("soon", pair(), expires="2090-01-01T00:00:00Z")
    certs.authorize("later", pair(), expires="2095-01-01T00:00:00Z")
    metrics.wait(3786912000, pid, expiry, certificate="authorised")
    (certs.authorized / "soon.key").unlink()
    metrics.wait(3944678400, pid, expiry, certificate="authorised")
    metrics.wait(3, pid, "curveshim_authorised_keys")
    assert metrics.value(pid, "curveshim_reloads_total", result="ok") >= 2
    (certs.authorized / "bad.key").write_text("nonsense", encoding="utf-8")
    metrics.wait(1, pid, "curveshim_reloads_total", result="failed")


def test_refusals_alone_are_told_too(measured, metrics):
    program = measured(CERTS="/nonexistent")
    program("attempt(bound, 'PULL'); attempt(bound, 'PULL')")
    metrics.wait(2, program.process.pid, "curveshim_refused_calls_total",
                 reason="keys or configuration unusable")


def test_a_stack_of_its_own_that_is_stopped(metrics, certs, tmp_path):
    """In a process without any context: a program that speaks ZeroMQ by itself."""
    done = run_python("""
        import glob, os, socket, sys, time
        listener = socket.create_server(("127.0.0.1", 0))
        speaker = socket.create_connection(listener.getsockname())
        greeting = bytes([255] + [0] * 8 + [127, 3, 0]) + b"NULL" + bytes(48)
        try:
            speaker.sendall(greeting)
        except BrokenPipeError:
            end = time.monotonic() + 20
            while not (found := glob.glob(os.environ["SECURE_ZMQ_METRICS"] + "/*.prom")):
                assert time.monotonic() < end
            print(open(found[0]).read())
    """, environment(certs, METRICS=metrics.directory), tmp_path)
    assert done.returncode == 0, done.stderr
    counted = prom.parse(done.stdout)["curveshim_blocked_total"]
    assert [(labels["reason"], value) for labels, value in counted if value] == [("NULL", 1)]


def test_one_write_a_second_and_none_when_nothing_changes(measured, metrics):
    program = measured()
    program("bound('PULL')")
    assert wait_until(metrics.files)
    inodes, end = [], time.monotonic() + 3.2
    while time.monotonic() < end:
        program("attempt(sock('PULL').bind, 'ws://127.0.0.1:1')")
        inodes.append(metrics.files()[0].stat().st_mtime_ns)
    assert 3 <= len(set(inodes)) <= 5
    metrics.wait(len(inodes), program.process.pid, "curveshim_refused_calls_total")
    before = metrics.files()[0].stat()
    time.sleep(2.2)
    after = metrics.files()[0].stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_forked_child_has_its_own(measured, metrics):
    program = measured()
    program("bound('PULL'); bound('PULL')")
    metrics.wait(2, program.process.pid, "curveshim_secured_calls_total")
    child = program("""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            made = zmq.Context().socket(zmq.PULL)
            made.bind('tcp://127.0.0.1:*')
            os.read(reading, 1)
            os._exit(0)
        os.close(reading)
    """) or program("child")
    metrics.wait(1, child, "curveshim_secured_calls_total")
    assert metrics.value(program.process.pid, "curveshim_secured_calls_total") == 2
    assert len(metrics.files()) == 2


@pytest.fixture
def others(metrics):
    """Files of others. (left behind, not to be touched)"""
    gone, boot = ended_pid(), header()
    return [
        put(metrics, gone, 17, boot),
        put(metrics, os.getpid(), 17, boot),  # its number was given out again
        put(metrics, gone, 18, "# curveshim, boot another, pid:[1]\n", age=1000),
        put(metrics, gone, 19, "", age=1000),
    ], [
        put(metrics, os.getpid(), start_ticks(), boot, age=100000),
        put(metrics, gone, 20, "# curveshim, boot another, pid:[1]\n", age=600),
        put(metrics, gone, 21, "", age=600),
        put(metrics, gone, 17, boot, host="another", age=100000),
        put(metrics, gone, 17, boot, host=socket.gethostname() + "-1", age=100000),
    ]


def test_what_ended_processes_left_is_swept(measured, metrics, others):
    left, kept = others
    temporary = left[0].with_name(left[0].name + ".tmp")
    temporary.write_text(header(), encoding="utf-8")
    foreign = metrics.directory / "node.prom"
    foreign.write_text("x 1\n", encoding="utf-8")
    fifo = metrics.directory / left[0].name.replace("-17.prom", "-22.prom")
    os.mkfifo(fifo)
    program = measured()
    program("bound('PULL')")
    assert wait_until(lambda: not any(path.exists() for path in [*left, temporary]))
    assert all(path.exists() for path in [*kept, foreign, fifo])
    first = program.process.pid
    assert metrics.file(first)
    program.end()
    another = measured()
    another("bound('PULL')")
    assert wait_until(lambda: metrics.file(first) is None and metrics.file(another.process.pid))


def test_a_container_that_shares_the_directory(measured, metrics, start):
    """The same host name, other process numbers: neither takes the other's for left behind."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no pid namespaces here")
    outside = measured()
    outside("bound('PULL')")
    assert wait_until(lambda: metrics.file(outside.process.pid))
    inside = start(METRICS=metrics.directory, command=command)
    inside("bound('PULL')")
    pid = inside("os.getpid()")
    assert pid < 20 and wait_until(lambda: metrics.file(pid))
    third = measured()
    third("bound('PULL')")
    assert wait_until(lambda: metrics.file(third.process.pid))
    assert metrics.file(outside.process.pid) and metrics.file(pid)


def test_a_file_that_was_taken_away_comes_back(measured, metrics):
    program = measured()
    program("bound('PULL')")
    assert wait_until(metrics.files)
    metrics.files()[0].unlink()
    program("bound('PULL')")
    metrics.wait(2, program.process.pid, "curveshim_secured_calls_total")


@pytest.mark.parametrize("kind", ["missing", "a file", "not ours", "full"])
def test_faults_refuse_nothing_and_are_logged_once(start, metrics, tmp_path, kind):
    directory, options = metrics.directory, {}
    if kind == "missing":
        directory = tmp_path / "none"
    elif kind == "a file":
        directory = tmp_path / "file"
        directory.touch()
    elif kind == "not ours":
        directory = "/proc"
    else:
        options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
    program = start(METRICS=directory, **options)
    if kind == "full":
        program("signal.signal(signal.SIGXFSZ, signal.SIG_DFL)")
        program("a = bound('PULL'); time.sleep(0.5); assert bound('PULL')")
        assert list(metrics.directory.iterdir()) == []
        return
    program("a = bound('PULL'); b = connected('PUSH', where(a)); assert one_way(b, a) == 'ping'")
    event = program.log.wait("config", reason="metrics")
    assert str(directory) in event["message"] and event["level"] == "warning"
    program("[bound('PULL') for _ in range(3)]; time.sleep(1.5); bound('PULL')")
    assert len(program.log.events("config", reason="metrics")) == 1
    assert list(metrics.directory.iterdir()) == []


def threads(pid):
    """{name: what it waits for in the kernel}"""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as name, \
                    open(f"/proc/{pid}/task/{task}/wchan", encoding="utf-8") as where:
                found[name.read().strip()] = where.read()
        except OSError:
            pass  # it has just ended
    return found


WRITER = "curveshim-prom"


@pytest.fixture
def hanging(tmp_path):
    made = HangingDirectory(tmp_path / "hanging")
    yield made
    made.release()


def test_a_directory_that_hangs(start, hanging):
    """Calls, the end of contexts and the end of the process go on."""
    program = start(METRICS=hanging.directory)
    program("a = bound('PULL'); b = connected('PUSH', where(a)); assert one_way(b, a) == 'ping'")
    assert wait_until(lambda: "fuse" in threads(program.process.pid).get(WRITER, "")), \
        threads(program.process.pid)
    program("ctx.destroy(0); ctx = zmq.Context(); c = bound('PULL'); ctx.destroy(0)")
    assert WRITER in threads(program.process.pid)
    assert program.end() == 0


def test_without_the_variable_there_is_no_thread(start, measured):
    with_it, without = measured(), start()
    for program in (without, with_it):
        program("bound('PULL')")
    assert wait_until(lambda: WRITER in threads(with_it.process.pid))
    assert WRITER not in threads(without.process.pid)


def test_the_thread_ends_with_the_last_context(measured, metrics):
    program = measured()
    pid = program.process.pid
    program("a = bound('PULL')")
    assert wait_until(lambda: WRITER in threads(pid))
    program("ctx.destroy(0)")
    assert wait_until(lambda: WRITER not in threads(pid), 10)
    metrics.wait(0, pid, "curveshim_authenticators")
    program("ctx = zmq.Context(); a = bound('PULL')")
    assert wait_until(lambda: WRITER in threads(pid))
    metrics.wait(2, pid, "curveshim_secured_calls_total")


def test_log_lines_that_are_lost(measured, metrics):
    program = measured(LOG="/dev/full")
    program("bound('PULL')")
    wait_until(lambda: metrics.value(program.process.pid, "curveshim_log_dropped_total") == 3)
    assert metrics.value(program.process.pid, "curveshim_log_dropped_total") == 3
    assert metrics.value(program.process.pid, "curveshim_log_lines_total") == 0


def test_no_file_is_left_open(measured, metrics):
    program = measured()
    program("bound('PULL')")
    assert wait_until(metrics.files)
    assert wait_until(lambda: program("[l for f in os.listdir('/proc/self/fd') if os.path.lexists"
                                      "('/proc/self/fd/' + f) and 'metrics' in (l := os.readlink("
                                      "'/proc/self/fd/' + f))]") == [])
