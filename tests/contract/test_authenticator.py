"""One thread per context and process, that ends with the context."""

import os
import shutil
import time

import pytest
from harness import builds

from .program import PROGRAMS, environment, run, wait_until

THREADS = """
def threads():
    seen = {}
    for task in os.listdir('/proc/self/task'):
        try:
            with open(f'/proc/self/task/{task}/status') as file:
                seen[task] = dict(line.strip().partition(':\\t')[::2] for line in file)
        except OSError:
            pass  # it has just ended
    return seen

def authenticators():
    return [t for t in threads().values() if t['Name'] == 'curveshim-zap']
"""


@pytest.fixture
def program(start):
    made = start()
    made(THREADS)
    return made


def authenticators(program, count):
    return wait_until(lambda: len(program("authenticators()")) == count, 10)


def test_one_thread_per_context_with_a_secured_listener(program):
    program("a = bound('PULL', 'inproc://x'); b = connected('PUSH', 'tcp://127.0.0.1:9')")
    assert program("authenticators()") == []
    program("c = [bound('PULL') for _ in range(3)]")
    assert authenticators(program, 1)
    program("other = zmq.Context(); d = other.socket(zmq.PULL); d.bind('tcp://127.0.0.1:*')")
    assert authenticators(program, 2)
    program("d.close(); other.term()")
    assert authenticators(program, 1)
    program("ctx.destroy(0)")
    assert program("authenticators()") == []
    assert len(program.log.events("authenticator", state="up")) == 2
    assert len(program.log.events("authenticator", state="down", level="info")) == 2


def test_all_signals_are_blocked_and_the_programs_mask_is_not_touched(program):
    program("""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        before = threads()[str(os.getpid())]['SigBlk']
        a = bound('PULL')
        after = threads()[str(os.getpid())]['SigBlk']
    """)
    assert authenticators(program, 1)
    assert program("before == after and before == '%016x' % (1 << (signal.SIGUSR1 - 1))")
    blocked = int(program("authenticators()[0]['SigBlk']"), 16)
    # All but those that can't be blocked and the two that the C library keeps for itself.
    free = {number for number in range(1, 65) if not blocked >> (number - 1) & 1}
    assert free <= {9, 19, 32, 33}


@pytest.mark.skipif(builds.SANITIZED, reason="the sanitizer's threads have large stacks")
def test_a_small_stack(program):
    before = "sum(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmSize'))"
    program(f"a = sock('PULL'); a.bind('inproc://x'); size = {before}; a.bind('tcp://127.0.0.1:*')")
    # malloc gives a new thread 64 MiB of addresses at once; the stack is the rest.
    assert program(f"({before} - size) % 65536") < 4096


def test_a_thousand_contexts_leave_nothing(tmp_path, certs):
    env = environment(certs, LOG_LEVEL="warning")
    done = run([PROGRAMS / "contexts", "1000"], env, tmp_path, patience=200)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.splitlines()
    assert before.replace("before", "") == after.replace("after", "")
    # ThreadSanitizer has a thread of its own, and a report to write to.
    assert builds.WITH_TSAN or before == "before: 3 threads, 6 descriptors"
    # The start-up line, once.
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(builds.SANITIZED, reason="valgrind and a sanitizer exclude each other")
def test_valgrind_finds_nothing(tmp_path, certs):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    done = run(["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=all",
                "--show-leak-kinds=definite,indirect,possible", "--error-exitcode=97",
                "--errors-for-leak-kinds=definite,indirect,possible",
                PROGRAMS / "contexts", "50"],
               environment(certs, LOG_LEVEL="warning"), tmp_path, patience=200)
    assert done.returncode == 0, done.stderr
    assert "==" not in done.stderr


@pytest.mark.in_c
def test_with_much_thread_local_storage(tmp_path, certs):
    env = environment(certs)
    done = run(builds.checked([PROGRAMS / "big_tls"], env), env, tmp_path)
    assert (done.returncode, done.stdout) == (0, "arrived\n"), done.stderr


@pytest.mark.parametrize("moment", ["before any context", "with an unused context",
                                    "with a used context"])
