"""Contract, What it is: the agent does not notice, and a process without libzmq even less."""

import re
import shutil
import subprocess

import pytest

from harness import zmtp
from harness.relay import Relay

from .program import PYTHON, environment, run, run_python

# Every pattern once; prints what a program can see of it.
AGENT = """
import errno, os, signal, sys, zmq
def shown(name, call, *arguments):
    try: print(name, call(*arguments))
    except zmq.ZMQError as failed: print(name, 'errno', failed.errno)
c = zmq.Context()
def pair(binder, connector):
    a, b = c.socket(binder), c.socket(connector)
    for s in (a, b): s.linger = 0; s.rcvtimeo = s.sndtimeo = 20000
    if connector == zmq.SUB: b.subscribe(b'')
    a.bind('tcp://127.0.0.1:*'); b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode())
    return a, b
a, b = pair(zmq.REP, zmq.REQ)
b.send_multipart([b'one', b'', b'x' * 70000]); q = a.recv_multipart(); a.send(b'answer')
print('req-rep', [len(p) for p in q], b.recv(), b.getsockopt(zmq.RCVMORE))
shown('fsm', a.send, b'out of turn')
a, b = pair(zmq.PULL, zmq.PUSH)
for n in range(1000): b.send(b'%d' % n)
print('push-pull', sum(int(a.recv()) for n in range(1000)))
a, b = pair(zmq.ROUTER, zmq.DEALER)
b.send(b'hi'); i, t = a.recv_multipart(); a.send_multipart([i, b'ho'])
print('router-dealer', len(i), i[0], t, b.recv())
a, b = pair(zmq.PAIR, zmq.PAIR)
a.send(b'x'); print('pair', b.recv())
a, b = pair(zmq.XPUB, zmq.SUB)
print('xpub-sub', a.recv()); a.send(b'news'); print(b.recv())
s = c.socket(zmq.REP)
shown('again', s.recv, zmq.DONTWAIT)
for e in ('tcp://127.0.0.1', 'nonsense', 'tcp://no-such-interface:*', 'ipc://' + 'x' * 200):
    shown(e[:20], s.bind, e); shown(e[:20], s.connect, e)
s.bind('inproc://i'); shown('in use', c.socket(zmq.REP).bind, 'inproc://i')
for o in (zmq.TYPE, zmq.LINGER, zmq.HANDSHAKE_IVL, zmq.MAXMSGSIZE, zmq.MECHANISM, zmq.CURVE_SERVER):
    print(o, a.getsockopt(o), b.getsockopt(o))
print(c.get(zmq.IO_THREADS), c.get(zmq.MAX_SOCKETS), c.get(zmq.SOCKET_LIMIT), c.get(zmq.IPV6))
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
for s in (a, b): shown('closed', s.close)
c.destroy(0)
print(sorted(os.listdir('/proc/self/task')) == [str(os.getpid())])
sys.exit(7)
"""


@pytest.mark.looks_up
def test_the_same_output_and_exit(tmp_path, certs):
    runs = [run_python(AGENT, environment(certs, **v), tmp_path)
            for v in ({"shim": False}, {}, {"SECURE_ZMQ": "0"}, {"SECURE_ZMQ": "audit"},
                      {"LOG_LEVEL": "debug"}, {"LOG": "none"})]
    plain = runs[0]
    assert plain.returncode == 7 and plain.stderr == ""
    for each in runs[1:]:
        assert (each.returncode, each.stdout) == (7, plain.stdout)


def test_switched_off_nothing_changes_on_the_wire(start):
    program = start(SECURE_ZMQ="0")
    program("a = bound('PULL')")
    with Relay(program("where(a)")) as relay:
        program(f"b = connected('PUSH', {relay.endpoint!r})")
        assert program("one_way(b, a)") == "ping"
        assert zmtp.mechanism(relay.conversations[0].connector) == "NULL"
    program("s = sock('STREAM'); s.bind('tcp://127.0.0.1:*'); z = sock('REP')")
    program("z.bind('inproc://zeromq.zap.01')")
    assert program.log.text() == ""


@pytest.mark.parametrize("value", ["1", "0", "audit", "nonsense"])
@pytest.mark.parametrize("command", [["true"], ["echo", "hello"], ["ls", "-d", "/"],
                                     ["sh", "-c", "echo a | tr a b; exit 3"],
                                     [PYTHON, "-c", "import os; print(os.listdir('/proc/self/task')"
                                      " == [str(os.getpid())])"]])
def test_a_process_without_libzmq(tmp_path, certs, value, command):
    plain = run(command, environment(shim=False), tmp_path)
    shimmed = run(command, environment(certs, SECURE_ZMQ=value, SECURE_ZMQ_NONSENSE="1"), tmp_path)
    for a, b in zip((plain.returncode, plain.stdout, plain.stderr),
                    (shimmed.returncode, shimmed.stdout, shimmed.stderr)):
        assert a == b


