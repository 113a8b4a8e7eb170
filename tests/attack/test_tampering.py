"""Replays, and a man in the middle who alters, drops, repeats and reorders frames."""

import threading

import pytest

from contract.program import wait_until

from . import curve
from .arrivals import arrivals, assert_nothing_comes
from .cases import attack

MESSAGES = 20
SENT = b"as it was sent"


@pytest.fixture
def server(start):
    program = start()
    program("a = bound('PULL')")
    return program


def is_message(frame):
    return b"\7MESSAGE" in frame[:17]


def play(server, start, man, meddle):
    """A client sends numbered messages through the man; what of them arrived, in order."""
    between = man(server("where(a)"), meddle)
    client = start()
    client(f"c = connected('PUSH', {between.endpoint!r})")
    client(f"[c.send(b'%d' % i) for i in range({MESSAGES})] and None")
    got = arrivals(server, milliseconds=5000, most=1)
    return between, [text for text, in got + arrivals(server, milliseconds=600)]


def assert_nothing_altered(got):
    """Something came; and whatever came, came as it was sent; within what one connection carried, in
    order and once."""
    assert got
    assert set(got) <= {str(i) for i in range(MESSAGES)}
    for first, second in zip(got, got[1:]):
        assert int(second) > int(first) or int(second) == 0, got


@attack("replay", "a recorded HELLO, and a whole recorded connection, are sent again",
        "the recorded HELLO gets a WELCOME (it proves nothing), the recorded INITIATE nothing: the "
        "connection ends, and no recorded message is delivered again")
def test_recorded_connection(server, start, man, attacker):
    between, got = play(server, start, man, None)
    assert got == [str(i) for i in range(MESSAGES)]
    recorded = between.passed[0]["client"]
    wire = attacker(server("where(a)"))
    wire.send(curve.greeting())
    wire.greeting()
    wire.send(recorded[1])
    assert wire.frame()[1].startswith(b"\7WELCOME")
    for frame in recorded[2:]:
        try:
            wire.send(frame)
        except ConnectionError:
            break
    assert b"READY" not in (wire.is_ended() or b"")
    assert_nothing_comes(server, "a", 300)


@attack("replay", "the cookie of one connection is used in another",
        "the connection ends: a cookie is good for the connection that it was made for")
def test_cookie_of_another_connection(server, certs, attacker):
    clients = []
    for _ in range(2):
        wire = attacker(server("where(a)"))
        client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
        client.start()
        clients.append(client)
    first, second = clients
    second.cookie = first.cookie
    second.wire.send(second.initiate())
    assert b"READY" not in (second.wire.is_ended() or b"")
    first.wire.send(first.initiate())
    assert first.wire.frame()[1].startswith(b"\5READY")


@attack("replay", "an INITIATE is sent twice within its connection",
        "at the most one client is let in, and the second INITIATE is no message")
def test_initiate_twice(server, certs, attacker):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    client.start()
    initiate = client.initiate()
    wire.send(initiate + initiate)
    wire.is_ended()
    assert_nothing_comes(server)


@pytest.mark.parametrize("times", [2, 50])
@attack("replay", "a message is repeated within its connection",
        "it is delivered once; the repetition ends the connection")
def test_repeated_message(server, certs, attacker, times):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    assert client.handshake() is None
    wire.send(client.message(b"pay 10") * times)
    assert server("a.recv().decode()") == "pay 10"
    assert_nothing_comes(server, "a", 300)
    assert wire.is_ended() is not None


@attack("replay", "a message with an earlier nonce than the last one is sent",
        "it is not delivered; the connection ends")
def test_earlier_nonce(server, certs, attacker):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    assert client.handshake() is None
    client.sent = 100
    late = client.message(b"late")
    wire.send(client.message(b"later"))
    assert server("a.recv().decode()") == "later"
    try:
        wire.send(late)
    except ConnectionError:
        pass
    assert_nothing_comes(server, "a", 300)
    assert wire.is_ended() is not None


@attack("man in the middle", "drops every third message", "the connection ends at the first gap or goes "
        "on without it: what arrives is unaltered and in order")
def test_dropped(server, start, man):
    def meddle(direction, number, frame):
        return [] if direction == "client" and is_message(frame) and number % 3 == 0 else [frame]

    assert_nothing_altered(play(server, start, man, meddle)[1])


@attack("man in the middle", "sends messages twice, or an earlier one again",
        "no message is delivered twice within a connection")
def test_repeated(server, start, man):
    earlier = []

    def meddle(direction, number, frame):
        if direction != "client" or not is_message(frame):
            return [frame]
        earlier.append(frame)
        return [frame, earlier[0]] if len(earlier) % 4 == 0 else [frame]

    assert_nothing_altered(play(server, start, man, meddle)[1])


@attack("man in the middle", "exchanges the order of two messages",
        "what arrives is in the order in which it was sent")
def test_reordered(server, start, man):
    held = []

    def meddle(direction, number, frame):
        if direction != "client" or not is_message(frame):
            return [frame]
        if number % 5 == 0:
            held.append(frame)
            return []
        return [frame, held.pop()] if held else [frame]

    assert_nothing_altered(play(server, start, man, meddle)[1])


@attack("man in the middle", "cuts a message short, or says that it is shorter than it is",
        "nothing of it is delivered")
