import ctypes
import json
import os
import sys

ZMQ_REQ, ZMQ_REP, ZMQ_LAST_ENDPOINT = 3, 4, 32

zmq = ctypes.CDLL("libzmq.so.5", use_errno=True)
zmq.zmq_ctx_new.restype = zmq.zmq_socket.restype = ctypes.c_void_p
zmq.zmq_socket.argtypes = (ctypes.c_void_p, ctypes.c_int)
zmq.zmq_bind.argtypes = zmq.zmq_connect.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
zmq.zmq_send.argtypes = zmq.zmq_recv.argtypes = (ctypes.c_void_p, ctypes.c_char_p,
                                                 ctypes.c_size_t, ctypes.c_int)
zmq.zmq_getsockopt.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p,
                               ctypes.POINTER(ctypes.c_size_t))
zmq.zmq_close.argtypes = zmq.zmq_ctx_term.argtypes = (ctypes.c_void_p,)


def checked(result, call):
    if result < 0:
        sys.exit(f"{call}: {os.strerror(ctypes.get_errno())}")
    return result


def say(**what):
    print(json.dumps(what), flush=True)


def send(message):
    data = message.encode()
    checked(zmq.zmq_send(socket, data, len(data), 0), "zmq_send")


def receive():
    buffer = ctypes.create_string_buffer(1024)
    size = checked(zmq.zmq_recv(socket, buffer, len(buffer), 0), "zmq_recv")
    message = buffer.raw[:size].decode()
    say(received=message)
    return message


role, endpoint, count, text = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]), sys.argv[4]
context = zmq.zmq_ctx_new()
socket = zmq.zmq_socket(context, ZMQ_REP if role == "server" else ZMQ_REQ)
if role == "server":
    checked(zmq.zmq_bind(socket, endpoint), "zmq_bind")
    bound, room = ctypes.create_string_buffer(256), ctypes.c_size_t(256)
    checked(zmq.zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, room), "zmq_getsockopt")
    say(endpoint=bound.value.decode())
    for _ in range(count):
        send(f"{text} to {receive()}")
else:
    checked(zmq.zmq_connect(socket, endpoint), "zmq_connect")
    for n in range(1, count + 1):
        send(f"{text} {n}")
        receive()
zmq.zmq_close(socket)
zmq.zmq_ctx_term(context)
