"""A pyzmq program without any security code that does what it is told on stdin, line by line."""

import errno
import json
import os
import signal
import sys
import threading
import time

import zmq

REPLIES = os.fdopen(os.dup(1), "w", encoding="utf-8")
names = {"zmq": zmq, "os": os, "errno": errno, "sys": sys, "time": time, "threading": threading,
         "signal": signal}

BEGINNING = '''
ctx = zmq.Context()
ctx.linger = 0

def sock(kind, **options):
    made = ctx.socket(getattr(zmq, kind))
    made.linger = 0
    made.rcvtimeo = made.sndtimeo = 20000
    for name, value in options.items():
        setattr(made, name, value)
    return made

def bound(kind="REP", endpoint="tcp://127.0.0.1:*", **options):
    made = sock(kind, **options)
    made.bind(endpoint)
    return made

def connected(kind, endpoint, **options):
    made = sock(kind, **options)
    made.connect(endpoint)
    return made

def where(made):
    return made.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode()

def one_way(push, pull, text=b"ping"):
    push.send(text)
    return pull.recv().decode()

def attempt(call, *arguments):
    try:
        call(*arguments)
        return 0
    except (OSError, zmq.ZMQError) as failed:
        return name_of(failed.errno)
'''


def name_of(number):
    own = {zmq.ETERM: "ETERM", zmq.EFSM: "EFSM"}
    return own.get(number) or errno.errorcode.get(number, str(number))


names["name_of"] = name_of


def run(code):
    try:
        compiled = compile(code, "<test>", "eval")
    except SyntaxError:
        exec(compile(code, "<test>", "exec"), names)
        return {"value": None}
    return {"value": eval(compiled, names)}


def main():
    exec(BEGINNING, names)
    for line in sys.stdin:
        try:
            reply = run(json.loads(line))
        except zmq.ZMQError as failed:
            reply = {"errno": name_of(failed.errno)}
        except Exception as failed:
            reply = {"failed": repr(failed)}
        print(json.dumps(reply, default=repr), file=REPLIES, flush=True)


main()
