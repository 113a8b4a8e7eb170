"""Contract: libzmq's secrets lie in pages that are kept for the next; everybody else's are libsodium's."""

import glob
import shutil

import pytest
from harness import builds, runtimes

from .program import PROGRAMS, PYTHON, environment, run

# Sanitizers lock nothing.
FLAGS = {"dd", "wf"} if builds.SANITIZED else {"lo", "dd", "wf"}
AGENT = f"""
import ctypes, os, re, zmq
keeps = ctypes.CDLL("{PROGRAMS / 'libsodium_plugin.so'}").keeps_secrets
def kept():
    "Mappings that are locked, left out of dumps and wiped on fork."
    flags = re.findall("VmFlags:(.*)", open("/proc/self/smaps").read())
    return sum({FLAGS} <= set(each.split()) for each in flags)
before = keeps(), kept()
server, client = (zmq.Context.instance().socket(kind) for kind in (zmq.PULL, zmq.PUSH))
if os.environ["SECURE_ZMQ"] == "0":
    server.curve_publickey, server.curve_secretkey = keys = zmq.curve_keypair()
    client.curve_publickey, client.curve_secretkey = zmq.curve_keypair()
    server.curve_server, client.curve_serverkey = True, keys[0]
port = server.bind_to_random_port("tcp://127.0.0.1")
client.connect(f"tcp://127.0.0.1:{{port}}")
client.send(b"arrived")
assert server.recv() == b"arrived"
print(before, keeps(), kept() > 0)
zmq.Context.instance().destroy()
"""


WITHIN = AGENT[:AGENT.index("before =")].replace("zmq\n", "sys\n", 1) + """
own = ctypes.CDLL("./own.so")
own.zmq_ctx_new.restype = own.zmq_socket.restype = ctypes.c_void_p
context = ctypes.c_void_p(own.zmq_ctx_new())
pull, push = (ctypes.c_void_p(own.zmq_socket(context, kind)) for kind in (7, 8))
assert own.zmq_bind(pull, b"tcp://127.0.0.1:*") == 0
where, size = ctypes.create_string_buffer(100), ctypes.c_size_t(100)
assert own.zmq_getsockopt(pull, 32, where, ctypes.byref(size)) == 0
assert own.zmq_connect(push, where) == 0
own.zmq_send(push, b"arrived", 7, 0)
text = ctypes.create_string_buffer(7)
assert own.zmq_recv(pull, text, 7, 0) == 7
print(text.raw, kept())
"""


@pytest.mark.parametrize("started_with", [False, True])
def test_secrets_of_others_are_left_to_libsodium(tmp_path, certs, started_with):
    env = environment(certs)
    if started_with:
        env["LD_PRELOAD"] += ":libsodium.so.23"
    done = run([PYTHON, "-c", AGENT], env, tmp_path)
    assert done.stdout == "(1, 0) 1 True\n", done.stderr


@pytest.mark.parametrize("runtime", runtimes.WHEEL.values(), ids=lambda runtime: runtime.name)
def test_a_libsodium_of_its_own(tmp_path, certs, runtime):
    """Of a libsodium that only libzmq knows of, each release calls another function within itself."""
    runtime.require()
    done = run([runtime.command[0], "-c", AGENT], environment(certs), tmp_path)
    assert done.stdout == "(1, 0) 1 True\n", done.stderr


@pytest.mark.looks_up
def test_a_libzmq_within_something_else(tmp_path, certs):
    """Which may call libsodium too."""
    shutil.copy(glob.glob("/usr/lib/*/libzmq.so.5")[0], tmp_path / "own.so")
    done = run([PYTHON, "-c", WITHIN], environment(certs), tmp_path)
    assert done.stdout == "b'arrived' 0\n", done.stderr


def test_switched_off_nothing_is_kept(tmp_path, certs):
    done = run([PYTHON, "-c", AGENT], environment(certs, SECURE_ZMQ="0"), tmp_path)
    assert done.stdout == "(1, 0) 1 False\n", done.stderr


REPLACED = f"""
import ctypes, _ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
def use():
    "Whether it keeps secrets, and where it and its libsodium are."
    library = ctypes.CDLL("{PROGRAMS / 'libsodium_plugin.so'}")
    kept = library.keeps_secrets()
    places = {{}}
    for line in open("/proc/self/maps"):
        for name in ("libsodium.so", "libsodium_plugin.so"):
            if name in line:
                start, end = (int(each, 16) for each in line.split()[0].split("-"))
                places.setdefault(name, [start, end])[1] = end
    _ctypes.dlclose(library._handle)
    return kept, places["libsodium_plugin.so"], places["libsodium.so"]
first = use()
start, end = first[2]
# Nobody may touch that, nor put another there: MAP_PRIVATE, ANONYMOUS, FIXED_NOREPLACE.
assert libc.mmap(start, end - start, 0, 0x100022, -1, 0) == start
second = use()
print(first[0], second[0], first[1] == second[1], first[2] == second[2])
"""


@pytest.mark.skipif(builds.SANITIZED, reason="its runtime keeps what was loaded where it is")
def test_a_libsodium_that_is_loaded_again_elsewhere(tmp_path, certs):
    done = run([PYTHON, "-c", REPLACED], environment(certs), tmp_path)
    assert done.stdout == "1 1 True False\n", done.stderr
