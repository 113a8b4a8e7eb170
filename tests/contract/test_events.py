"""Contract, Events: one line each, JSON keys, what is escaped, and what never appears."""

import json
import re
import subprocess

import pytest

from harness import events as logged

from .certs import pair
from .program import environment, run_python, wait_until

COMMON = ["time", "level", "event", "pid", "program"]
LEVELS = ("error", "warning", "info", "debug")

OWN = {
    "bind": {"endpoint": str, "call": str, "socket": str, "resolved": str, "role": str, "key": str},
    "connect": {"endpoint": str, "call": str, "socket": str, "role": str, "key": str,
                "server_key": str, "source": str},
    "refused": {"endpoint": str, "call": str, "socket": str, "error": str, "reason": str},
    "plaintext": {"endpoint": str, "call": str},
    "auth": {"result": str, "reason": str, "key": str, "name": str, "address": str,
             "endpoint": str},
    "handshake": {"result": str, "role": str, "peer": str, "endpoint": str, "address": str,
                  "server_key": str, "fingerprint": str},
    "authenticator": {"state": str},
    "config": {"library": str},
    "reload": {"authorised": int, "revoked": int},
}


@pytest.fixture
def everything(start, certs, peers):
    """A program in which each event has happened."""
    def happens(**variables):
        program = start(PLAINTEXT="ipc://clear*", LOG_LEVEL="debug", **variables)
        program("""
            a = bound('PULL'); b = connected('PUSH', where(a)); one_way(b, a)
            attempt(sock('STREAM').bind, 'tcp://127.0.0.1:*')
            connected('PUSH', 'ipc://clear')
            c = zmq.Context(); d = c.socket(zmq.PULL); d.bind('tcp://127.0.0.1:*'); d.close()
            c.term()
        """)
        peers.client("PUSH", program("where(a)"), pair(), certs.server.public).send(b"x")
        certs.authorize("another", pair())
        return program
    return happens


def test_json_keys_and_types(everything):
    program = everything()
    program.log.wait("reload")
    program.log.wait("auth", result="deny")
    events = program.log.events()
    assert {e["event"] for e in events} == set(OWN)
    for event in events:
        assert list(event)[:5] == COMMON
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
        assert event["level"] in LEVELS
        assert event["pid"] == program.process.pid
        assert event["program"] == "python3"
        for key, kind in OWN[event["event"]].items():
            # Nobody knows the name of an unknown key.
            if key != "name" or event["reason"] != "unknown key":
                assert type(event[key]) is kind, (key, event)
    assert {e["result"] for e in events if e["event"] == "auth"} == {"allow", "deny"}
    assert {e["state"] for e in events if e["event"] == "authenticator"} == {"up", "down"}


def test_every_line_is_whole_and_short(everything):
    program = everything()
    program.log.wait("reload")
    for line in program.log.text().splitlines(keepends=True):
        assert line.endswith("\n") and len(line.encode()) <= 4096
        json.loads(line)


def test_text_format_says_the_same(everything):
    program = everything(LOG_FORMAT="text")
    assert wait_until(lambda: " info reload: " in program.log.text())
    for line in program.log.lines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z python3\[\d+\] "
                        r"(error|warning|info|debug) [a-z]+: .", line), line
    for name in OWN:
        assert re.search(rf"\] \w+ {name}: ", program.log.text()), name


@pytest.mark.parametrize("level, least", [("error", 0), ("warning", 1), ("info", 2), ("debug", 3)])
def test_levels(everything, level, least):
    program = everything(SECURE_ZMQ_LOG_LEVEL=level)
    program.log.wait("refused")
    shown = {e["level"] for e in program.log.events() if "curveshim " not in e.get("message", "")}
    assert shown <= set(LEVELS[:least + 1])
    started = [e for e in program.log.events("config") if "on, certificates" in e["message"]]
    assert len(started) == 1


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("first", ["bind", "connect"])
def test_start_up_line_exactly_once_at_every_level(start, certs, level, first):
    program = start(LOG_LEVEL=level)
    program("sock('PULL').bind('inproc://x'); attempt(sock('STREAM').bind, 'tcp://127.0.0.1:*')")
    assert program.log.events("config") == []
    for _ in range(3):
        program("bound('PULL')" if first == "bind" else "connected('PUSH', 'tcp://127.0.0.1:9')")
    line, = program.log.events("config")
    assert re.fullmatch(rf"curveshim \d+\.\d+\.\d+: on, certificates {certs}, 1 authorised",
                        line["message"])


def test_none_is_silent_altogether(everything, tmp_path):
    program = everything(LOG="none")
    assert program("a.poll(0)") == 0
    assert program.log.text() == ""
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.endswith("log")) == []


