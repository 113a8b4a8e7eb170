"""Keys: who has not the right one exchanges nothing, and nobody is taken for somebody else."""

import datetime

import pytest
from nacl import bindings

from contract.certs import pair
from contract.peer import gets, where

from . import curve
from .arrivals import assert_nothing_comes
from .cases import attack

LOW_ORDER = {
    "zero": bytes(32),
    "one": b"\1" + bytes(31),
    "of order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "of order 8, the other": bytes.fromhex(
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    "p - 1": b"\xec" + b"\xff" * 30 + b"\x7f",
    "p": b"\xed" + b"\xff" * 30 + b"\x7f",
    "p + 1": b"\xee" + b"\xff" * 30 + b"\x7f",
}

# What crypto_box_beforenm would give for them: HSalsa20 of a shared point that is all zero.
KNOWN = bytes.fromhex("351f86faa3b988468a850122b65b0acece9c4826806aeee63de9c0da2bd7f91e")


@pytest.fixture
def server(start):
    program = start()
    program("a = bound('PULL'); b = bound('PUB')")
    return program


def assert_shut_out(program, wire, client):
    """Nothing that the client goes on to say gets in, nothing that is published gets out."""
    try:
        wire.send(client.message(b"intruder"))
    except ConnectionError:
        pass
    assert_nothing_comes(program, "a", 100)
    said = wire.is_ended()
    assert said is not None, "the connection goes on"
    assert b"READY" not in said


def yesterday():
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@attack("keys", "a client with the wrong server key", "no answer to HELLO, not even a WELCOME")
def test_wrong_server_key(server, attacker, certs):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, pair().public, certs.client.public, certs.client.secret)
    with pytest.raises(curve.Ended) as ended:
        client.start()
    assert ended.value.args[0] == b""
    assert_nothing_comes(server, "a", 100)


UNWANTED = {
    "unknown": lambda certs: None,
    "revoked": lambda certs: certs.revoke("x", certs.client),
    "expired": lambda certs: certs.authorize("client", certs.client, expires=yesterday()),
    "wrong address": lambda certs: certs.authorize("client", certs.client, addresses="10.0.0.0/8"),
    "wrong endpoint": lambda certs: certs.authorize("client", certs.client,
                                                    endpoints="tcp://127.0.0.1:1"),
}


@pytest.mark.parametrize("name", UNWANTED)
@attack("keys", "a client whose key is unknown, revoked, expired, or for another address or endpoint",
        "no READY, no message in either direction, the connection ends, an event names key and reason")
def test_unwanted_key(start, attacker, certs, name):
    keys = pair() if name == "unknown" else certs.client
    UNWANTED[name](certs)
    program = start()
    program("a = bound('PULL')")
    wire = attacker(program("where(a)"))
    client = curve.Client(wire, certs.server.public, keys.public, keys.secret)
    client.start()
    wire.send(client.initiate())
    event = program.log.wait("auth", result="deny")
    assert event["key"] == keys.public
    assert_shut_out(program, wire, client)


@attack("keys", "a client proves nothing: its vouch is made with another secret than its key's",
        "the connection ends before the authenticator is asked")
def test_forged_vouch(server, attacker, certs):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    client.start()
    client.secret = bindings.crypto_box_keypair()[1]
    wire.send(client.initiate())
    assert_shut_out(server, wire, client)
    assert not server.log.events("auth")


@pytest.mark.parametrize("point", LOW_ORDER.values(), ids=LOW_ORDER.keys())
@attack("keys", "all-zero and low-order points as the client's short-term key, with which anybody can "
        "compute the box", "no message in or out; nothing crashes")
def test_low_order_short_term_key(server, attacker, certs, point):
    wire = attacker(server("where(a)"), patience=5)
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    client.short_public = point
    nonce = (1).to_bytes(8, "big")
    client.sent = 1
    signature = bindings.crypto_box_afternm(bytes(64), b"CurveZMQHELLO---" + nonce, KNOWN)
    wire.send(curve.greeting())
    wire.greeting()
    wire.send(curve.command(b"HELLO", b"\1\0" + bytes(72) + point + nonce + signature))
    said = wire.is_ended()
    assert not said or b"READY" not in said
    assert_nothing_comes(server, "a", 100)
    assert_serves(server, certs)


@pytest.mark.parametrize("point", LOW_ORDER.values(), ids=LOW_ORDER.keys())
@attack("keys", "all-zero and low-order points as the client's long-term key",
        "no message in or out, though anybody could make the vouch; the certificate could not be "
        "authorised either")
def test_low_order_long_term_key(server, attacker, certs, point):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    client.start()
    client.public = point
    nonce = bytes(16)
    vouch = nonce + bindings.crypto_box_afternm(
        client.short_public + client.server, b"VOUCH---" + nonce, KNOWN)
    wire.send(client.initiate(vouch=vouch))
    assert_shut_out(server, wire, client)