def test_contexts_in_forked_children(program, moment):
    program("parent = bound('PULL')" if moment == "with a used context" else "None")
    if moment == "before any context":
        program("ctx.term()")
    program("""
        def in_child():
            made = zmq.Context()
            a = made.socket(zmq.PULL); a.rcvtimeo = 20000; a.linger = 0
            a.bind('tcp://127.0.0.1:*')
            b = made.socket(zmq.PUSH); b.linger = 0; b.connect(where(a))
            b.send(b'x'); a.recv(); a.close(); b.close(); made.term()

        def forked(function):
            child = os.fork()
            if child == 0:
                try:
                    function()
                    os._exit(0)
                except BaseException as failed:
                    print(repr(failed), file=sys.stderr, flush=True)
                    os._exit(1)
            return os.waitpid(child, 0)[1]
    """)
    for _ in range(3):
        assert program("forked(in_child)") == 0, program.log.text()
    assert program("forked(lambda: forked(in_child) and os._exit(1))") == 0
    if moment != "before any context":
        program("a = bound('PULL'); b = connected('PUSH', where(a))")
        assert program("one_way(b, a)") == "ping"


def test_a_context_of_the_parent_is_used_in_the_child(program):
    """Made before the fork, without sockets: native ZeroMQ works in the child, and so must this."""
    program("""
        child = os.fork()
        if child == 0:
            try:
                a = bound('PULL'); b = connected('PUSH', where(a)); one_way(b, a)
                os._exit(0 if len(authenticators()) == 1 else 2)
            except BaseException as failed:
                print(repr(failed), file=sys.stderr, flush=True)
                os._exit(1)
        status = os.waitpid(child, 0)[1]
    """)
    assert program("status") == 0, program.log.text()
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"


def test_max_sockets_are_all_the_programs(program):
    program("ctx.set(zmq.MAX_SOCKETS, 4)")
    assert program("ctx.get(zmq.MAX_SOCKETS)") == 4
    program("a = bound('PULL'); all = [sock('PUSH') for _ in range(3)]")
    assert program.refused("sock('PUSH')") == "EMFILE"
    assert program("ctx.get(zmq.MAX_SOCKETS)") == 4
    program("all.pop().close()")
    # libzmq gives a closed socket's place back a little later.
    assert wait_until(lambda: program("attempt(lambda: all.append(sock('PUSH')))") == 0, 10)
    program("all[-1].connect(where(a))")
    assert program("one_way(all[-1], a)") == "ping"
    assert program.refused("sock('PUSH')") == "EMFILE"


def test_at_the_limit_before_the_first_bind(program):
    program("ctx.set(zmq.MAX_SOCKETS, 2); a = sock('PULL'); b = sock('PUSH')")
    assert program.refused("sock('PUSH')") == "EMFILE"
    program("a.bind('tcp://127.0.0.1:*'); b.connect(where(a))")
    assert program("one_way(b, a)") == "ping"


def test_default_limit_reads_as_libzmqs(start):
    values = {shim: start(shim=shim)("(ctx.get(zmq.MAX_SOCKETS), ctx.get(zmq.SOCKET_LIMIT))")
              for shim in (True, False)}
    assert values[True] == values[False]


def test_where_it_cannot_start_the_bind_is_refused(start):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    program = start(LOG="stderr")
    # The I/O threads are there already; the authenticator would be one more.
    program("""
        a = sock('PULL'); a.bind('inproc://x'); z = sock('REP')
        import resource
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        os.setgid(54321); os.setuid(54321)
    """)
    for _ in range(2):
        assert program.refused("a.bind('tcp://127.0.0.1:*')") == "EACCES"
    assert "thread" in program.log.events("refused")[0]["message"]
    assert program("a.poll(0)") == 0
    assert program.refused("z.bind('inproc://zeromq.zap.01')") == "EACCES"


def test_a_handler_in_another_context_is_nobodys_business(program):
    program("""
        a = bound('PULL')
        other = zmq.Context(); z = other.socket(zmq.REP); z.bind('inproc://zeromq.zap.01')
        b = connected('PUSH', where(a))
    """)
    assert program("one_way(b, a)") == "ping"