def system_calls(tmp_path, env, shim):
    trace = tmp_path / "trace"
    subprocess.run(["strace", "-f", "-qq", "-o", str(trace), *(["-E", f"LD_PRELOAD={shim}"]
                                                               if shim else []), "true"],
                   env=env, cwd=tmp_path, check=True, timeout=60)
    return trace.read_text(encoding="utf-8")


def test_without_libzmq_it_does_next_to_nothing(tmp_path, certs):
    shim = environment(certs)["LD_PRELOAD"]
    if shutil.which("strace") is None or ":" in shim:
        pytest.skip("not under sanitizers, and with strace only")
    on = system_calls(tmp_path, environment(certs, LD_PRELOAD=None), shim)
    assert str(certs) + "/" not in on
    for call in ("socket(", "clone", "inotify", "sched_setaffinity", "mlock", "/etc/"):
        assert call not in on.replace("/etc/ld.so", "").replace(shim, ""), call


def test_errno_is_preserved_by_calls_that_succeed(start):
    program, plain = start(), start(shim=False)
    for each in (program, plain):
        each("""
            import ctypes
            libzmq = ctypes.CDLL('libzmq.so.5', use_errno=True)
            a, b = sock('PULL'), sock('PUSH')
            def errno_after(name, *arguments):
                ctypes.set_errno(12345)
                result = getattr(libzmq, name)(*arguments)
                return [result, ctypes.get_errno()]
            handle = lambda s: ctypes.c_void_p(s.underlying)
        """)
    # libzmq changes errno here and there; the shim must not add to it.
    for code in ("'zmq_bind', handle(a), b'tcp://127.0.0.1:*'",
                 "'zmq_bind', handle(a), b'inproc://x'",
                 "'zmq_connect', handle(b), b'tcp://127.0.0.1:9'",
                 "'zmq_setsockopt', handle(b), zmq.LINGER, ctypes.byref(ctypes.c_int(0)), "
                 "ctypes.c_size_t(4)"):
        seen = [each(f"errno_after({code})") for each in (plain, program)]
        assert seen[0] == seen[1] and seen[0][0] == 0


def test_interrupted_calls_are_still_interrupted(start):
    """Signals reach the program's threads, not the authenticator."""
    program = start()
    program("""
        hits = []
        signal.signal(signal.SIGALRM, lambda *_: hits.append(threading.current_thread().name))
        a = bound('PULL', rcvtimeo=3000)
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        b = connected('PUSH', where(a))
        for _ in range(50): one_way(b, a)
        time.sleep(0.3)
        signal.setitimer(signal.ITIMER_REAL, 0)
    """)
    assert program("len(hits) > 2 and set(hits) == {'MainThread'}")


def test_nothing_on_stdout_whatever_happens(tmp_path, certs):
    done = run_python("""
        import zmq
        c = zmq.Context()
        for call in ('bind', 'connect'):
            for endpoint in ('ws://127.0.0.1:*', 'tcp://127.0.0.1:9', 'udp://x:1', 'nonsense'):
                for kind in (zmq.PULL, zmq.STREAM):
                    try: getattr(c.socket(kind), call)(endpoint)
                    except zmq.ZMQError: pass
        c.destroy(0)
    """, environment(certs, LOG_LEVEL="debug", PERMISSIONS="warn"), tmp_path)
    assert (done.returncode, done.stdout) == (0, "") and done.stderr


def test_exit_without_cleaning_up(tmp_path, certs):
    """Programs leave with contexts open; no destructor of ours may wait or crash."""
    for ending in ("os._exit(5)", "sys.exit(5)", "raise SystemExit(5)"):
        done = run_python(f"""
            import os, sys, zmq
            c = zmq.Context(); a = c.socket(zmq.PULL); a.bind('tcp://127.0.0.1:*')
            {ending}
        """, environment(certs, LOG="none"), tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (5, "", "")


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_signals_end_it_as_before(start, number):
    import signal
    program = start()
    program("signal.signal(signal.SIGINT, signal.SIG_DFL); a = bound('PULL')")
    program.process.send_signal(getattr(signal, number))
    assert program.process.wait(20) == -getattr(signal, number)


def test_children_of_exec_are_not_disturbed(start):
    program = start()
    program("a = bound('PULL'); import subprocess")
    assert program("subprocess.run(['echo', 'x'], capture_output=True, text=True).stdout") == "x\n"
    assert program("subprocess.run(['sh', '-c', 'exit 4']).returncode") == 4


def test_message_path_is_libzmqs_own():
    from harness import builds
    names = subprocess.run(["nm", "-D", "--defined-only", str(builds.SHIM)], check=True,
                           capture_output=True, text=True).stdout
    # zmq_msg_gets tells what came with a message, to programs that ask.
    assert not re.search(r" T zmq_(send|recv|msg_(?!gets$)|poll|proxy)", names, re.MULTILINE)
