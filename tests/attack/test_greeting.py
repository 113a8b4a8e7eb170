"""Downgrades: whoever greets with something else than CURVE hears nothing and is heard by nobody."""

import threading

import pytest

from harness import zmtp
from wire.foreign import Foreign

from . import curve
from .arrivals import assert_nothing_comes
from .cases import attack

OTHERS = {
    "NULL": curve.greeting(b"NULL") + curve.command(
        b"READY", curve.property_of(b"Socket-Type", b"PUSH")),
    "PLAIN": curve.greeting(b"PLAIN") + curve.command(b"HELLO", b"\4user\4pass"),
    "GSSAPI": curve.greeting(b"GSSAPI"),
    "no mechanism": curve.greeting(b""),
    "CURVE, in lower case": curve.greeting(b"curve"),
    "CURVE, with more behind it": curve.greeting(b"CURVEX"),
    "ZMTP 2.0": curve.SIGNATURE + b"\1\7" + b"\0\0" + b"\0\5clear",
    "ZMTP 1.0": curve.SIGNATURE + b"\0\7" + b"\0\0" + b"\0\5clear",
    "ZMTP 1.0 without signature": b"\1\0" + b"\6\0clear" * 3,
}
each = pytest.mark.parametrize("greeting", OTHERS.values(), ids=OTHERS.keys())


def bytewise(stream):
    return [stream[i:i + 1] for i in range(len(stream))]


def assert_only_curve(said):
    """At the most what CURVE says: a greeting of the mechanism, cut anywhere, and its commands."""
    allowed = (curve.greeting(), curve.greeting(as_server=1))
    head = said[:zmtp.GREETING_SIZE]
    same = [all(a == b for i, (a, b) in enumerate(zip(head, whole)) if i not in range(1, 9)
                and i != 11) for whole in allowed]
    assert any(same), said
    for is_command, body in zmtp.frames(said):
        assert is_command and body[1:1 + body[0]] in (b"HELLO", b"WELCOME", b"INITIATE", b"ERROR")


@each
@pytest.mark.parametrize("pieces", [lambda stream: [stream], bytewise], ids=["whole", "bytewise"])
@attack("downgrade", "a client greets with NULL, PLAIN, GSSAPI, ZMTP 1.0 or 2.0, whole and byte by byte",
        "the server says CURVE's greeting at the most; no message gets in or out")
def test_of_a_server(start, attacker, greeting, pieces):
    program = start()
    program("a = bound('PULL'); b = bound('PUB')")
    for name in ("a", "b"):
        wire = attacker(program(f"where({name})"), patience=1)
        try:
            for piece in pieces(greeting + b"\0\5clear"):
                wire.send(piece)
        except ConnectionError:
            pass
        program("[b.send(b'published') for _ in range(20)] and None")
        said = wire.is_ended()
        assert_only_curve(said if said is not None else bytes(wire.received))
    assert_nothing_comes(program, "a", 200)


@each
@attack("downgrade", "a server answers with NULL, PLAIN, GSSAPI, ZMTP 1.0 or 2.0",
        "the client says CURVE's greeting at the most, delivers nothing, and sends what it has queued "
        "to nobody but the right server")
def test_of_a_client(start, certs, greeting):
    program = start()
    server = Foreign(greeting + b"\0\5clear")
    try:
        program(f"a = connected('PUSH', 'tcp://127.0.0.1:{server.port}')")
        program(f"b = connected('PULL', 'tcp://127.0.0.1:{server.port}')")
        program("a.send(b'a queued secret')")
        server.wait_for(2)
        assert_nothing_comes(program, "b", 200)
        for said in list(server.connections):
            assert b"secret" not in said
            assert_only_curve(bytes(said))
    finally:
        server.close()


@attack("downgrade", "a man in the middle rewrites the mechanism of both greetings to NULL",
        "both sides end the connection; nothing is delivered")
def test_by_a_man_in_the_middle(start, man):
    def rewrite(direction, number, frame):
        return [frame if number else curve.greeting(b"NULL")[11:]]

    program = start()
    program("a = bound('PULL')")
    between = man(program("where(a)"), rewrite)
    program(f"b = connected('PUSH', {between.endpoint!r}); b.send(b'secret')")
    for _ in range(2):
        assert between.connections.acquire(timeout=30)
    assert_nothing_comes(program, "a", 200)
    seen = b"".join(frame for record in between.passed for side in record.values() for frame in side)
    assert b"secret" not in seen


@attack("downgrade", "a man in the middle flips the as-server bit of either greeting, or both",
        "nothing: who is server is decided by keys, not by that bit; messages stay between the two")
@pytest.mark.parametrize("flipped", [("client",), ("server",), ("client", "server")], ids="+".join)
def test_as_server_bit(start, man, flipped):
    def flip(direction, number, frame):
        if number or direction not in flipped:
            return [frame]
        return [frame[:21] + bytes([frame[21] ^ 1]) + frame[22:]]

    program = start()
    program("a = bound('PULL')")
    between = man(program("where(a)"), flip)
    program(f"b = connected('PUSH', {between.endpoint!r}); b.send(b'secret')")
    assert between.connections.acquire(timeout=30)
    assert program("a.recv(copy=False).get('Name')") == "client"
    assert all(b"secret" not in frame for record in between.passed
               for side in record.values() for frame in side)


@attack("fragmentation", "a client with the right keys sends its handshake byte by byte",
        "it is let in: fragments are no reason to refuse, or to look away")
def test_right_handshake_in_single_bytes(start, certs, attacker):
    program = start()
    program("a = bound('PULL')")
    wire = attacker(program("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    whole = wire.send
    wire.send = lambda data: [whole(piece) for piece in bytewise(data)]
    assert client.handshake() is None
    wire.send(client.message(b"hello"))
    assert program("a.recv().decode()") == "hello"


@attack("fragmentation", "a foreign mechanism is cut at every position, and the rest sent later",
        "the server's answer never goes beyond the greeting")
def test_wrong_greeting_cut_everywhere(start, attacker):
    program = start()
    program("a = bound('PULL')")
    endpoint = program("where(a)")
    stream = OTHERS["NULL"] + b"\0\5clear"

    def knock(cut):
        wire = curve.Wire.to(endpoint, patience=5)
        try:
            wire.send(stream[:cut])
            wire.take(10)
            wire.send(stream[cut:])
            said.append(wire.is_ended())
        except (ConnectionError, curve.Ended):
            said.append(b"")
        finally:
            wire.close()

    said = []
    threads = [threading.Thread(target=knock, args=(cut,)) for cut in range(1, 64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 63
    assert all(len(each or b"") <= zmtp.GREETING_SIZE for each in said)
    assert_nothing_comes(program, "a", 100)