def test_term_blocks_until_the_sockets_are_closed_and_no_longer(program):
    program("""
        a = bound('PULL')
        ended = []
        def end():
            ctx.term()
            ended.append(time.monotonic())
        thread = threading.Thread(target=end)
        thread.start()
    """)
    time.sleep(0.3)
    assert program("ended") == []
    # ETERM for whoever uses the context meanwhile.
    assert program.refused("a.recv()") == "ETERM"
    assert program.refused("a.bind('tcp://127.0.0.1:*')") == "ETERM"
    assert program.refused("a.connect('tcp://127.0.0.1:9')") == "ETERM"
    assert program.refused("ctx.socket(zmq.PULL)") == "ETERM"
    program("closed = time.monotonic(); a.close(); thread.join(20)")
    assert 0 <= program("ended[0] - closed") < 0.5
    assert program("authenticators()") == []
    assert program.log.events("refused") == []


@pytest.mark.parametrize("shim", [True, False])
def test_term_is_quick(start, shim):
    program = start(shim=shim)
    program("""
        def once():
            made = zmq.Context(); a = made.socket(zmq.PULL); a.bind('tcp://127.0.0.1:*')
            a.close(); begin = time.monotonic(); made.term()
            return time.monotonic() - begin
        took = sorted(once() for _ in range(21))
    """)
    assert program("took[10]") < 0.05


def test_ctx_shutdown(program):
    program("a = bound('PULL'); b = sock('PUSH')")
    assert authenticators(program, 1)
    program("""
        from zmq.backend import Context
        import ctypes
        libzmq = ctypes.CDLL('libzmq.so.5')
        libzmq.zmq_ctx_shutdown(ctypes.c_void_p(ctx.underlying))
    """)
    assert authenticators(program, 0)
    assert program.refused("a.recv()") == "ETERM"
    assert program.refused("a.bind('tcp://127.0.0.1:*')") == "ETERM"
    assert program.refused("b.connect('tcp://127.0.0.1:9')") == "ETERM"
    program("a.close(); b.close(); ctx.term()")
    assert program.log.events("refused") == []


def test_binds_from_several_threads(program):
    program("""
        made, failed = [], []
        def work():
            try:
                made.append(bound('PULL'))
            except Exception as error:
                failed.append(repr(error))
        workers = [threading.Thread(target=work) for _ in range(16)]
        [w.start() for w in workers]; [w.join() for w in workers]
    """)
    assert program("failed") == [] and program("len(made)") == 16
    assert authenticators(program, 1)
    program("clients = [connected('PUSH', where(m)) for m in made]")
    assert program("[one_way(c, m) for c, m in zip(clients, made)]") == ["ping"] * 16


def test_descriptors_are_closed_on_exec_and_low_ones_left(program):
    program("""
        os.close(os.dup(0))
        free = os.dup(0); os.close(free)
        plain = set(os.listdir('/proc/self/fd'))
    """)
    program("a = bound('PULL'); b = connected('PUSH', where(a)); one_way(b, a)")
    watcher = """[int(fd) for fd in os.listdir('/proc/self/fd')
                  if os.path.islink('/proc/self/fd/' + fd)
                  and 'anon_inode:inotify' in os.readlink('/proc/self/fd/' + fd)]"""
    # It has a low number for the moment that it takes to give it a high one.
    wait_until(lambda: min(program(watcher.replace("\n", " ")), default=0) >= 100, 5)
    assert [fd >= 100 for fd in program(watcher.replace("\n", " "))] == [True]
    # libzmq's own are marked too, so that every new descriptor is to be.
    assert program("""[(fd, os.readlink('/proc/self/fd/' + fd))
                       for fd in os.listdir('/proc/self/fd')
                       if fd not in plain and os.path.islink('/proc/self/fd/' + fd)
                       and os.get_inheritable(int(fd))
                       and "/reports/" not in os.readlink("/proc/self/fd/" + fd)]""".replace("\n", " ")) == []


def test_a_program_that_closes_all_descriptors(start, tmp_path):
    """As daemons do, before they have a context."""
    program = start(LOG=tmp_path / "log")
    program("""
        replies = os.dup(sys.modules['__main__'].REPLIES.fileno())
        os.closerange(replies + 1, 900)
    """)
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
