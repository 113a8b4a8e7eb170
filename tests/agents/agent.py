#!/usr/bin/python3
"""A plain ZeroMQ agent: it sends and receives, and knows nothing of security."""

import argparse
import errno
import json
import signal
import sys
import time

import zmq

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5555"
DEFAULT_COUNT = 5
LAST_LINGER_MS = 1000
SLICE_MS = 200

EXIT_COMPLETE = 0
EXIT_NOTHING = 3
EXIT_REFUSED = 4
EXIT_PART = 5

PATTERNS = {
    "req-rep": (zmq.REP, zmq.REQ),
    "pub-sub": (zmq.PUB, zmq.SUB),
    "push-pull": (zmq.PULL, zmq.PUSH),
    "router-dealer": (zmq.ROUTER, zmq.DEALER),
    "pair": (zmq.PAIR, zmq.PAIR),
    "xpub-xsub": (zmq.XPUB, zmq.XSUB),
}

EPILOG = """\
The server of each pattern is REP, PUB, PULL, ROUTER, PAIR or XPUB, the client REQ, SUB,
PUSH, DEALER, PAIR or XSUB; either may bind. The PUB server repeats its messages until it
is stopped. Output is one JSON object per line.

exit status: 0 got and sent everything; 2 wrong usage; 3 time is up and nothing came;
4 bind or connect failed; 5 time is up and only a part came
"""


class Stopped(Exception):
    pass


def parser(description=__doc__):
    parser = argparse.ArgumentParser(
        description=description, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("server", "client"), required=True)
    parser.add_argument("--pattern", choices=PATTERNS, default="req-rep")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--bind", metavar="ENDPOINT",
                       help=f"the server's default is {DEFAULT_ENDPOINT}")
    where.add_argument("--connect", metavar="ENDPOINT",
                       help=f"the client's default is {DEFAULT_ENDPOINT}")
    parser.add_argument("--ipv6", action="store_true", help="allow IPv6")
    parser.add_argument("--count", type=int, metavar="N",
                        help=f"messages; 0 = until stopped (server: 0, client: {DEFAULT_COUNT})")
    parser.add_argument("--payload", metavar="TEXT",
                        help="what messages begin with (hello; an answer: reply)")
    parser.add_argument("--timeout", type=float, metavar="SECONDS",
                        help="time for everything; 0 = no end (server: 0, client: 10)")
    return parser


def parse(parser):
    args = parser.parse_args()
    server = args.mode == "server"
    if not args.bind and not args.connect:
        setattr(args, "bind" if server else "connect", DEFAULT_ENDPOINT)
    if args.count is None:
        args.count = 0 if server else DEFAULT_COUNT
    if args.payload is None:
        echoes = server and args.pattern not in ("pub-sub", "xpub-xsub")
        args.payload = "reply" if echoes else "hello"
    if args.timeout is None:
        args.timeout = 0 if server else 10
    return args


def emit(**fields):
    print(json.dumps(fields), flush=True)


