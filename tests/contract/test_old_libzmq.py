"""Contract, Errors: a libzmq that cannot be made to fail closed is refused, and left alone where the
operator says so."""

import pytest

from . import program as programs
from .program import PROGRAMS

CALLS = f"""
import ctypes, errno
lib = ctypes.CDLL({str(PROGRAMS / "libold_libzmq.so")!r}, use_errno=True)
lib.zmq_ctx_new.restype = lib.zmq_socket.restype = ctypes.c_void_p
a = ctypes.c_void_p(lib.zmq_socket(ctypes.c_void_p(lib.zmq_ctx_new()), 1))
for call in lib.zmq_bind, lib.zmq_connect:
    result = call(a, b"tcp://127.0.0.1:5555")
    print(result if result == 0 else errno.errorcode[ctypes.get_errno()])
"""


# 3.2 has no ZMQ_MECHANISM either: what it says of that is libzmq's.
@pytest.mark.looks_up
@pytest.mark.parametrize("exempted, outcome", [("tcp://*", "0"), (None, "EINVAL")])
def test_without_zap_domains(certs, tmp_path, exempted, outcome):
    env = programs.environment(certs.path, PLAINTEXT=exempted)
    ended = programs.run_python(CALLS, env, tmp_path)
    assert ended.stdout.split() == [outcome, outcome], ended.stderr
    assert bool(programs.events(ended.stderr, "plaintext")) == (exempted is not None)