@pytest.mark.parametrize("cut", [lambda frame: frame[:len(frame) - 1],
                                 lambda frame: bytes([frame[0], frame[1] - 1]) + frame[2:-1],
                                 lambda frame: bytes([frame[0], frame[1] - 1]) + frame[2:]],
                         ids=["end", "end and size", "size"])
def test_truncated(server, start, man, cut):
    def meddle(direction, number, frame):
        return [cut(frame) if direction == "client" and is_message(frame) and number == 7 else frame]

    assert_nothing_altered(play(server, start, man, meddle)[1])


@attack("man in the middle", "sends a frame of the server's back to the server, and of the client's back "
        "to the client", "nothing is delivered by it")
def test_reflected(server, start, man):
    sinks = {}

    def meddle(direction, number, frame):
        if is_message(frame):
            sinks.setdefault(direction, frame)
            other = sinks.get("server" if direction == "client" else "client")
            return [frame] if other is None else [frame, other]
        return [frame]

    client = start()
    server("r = bound('REP')")
    between = man(server("where(r)"), meddle)
    client(f"c = connected('REQ', {between.endpoint!r}); c.send(b'question')")
    assert server("r.recv().decode()") == "question"
    server("r.send(b'answer')")
    client("got = [c.recv().decode()] if c.poll(1000) else []")
    assert client("got") in ([], ["answer"])
    assert_nothing_comes(server, "r", 300)


def flipped(frame, bit):
    return frame[:bit // 8] + bytes([frame[bit // 8] ^ 1 << bit % 8]) + frame[bit // 8 + 1:]


class Session:
    """A connection by hand whose INITIATE or message gets one bit flipped."""

    def __init__(self, endpoint, certs, patience):
        self.wire = curve.Wire.to(endpoint, patience)
        self.client = curve.Client(self.wire, certs.server.public, certs.client.public,
                                   certs.client.secret)

    def send(self, step, bit):
        if step == "HELLO":
            self.wire.send(curve.greeting())
            self.wire.greeting()
            self.wire.send(flipped(self.client.hello(), bit))
        elif step == "INITIATE":
            self.client.start()
            self.wire.send(flipped(self.client.initiate(), bit))
        else:
            assert self.client.handshake() is None
            self.wire.send(flipped(self.client.message(SENT), bit))


def bits_of(size):
    """Every bit of the frame's head and name, then one bit of each byte, in turn."""
    return [*range(8 * 12), *(8 * byte + byte % 8 for byte in range(12, size))]


STEPS = {"HELLO": bits_of(202), "INITIATE": bits_of(259), "MESSAGE": bits_of(42)}


@pytest.mark.parametrize("step", STEPS)
@attack("man in the middle", "flips a bit of a HELLO, an INITIATE, a message, in each byte; of the first twelve "
        "bytes each bit",
        "nothing altered is ever delivered; the server goes on serving others")
def test_bit_flips(server, certs, step):
    endpoint = server("where(a)")
    bits = list(STEPS[step])
    lock = threading.Lock()
    faults = []

    def work():
        while True:
            with lock:
                if not bits:
                    return
                bit = bits.pop()
            # A size that was made larger leaves the server waiting for the rest.
            session = Session(endpoint, certs, patience=5 if bit >= 16 else 0.3)
            try:
                session.send(step, bit)
                # A HELLO has room that counts for nothing: its WELCOME is no fault.
                said = session.wire.frame()[1] if step == "HELLO" else session.wire.is_ended()
                if step != "MESSAGE" and said and b"READY" in said:
                    faults.append((bit, said))
            except (curve.Ended, ConnectionError, TimeoutError):
                pass
            except Exception as fault:
                faults.append((bit, repr(fault)))
            finally:
                session.wire.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    # What is outside of the box, such as the frame's MORE flag, counts for nothing.
    assert set(arrivals(server)) <= {(SENT.decode(),)}
    server("good = connected('PUSH', where(a)); good.send(b'still here')")
    assert server("a.recv().decode()") == "still here"


@pytest.mark.parametrize("number", (1, 2), ids=("WELCOME", "READY"))
@attack("man in the middle", "flips a bit of a WELCOME, a READY, in each byte; of the first twelve bytes each bit",
        "the client ends the connection and sends no message; those that are let through go on")
def test_bit_flips_of_answers(server, start, man, number):
    between = man(server("where(a)"))
    client = start()
    client(f"to = {between.endpoint!r}; good = connected('PUSH', to)")
    assert server("a.poll(0)") == 0 and client("good.send(b'before')") is None
    assert server("a.recv().decode()") == "before"
    bits = bits_of(len(between.passed[0]["server"][number]))
    left, untouched = list(bits), []

    def flip(direction, position, frame):
        if direction == "server" and position == number and left:
            bit = left.pop()
            if bit < 8:  # the frame's flags, of which some count for nothing
                untouched.append(bit)
            return [flipped(frame, bit)]
        return [frame]

    between.meddle = flip
    # After such an answer libzmq does not connect again.
    client(f"""
        made = []
        for _ in range({len(bits)}):
            made.append(connected('PUSH', to))
            made[-1].send({SENT!r})
    """)
    assert wait_until(lambda: not left)
    came = arrivals(server, milliseconds=600)
    assert set(came) <= {(SENT.decode(),)} and len(came) <= len(untouched) == 8
    client("good.send(b'after')")
    assert server("a.recv().decode()") == "after"
