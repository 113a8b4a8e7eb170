"""Contract, What it is: forked children do what they do without the library."""

import pytest

from .program import environment, run_python

# A thread that goes through the loaded objects, as unwinders and profilers do, holds the dynamic
# linker's lock; in the child of a fork nobody lets go of it.
AGENT = """
import ctypes, os, signal, threading, zmq
libc = ctypes.CDLL(None)
inside, leave = threading.Event(), threading.Event()
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
def look(*_):
    inside.set()
    leave.wait()
    return 1
def speaks():
    c = zmq.Context()
    a, b = c.socket(zmq.PULL), c.socket(zmq.PUSH)
    a.bind('tcp://127.0.0.1:*')
    b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode())
    b.send(b'x'); assert a.recv() == b'x'
    c.destroy(0)
if KNOWS:
    speaks()
thread = threading.Thread(target=libc.dl_iterate_phdr, args=(look, None))
thread.start()
inside.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    speaks()
    os._exit(0)
print(os.waitpid(child, 0)[1])
leave.set()
thread.join()
"""


@pytest.mark.parametrize("knows", [True, False], ids=["known", "first call"])
@pytest.mark.parametrize("mode", [None, "0", "1"])
def test_a_fork_while_a_thread_is_in_the_dynamic_linker(tmp_path, certs, mode, knows):
    env = environment(certs, mode is not None, **({} if mode is None else {"SECURE_ZMQ": mode}))
    done = run_python(AGENT.replace("KNOWS", str(knows)), env, tmp_path)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


# subprocess starts children by vfork: what they do to their descriptors is done on the memory of
# the parent, which may listen on a descriptor of that number.
SPAWNS = """
import os, subprocess, zmq
c = zmq.Context()
c.socket(zmq.PULL).bind('tcp://127.0.0.1:*')
for _ in range(100):
    a = c.socket(zmq.PULL)
    a.rcvtimeo = 20000
    os.close(0)
    a.bind('tcp://127.0.0.1:*')
    try:
        if os.readlink('/proc/self/fd/0').startswith('socket'):
            break
    except FileNotFoundError:
        pass
    # A thread that reads a file was faster.
    while os.open('/dev/null', os.O_RDONLY) != 0:
        pass
for _ in 'two':
    b = c.socket(zmq.PUSH)
    b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode())
    b.send(b'x')
    print(a.recv(), subprocess.run(['/bin/true'], stdin=subprocess.DEVNULL).returncode)
c.destroy(0)
"""


@pytest.mark.parametrize("shim", [False, True])
def test_a_listener_on_a_descriptor_that_a_child_makes_its_stdin(tmp_path, certs, shim):
    done = run_python(SPAWNS, environment(certs, shim), tmp_path)
    assert (done.returncode, done.stdout) == (0, "b'x' 0\n" * 3), done.stderr