def assert_serves(program, certs):
    program("good = connected('PUSH', where(a)); good.send(b'still here')")
    assert program("a.recv().decode()") == "still here"


@attack("identity", "an authorised client claims a User-Id and a Name in its handshake's metadata",
        "the application sees its real key and its certificate's name")
def test_claimed_identity(server, attacker, certs):
    wire = attacker(server("where(a)"))
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    claims = b"".join(curve.property_of(*claim) for claim in (
        (b"Socket-Type", b"PUSH"), (b"User-Id", b"root"), (b"Name", b"root"), (b"User-Id", b"admin")))
    assert client.handshake(claims) is None
    wire.send(client.message(b"who am I?"))
    server("m = a.recv(copy=False)")
    assert server("m.get('User-Id')") == certs.client.public
    assert server("m.get('Name')") == "client"


@attack("identity", "an authorised client sends metadata of every malformed shape",
        "the connection ends or goes on under its own name; nothing crashes")
@pytest.mark.parametrize("metadata", [
    b"\xff", b"\4Name", b"\4Name\xff\xff\xff\xff", b"\0\0\0\0\0", b"\4Name\0\0\0\5abc",
    curve.property_of(b"Socket-Type", b"DISH"), curve.property_of(b"Identity", b"x" * 300),
    curve.property_of(b"X" * 255, b"v" * 5000)])
def test_malformed_metadata(server, attacker, certs, metadata):
    wire = attacker(server("where(a)"), patience=3)
    client = curve.Client(wire, certs.server.public, certs.client.public, certs.client.secret)
    try:
        client.handshake(metadata)
        wire.send(client.message(b"x"))
    except (curve.Ended, ConnectionError, TimeoutError):
        pass
    server("""
        names = []
        try:
            while a.poll(200):
                names.append(a.recv(zmq.DONTWAIT, copy=False).get("Name"))
        except zmq.Again:
            pass
    """)
    assert set(server("names")) <= {"client"}
    assert_serves(server, certs)


@attack("identity", "the program itself, or a library in it, binds a ZAP handler that says yes to all",
        "clients that are not authorised stay out: the program can only refuse more")
def test_handler_in_the_process(start, peers, certs):
    program = start()
    program("""
        def yes():
            zap = ctx.socket(zmq.REP)
            zap.linger = 0
            try:
                zap.bind("inproc://zeromq.zap.01")
                ready.set()
                while True:
                    parts = zap.recv_multipart()
                    zap.send_multipart([b"1.0", parts[1], b"200", b"OK", b"root", b""])
            except zmq.ZMQError:
                ready.set()
        ready = threading.Event()
        threading.Thread(target=yes, daemon=True).start()
        ready.wait(10)
        a = sock("PULL", zap_domain=b"global")
        a.bind("tcp://127.0.0.1:*")
    """)
    endpoint = program("where(a)")
    peers.client("PUSH", endpoint, pair(), certs.server.public).send(b"intruder")
    program.log.wait("auth", result="deny")
    assert_nothing_comes(program, "a", 500)


@attack("identity", "the program asks inproc://zeromq.zap.01 itself, or answers in its place",
        "clients that are not authorised stay out")
def test_handler_is_asked_from_inside(start, peers, certs):
    program = start()
    program("""
        a = bound("PULL")
        zap = ctx.socket(zmq.DEALER)
        zap.connect("inproc://zeromq.zap.01")
        zap.send_multipart([b"", b"1.0", b"1", b"curveshim-1", b"127.0.0.1", b"", b"CURVE", b"x" * 32])
        zap.send_multipart([b"", b"200"])
        zap.send_multipart([b"x" * 9000] * 40)
    """)
    assert program("zap.recv_multipart()[3].decode()") == "300"
    client = peers.client("PUSH", program("where(a)"), pair(), certs.server.public)
    client.send(b"intruder")
    program.log.wait("auth", count=2, result="deny")
    assert_nothing_comes(program, "a", 200)
    peers.client("PUSH", program("where(a)"), certs.client, certs.server.public).send(b"friend")
    assert program("a.recv().decode()") == "friend"


@attack("keys", "the server's secret key is not known, but its public key: an impostor takes its port",
        "the client sends nothing but HELLO, delivers nothing, and keeps its queue for the real server")
def test_impostor(start, certs, peers):
    impostor = peers.server("PULL", pair())
    program = start()
    program(f"a = connected('PUSH', {where(impostor)!r})")
    program("a.send(b'secret')")
    program.log.wait("handshake", result="failed")
    assert gets(impostor, 1) is None
