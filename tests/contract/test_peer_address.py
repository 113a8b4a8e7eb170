"""Contract, What it is: the label by which connections are told apart is seen by nobody."""

import itertools

import pytest

from harness import runtimes

from .program import environment, run

# All that tells a program who its peer is; with the library and without it must print the same.
AGENT = """
import ctypes, os, socket, sys, zmq
from zmq.utils.monitor import recv_monitor_message
c = zmq.Context()
libzmq = ctypes.CDLL("libzmq.so.5")
libzmq.zmq_msg_gets.restype = ctypes.c_char_p

def shown(*values):
    print(*(str(v).replace(str(os.getpid()), "PID") for v in values))

def by_ctypes():
    # Looked up at run time, in what may be a second copy of libzmq.
    libzmq.zmq_ctx_new.restype = libzmq.zmq_socket.restype = ctypes.c_void_p
    context, on = ctypes.c_void_p(libzmq.zmq_ctx_new()), ctypes.c_int(1)
    pull, push = (ctypes.c_void_p(libzmq.zmq_socket(context, kind)) for kind in (7, 8))
    for s in (pull, push): libzmq.zmq_setsockopt(s, 42, ctypes.byref(on), 4)
    libzmq.zmq_bind(pull, sys.argv[1].encode())
    where, size = ctypes.create_string_buffer(200), ctypes.c_size_t(200)
    libzmq.zmq_getsockopt(pull, 32, where, ctypes.byref(size))
    libzmq.zmq_connect(push, where.value)
    libzmq.zmq_send(push, b"x", 1, 0)
    message = ctypes.create_string_buffer(64)
    libzmq.zmq_msg_init(message)
    libzmq.zmq_msg_recv(message, pull, 0)
    shown("ctypes", [libzmq.zmq_msg_gets(message, name)
                     for name in (b"Peer-Address", b"Socket-Type", b"none", b"Peer")])
    for s in (push, pull): libzmq.zmq_close(s)
    libzmq.zmq_ctx_term(context)

s = c.socket(zmq.PULL)
s.ipv6 = True
monitor = s.get_monitor_socket()
s.bind(sys.argv[1])
d = c.socket(zmq.PUSH)
d.ipv6 = True
d.linger = 0
d.connect(s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode())
d.send(b"x")
for _ in range(2):
    m = s.recv(copy=False)
    shown(m.get("Peer-Address"), m.get("Socket-Type"))
    fd = m.get(zmq.SRCFD)
    peer = socket.socket(fileno=os.dup(fd)).getpeername()
    if isinstance(peer, tuple):
        shown(peer[0], socket.getnameinfo(peer, socket.NI_NUMERICHOST)[0])
    libc = ctypes.CDLL(None)
    address, size = ctypes.create_string_buffer(128), ctypes.c_uint(128)
    shown(libc.getpeername(fd, address, ctypes.byref(size)))
    for _ in range(2):
        host = ctypes.create_string_buffer(1025)
        shown(libc.getnameinfo(address, size, host, 1025, None, 0, 1), host.value)
    d.send(b"y")
while monitor.poll(100):
    event = recv_monitor_message(monitor)
    shown(event["event"], b"curveshim" in event["endpoint"])
by_ctypes()
"""


def seen(interpreter, endpoint, env, directory):
    done = run((interpreter, "-c", AGENT, endpoint), env, directory)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.looks_up
@pytest.mark.parametrize("runtime, transport", [
    *itertools.product([runtimes.DEBIAN], ["tcp4", "tcp6", "mapped", "ipc"]),
    *itertools.product(runtimes.WHEEL.values(), ["mapped", "ipc"])], ids=str)
def test_the_program_sees_what_it_saw_without(certs, tmp_path, short, runtime, transport):
    runtime.require()
    endpoint = {"tcp4": "tcp://127.0.0.1:*", "tcp6": "tcp://[::1]:*", "mapped": "tcp://*:*",
                "ipc": f"ipc://{short}/s"}[transport]
    interpreter = runtime.command[0]
    with_it, without = (seen(interpreter, endpoint, environment(certs, shim), tmp_path)
                        for shim in (True, False))
    assert len(without) > 10
    assert with_it == without