class Agent:
    def __init__(self, args, socket):
        self.args = args
        self.socket = socket
        self.deadline = time.monotonic() + args.timeout if args.timeout else None
        self.received = 0
        self.complete = False

    def remaining(self):
        """Milliseconds, in the form that RCVTIMEO, SNDTIMEO and LINGER want."""
        if self.deadline is None:
            return -1
        return max(0, int((self.deadline - time.monotonic()) * 1000))

    def sends_last(self):
        if self.socket.socket_type == zmq.PAIR:
            return self.args.mode == "server"
        return self.socket.socket_type in (zmq.REP, zmq.ROUTER, zmq.PUSH, zmq.XPUB)

    def in_slices(self, call):
        """A signal that comes just before libzmq begins to wait would else be slept through."""
        while True:
            left = self.remaining()
            last = 0 <= left <= SLICE_MS
            self.socket.sndtimeo = self.socket.rcvtimeo = left if last else SLICE_MS
            try:
                return call()
            except zmq.Again:
                if last:
                    raise

    def send(self, *parts):
        message = [p if isinstance(p, bytes) else p.encode() for p in parts]
        self.in_slices(lambda: self.socket.send_multipart(message))

    def receive(self):
        return self.in_slices(self.socket.recv_multipart)

    def note(self, message):
        text = message.decode(errors="backslashreplace")
        self.received += 1
        emit(received=text)
        return text

    def numbers(self):
        number = 1
        while not self.args.count or number <= self.args.count:
            yield number
            number += 1

    def message(self, number):
        return f"{self.args.payload} {number}"

    def echo(self):
        for _ in self.numbers():
            *route, message = self.receive()
            self.send(*route, f"{self.args.payload} to {self.note(message)}")

    def ask(self):
        for number in self.numbers():
            self.send(self.message(number))
            self.note(self.receive()[-1])

    def push(self):
        for number in self.numbers():
            self.send(self.message(number))

    def pull(self):
        for _ in self.numbers():
            self.note(self.receive()[0])

    def publish(self):
        # A publisher can't see when its subscriber is there, so it begins again and again.
        while True:
            for number in range(1, (self.args.count or DEFAULT_COUNT) + 1):
                self.send(self.message(number))
            self.socket.poll(min(50, self.remaining()) if self.deadline else 50, zmq.POLLIN)
            if self.remaining() == 0:
                return

    def subscribe(self):
        message = self.receive()[0]
        while not message.endswith(b" 1"):
            message = self.receive()[0]
        self.note(message)
        for _ in range(1, self.args.count or sys.maxsize):
            self.note(self.receive()[0])

    def publish_when_subscribed(self):
        subscription = self.receive()[0]
        self.received += 1
        emit(subscription=subscription[1:].decode(errors="backslashreplace"))
        self.push()

    def subscribe_by_message(self):
        self.send(b"\x01")
        self.pull()

    def work(self):
        {
            zmq.REP: self.echo, zmq.ROUTER: self.echo,
            zmq.REQ: self.ask, zmq.DEALER: self.ask,
            zmq.PAIR: self.echo if self.args.mode == "server" else self.ask,
            zmq.PULL: self.pull, zmq.PUSH: self.push,
            zmq.PUB: self.publish, zmq.SUB: self.subscribe,
            zmq.XPUB: self.publish_when_subscribed, zmq.XSUB: self.subscribe_by_message,
        }[self.socket.socket_type]()


def attach(args, socket):
    """Bind or connect. False when libzmq refused."""
    call, endpoint = ("bind", args.bind) if args.bind else ("connect", args.connect)
    try:
        getattr(socket, call)(endpoint)
    except zmq.ZMQError as error:
        name = errno.errorcode.get(error.errno, str(error.errno))
        emit(error=name, call=call, endpoint=endpoint)
        return False
    if args.bind:
        emit(endpoint=socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode())
    return True


def outcome(agent, delivered):
    if agent.complete and delivered:
        return EXIT_COMPLETE
    return EXIT_PART if agent.received else EXIT_NOTHING


def close(agent, context):
    """Deliver what is still queued. False when time ran out before the peer took it."""
    linger = 0
    if agent.complete and agent.sends_last():
        linger = LAST_LINGER_MS if agent.deadline is None else agent.remaining()
    agent.socket.close(linger=linger)
    before = time.monotonic()
    context.term()
    return linger == 0 or (time.monotonic() - before) * 1000 < linger


def run(args, secure=None):
    """One agent's life. `secure(args, context, socket)` may set options before bind or connect
    and returns what to call before the context ends."""
    def stop(_number, _frame):
        raise Stopped

    context = zmq.Context()
    socket = context.socket(PATTERNS[args.pattern][args.mode == "client"])
    if args.ipv6:
        socket.setsockopt(zmq.IPV6, 1)
    if socket.socket_type == zmq.SUB:
        socket.setsockopt(zmq.SUBSCRIBE, b"")
    finish = secure(args, context, socket) if secure else lambda: None
    agent = Agent(args, socket)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        if not attach(args, socket):
            return EXIT_REFUSED
        agent.work()
        agent.complete = True
    except zmq.Again:
        pass
    except Stopped:
        agent.complete = args.count == 0 or socket.socket_type == zmq.PUB
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        finish()
        delivered = close(agent, context)
    return outcome(agent, delivered)


if __name__ == "__main__":
    sys.exit(run(parse(parser())))
