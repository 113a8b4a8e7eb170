"""Contract: libzmq's secrets lie in pages that are kept for the next; everybody else's are libsodium's."""

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


def test_switched_off_nothing_is_kept(tmp_path, certs):
    done = run([PYTHON, "-c", AGENT], environment(certs, SECURE_ZMQ="0"), tmp_path)
    assert done.stdout == "(1, 0) 1 False\n", done.stderr