def test_log_file_survives_rotation(start, tmp_path):
    path = tmp_path / "agent.log"
    program = start(LOG=path)
    program("bound('PULL')")
    path.rename(tmp_path / "agent.log.1")
    program("bound('PULL')")
    assert len((tmp_path / "agent.log.1").read_text(encoding="utf-8").splitlines()) == 3
    assert '"event":"bind"' in path.read_text(encoding="utf-8")
    assert program.log.text() == ""
    assert program("[f for f in os.listdir('/proc/self/fd') if os.path.islink('/proc/self/fd/' + f)"
                   " and 'agent.log' in os.readlink('/proc/self/fd/' + f)]") == []
    assert path.stat().st_mode & 0o007 == 0


def test_log_to_a_fifo_without_a_reader_does_not_hang(start, tmp_path):
    import os
    os.mkfifo(tmp_path / "fifo")
    program = start(LOG=tmp_path / "fifo")
    program.tell("bound('PULL')")
    program.tell("1")
    program.outcome(10)


def test_syslog(start):
    """Whether or not anybody listens at /dev/log."""
    program = start(LOG="syslog")
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping" and program.log.text() == ""


def test_syslog_datagrams(start, tmp_path):
    namespace = ["unshare", "-m", "sh", "-c", f"mkdir -p {tmp_path}/dev && "
                 f"mount --rbind /dev {tmp_path}/dev && mount -t tmpfs tmpfs /dev && "
                 f"for n in null zero urandom; do touch /dev/$n && mount --bind {tmp_path}/dev/$n "
                 "/dev/$n; done && exec \"$@\"", "sh"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    program = start(LOG="syslog", command=namespace)
    program("""
        import socket
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); listener.bind('/dev/log')
        attempt(bound, 'STREAM')
    """)
    datagram = program("listener.recv(9000).decode()")
    # authpriv, error; RFC 5424.
    assert re.match(r"<83>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ curveshim \d+ refused "
                    r"\[curveshim@32473 program=\"python3\" .*\] \{", datagram)
    logged.parse([datagram[datagram.index(" {") + 1:]])
    assert program.log.text() == ""


HOSTILE = ('x"\n2026-01-01T00:00:00.000Z root[1] info auth: forged {"event":"auth"}'
           '\t\x1b[31m\u202e\\')


def test_no_line_can_be_forged_through_an_endpoint(start):
    for form in ("json", "text"):
        program = start(LOG_FORMAT=form)
        program(f"attempt(sock('PULL').bind, 'ws://' + {HOSTILE!r})")
        line, = program.log.lines()
        assert "\x1b" not in line and "\u202e" not in line and "\t" not in line
        if form == "json":
            assert json.loads(line)["endpoint"].startswith('ws://x"\n')


def test_nor_through_names_and_paths(start, certs, peers, tmp_path):
    from .certs import Certificates
    hostile = Certificates(tmp_path / "c\n\x1b[31m forged")
    file = hostile.authorized / "client.key"
    file.write_text(file.read_text(encoding="utf-8").replace(
        "metadata\n", "metadata\n    name = \"n\x1b[31m\u202e 'x\"\n"), encoding="utf-8")
    (hostile.authorized / "bad\nfile\x1b.key").write_text("nonsense", encoding="utf-8")
    program = start(certs=hostile)
    program("a = bound('PULL')")
    peers.client("PUSH", program("where(a)"), hostile.client, hostile.server.public).send(b"x")
    auth = program.log.wait("auth")
    named = program.log.wait("reload", level="error", patience=10)
    assert "bad\nfile\x1b.key" in named["file"]
    assert auth["result"] in ("allow", "deny")
    assert "\x1b" not in program.log.text() and "\u202e" not in program.log.text()
    for line in program.log.lines():
        json.loads(line)


def test_very_long_values_are_cut(start):
    program = start()
    program("attempt(sock('PULL').bind, 'ws://' + 'x' * 100000)")
    program("attempt(sock('PULL').bind, 'ws://' + '\\x01' * 100000)")
    for line in program.log.lines():
        assert len(line.encode()) < 4096 and json.loads(line)["event"] == "refused"


@pytest.mark.looks_up
def test_bytes_that_are_no_text(start):
    program = start()
    program("""
        import ctypes
        a = sock('PULL')
        bind = ctypes.CDLL('libzmq.so.5').zmq_bind
        assert bind(ctypes.c_void_p(a.underlying), b'ws://\\xff\\xfe') == -1
    """)
    assert json.loads(program.log.lines()[0])["endpoint"] == "ws://\ufffd\ufffd"


def test_repeats_are_held_back_and_counted(start, certs, peers):
    program = start(HANDSHAKE_TIMEOUT=50)
    program("s = sock('STREAM'); [attempt(s.bind, 'tcp://127.0.0.1:*') for _ in range(200)]")
    assert len(program.log.events("refused")) == 1
    program("time.sleep(1.1); attempt(s.bind, 'tcp://127.0.0.1:*')")
    assert program.log.events("refused")[-1]["repeated"] == 199
    program("a = bound('PULL')")
    peers.client("PUSH", program("where(a)"), pair(), certs.server.public).send(b"x")
    program.log.wait("auth", result="deny")
    assert len(program.log.events("auth", result="deny")) <= 3


def test_different_peers_and_reasons_are_told_apart(start):
    program = start()
    program("[attempt(sock('PULL').bind, 'ws://127.0.0.1:%d' % n) for n in range(10)]")
    assert len(program.log.events("refused")) == 10


def test_never_a_secret_key(everything, certs, start):
    import zmq.utils.z85
    programs = [everything(), everything(LOG_FORMAT="text"), start(SECURE_ZMQ="audit")]
    programs[-1]("a = bound('PULL'); connected('PUSH', where(a))")
    from .certs import Pair, write_secret
    for secret, broken in ((certs.server.secret, "server"), (certs.client.secret, "client")):
        write_secret(certs.path / f"{broken}.key_secret", Pair(pair().public, secret))
    for program in programs:
        program("attempt(bound, 'PULL'); attempt(connected, 'PUSH', 'tcp://127.0.0.1:9')")
    (certs.path / "server.key_secret").write_text(
        f"curve\n    public-key = \"x\"\n    secret-key = \"{certs.server.secret}x\"\n",
        encoding="utf-8")
    for program in programs:
        program("attempt(bound, 'PULL')")
        assert len(program.log.text()) > 100
        for secret in certs.secrets():
            raw = zmq.utils.z85.decode(secret.encode())
            for form in (secret, secret[:20], raw.hex(), raw.hex().upper()):
                assert form not in program.log.text()


def test_messages_never(everything):
    program = everything()
    program("b.send(b'very-private-words'); a.recv()")
    program.log.wait("reload")
    assert "private" not in program.log.text() and "ping" not in program.log.text()


def test_one_write_for_each_line(tmp_path, certs):
    trace = tmp_path / "trace"
    code = """
        import zmq
        c = zmq.Context(); a = c.socket(zmq.PULL); a.bind('tcp://127.0.0.1:*')
        b = c.socket(zmq.PUSH); b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode())
        b.send(b'x'); a.recv()
        try: c.socket(zmq.STREAM).bind('tcp://127.0.0.1:*')
        except zmq.ZMQError: pass
        c.destroy(0)
    """
    env = environment(certs, LD_PRELOAD=None)
    shim = environment(certs)["LD_PRELOAD"]
    if ":" in shim:
        pytest.skip("not under sanitizers")
    for sink in ("stderr", tmp_path / "log"):
        done = subprocess.run(
            ["strace", "-f", "-qq", "-e", "trace=write,writev,pwrite64", "-e", "signal=none",
             "-s", "9000", "-o", str(trace), "-E", f"LD_PRELOAD={shim}", "-E",
             f"SECURE_ZMQ_LOG={sink}", "/usr/bin/python3", "-c",
             "\n".join(line[8:] for line in code.splitlines())],
            env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        text = done.stderr if sink == "stderr" else sink.read_text(encoding="utf-8")
        writes = [line for line in trace.read_text(encoding="utf-8").splitlines()
                  if 'write(' in line and '{\\"time\\"' in line]
        assert len(writes) == len(text.splitlines()) >= 5
        for line in writes:
            assert line.count('{\\"time\\"') == 1 and '}\\n", ' in line


def test_lines_of_many_threads_and_processes_stay_whole(tmp_path, certs):
    log = tmp_path / "log"
    code = """
        import os, threading, zmq
        for _ in range(3):
            if os.fork() == 0: break
        c = zmq.Context()
        def work():
            for _ in range(25): c.socket(zmq.PULL).bind('tcp://127.0.0.1:*')
        ts = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in ts]; [t.join() for t in ts]
        c.destroy(0)
        try:
            while True: os.wait()
        except ChildProcessError: pass
    """
    done = run_python(code, environment(certs, LOG=log), tmp_path)
    assert done.returncode == 0, done.stderr
    events = logged.parse(log.read_text(encoding="utf-8").splitlines())
    assert sum(e["event"] == "bind" for e in events) == 400
