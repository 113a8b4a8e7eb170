"""A ZAP handler as a program may have one of its own, and sockets for it to judge. Run inside of
tests/contract/interactive.py."""

ZAP = "inproc://zeromq.zap.01"
KINDS = ["REP", "ROUTER"]

CODE = '''
import collections, random
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

ZAP = 'inproc://zeromq.zap.01'
PUBLIC, SECRET = zmq.curve_keypair()
CLIENT_PUBLIC, CLIENT_SECRET = zmq.curve_keypair()
WATCHES = {}
HANDSHAKE = zmq.EVENT_HANDSHAKE_SUCCEEDED | 0x0800 | 0x2000 | 0x4000

def reply(request, status=b'200', user=b'', metadata=b'', text=b''):
    return [b'1.0', request[1], status, text, user, metadata]

def say(status):
    return lambda request: reply(request, status)

class Handler:
    """answer: what it says to the frames of a request; None: nothing."""

    def __init__(self, answer=reply, kind='REP', context=None):
        self.answer, self.requests, self.ended = answer, [], threading.Event()
        self.outbox = collections.deque()
        self.changed = threading.Condition()
        self.socket = (context or ctx).socket(getattr(zmq, kind))
        self.socket.linger = 0
        self.socket.bind(ZAP)
        self.router = kind == 'ROUTER'
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.is_set():
            try:
                # A request can be gone by the time it is read: libzmq takes back what a client
                # that has left meanwhile had asked.
                if self.socket.poll(20):
                    self.one(self.socket.recv_multipart(zmq.NOBLOCK))
                while self.outbox:
                    self.socket.send_multipart(self.outbox.popleft())
            except zmq.Again:
                pass
            except zmq.ContextTerminated:
                break
        # After zmq_close alone, libzmq keeps the address for a moment.
        attempt(self.socket.unbind, ZAP)
        self.socket.close()

    def one(self, frames):
        envelope, request = (frames[:2], frames[2:]) if self.router else ([], frames)
        answer = self.answer(request)
        with self.changed:
            self.requests.append(frames)
            self.changed.notify_all()
        if answer is not None:
            self.socket.send_multipart(envelope + answer)

    def wait(self, count, patience=20):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.requests) >= count, patience)

    def seen(self):
        return [[frame.hex() for frame in request] for request in self.requests]

    def stop(self):
        self.ended.set()
        self.thread.join(20)

def curve_server(kind='PULL', endpoint='tcp://127.0.0.1:*', **options):
    return bound(kind, endpoint, curve_secretkey=SECRET, curve_server=1, **options)

def curve_client(server, kind='PUSH', **options):
    return connected(kind, where(server), curve_serverkey=PUBLIC, curve_publickey=CLIENT_PUBLIC,
                     curve_secretkey=CLIENT_SECRET, **options)

def plain_client(server, kind='PUSH', **options):
    return connected(kind, where(server), plain_username=b'admin', plain_password=b'secret',
                     **options)

def monitored(make, **options):
    made = make(**options)
    WATCHES[made] = made.get_monitor_socket(HANDSHAKE)
    WATCHES[made].linger = 0
    return made

def verdict(made, patience=20):
    """How the next handshake of a monitored socket ends: [event, value]."""
    if not WATCHES[made].poll(patience * 1000):
        return None
    seen = recv_monitor_message(WATCHES[made])
    return [int(seen['event']), seen['value']]

def passes(client, server, patience=20):
    client.send(b'hello', zmq.NOBLOCK)
    return server.poll(int(patience * 1000)) != 0 and server.recv().decode() == 'hello'

def asker():
    """Asks the handler as libzmq itself does."""
    made = sock('DEALER')
    made.connect(ZAP)
    return made

def ask(made, number=1, domain=b'', mechanism=b'NULL'):
    made.send_multipart([b'', b'1.0', b'%d' % number, domain, b'192.0.2.1', b'', mechanism])
'''

# COUNT clients have asked, and the handler has said nothing yet.
MANY = """
    COUNT = {count}
    first = bound('PULL', 'tcp://[::1]:*', ipv6=1); h = Handler(lambda request: None, {kind!r})
    asking = [asker() for _ in range(COUNT)]
    for n, each in enumerate(asking):
        ask(each, n, b'domain %d' % n)
"""
