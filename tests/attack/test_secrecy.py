"""What a recording is worth to somebody who steals every long-term key afterwards."""

import itertools

import pytest
from nacl import bindings, exceptions

from . import curve
from .cases import attack

SECRET = b"the meeting is at nine, behind the old harbour"


@pytest.fixture
def recording(start, man):
    program = start()
    program("a = bound('REP')")
    between = man(program("where(a)"))
    program(f"b = connected('REQ', {between.endpoint!r}); b.send({SECRET!r})")
    assert program("a.recv().decode()") == SECRET.decode()
    program(f"a.send({SECRET!r})")
    assert program("b.recv().decode()") == SECRET.decode()
    return between.passed[0]


def body(frame):
    return frame[9:] if frame[0] & 2 else frame[2:]


def boxes(recording):
    """(name, nonce, box) of each box that was recorded."""
    prefixes = {b"HELLO": b"CurveZMQHELLO---", b"INITIATE": b"CurveZMQINITIATE",
                b"READY": b"CurveZMQREADY---"}
    for side, frames in recording.items():
        for frame in frames[1:]:
            said = body(frame)
            name, rest = said[1:1 + said[0]], said[1 + said[0]:]
            if name == b"WELCOME":
                yield name, b"WELCOME-" + rest[:16], rest[16:]
            elif name == b"HELLO":
                yield name, prefixes[name] + rest[106:114], rest[114:]
            elif name == b"INITIATE":
                yield name, prefixes[name] + rest[96:104], rest[104:]
            elif name == b"READY":
                yield name, prefixes[name] + rest[:8], rest[8:]
            else:
                assert name == b"MESSAGE", name
                letter = b"C" if side == "client" else b"S"
                yield name, b"CurveZMQMESSAGE" + letter + rest[:8], rest[8:]


def opened(nonce, box, publics, secrets):
    for public, secret in itertools.product(publics, secrets):
        try:
            return bindings.crypto_box_open(box, nonce, public, secret)
        except (exceptions.CryptoError, ValueError):
            pass
    return None


@attack("secrecy", "traffic is recorded, and later both long-term secret keys are stolen",
        "the handshake's first two boxes can be opened, the client's identity and the messages cannot: "
        "their keys are gone with the connection")
def test_forward_secrecy(recording, certs):
    hello = body(recording["client"][1])
    publics = [curve.key(certs.server.public), curve.key(certs.client.public), hello[80:112]]
    secrets = [curve.key(certs.server.secret), curve.key(certs.client.secret)]
    found = {}
    for name, nonce, box in boxes(recording):
        plain = opened(nonce, box, publics, secrets)
        found.setdefault(name, []).append(plain)
        if name == b"WELCOME" and plain is not None:
            # The server's short-term public key, which is no help without its secret.
            publics.append(plain[:32])
    assert all(found[b"HELLO"]) and all(found[b"WELCOME"]), "the thief's tools do not work"
    assert len(found[b"MESSAGE"]) >= 2
    for name in (b"INITIATE", b"READY", b"MESSAGE"):
        assert not any(found[name]), name


@attack("secrecy", "traffic is searched for what was sent, for keys, and for the client's identity",
        "nothing of it is there; mechanism, command names, sizes and times are")
def test_what_the_wire_shows(recording, certs):
    seen = b"".join(frame for side in recording.values() for frame in side)
    for hidden in (SECRET, SECRET[:12], curve.key(certs.client.public), b"Socket-Type", b"REQ",
                   certs.client.public.encode(), curve.key(certs.server.secret),
                   curve.key(certs.client.secret)):
        assert hidden not in seen
    assert b"CURVE" in seen and b"INITIATE" in seen


@attack("secrecy", "the process's state page, environment and arguments are read, and its log",
        "no secret key is in any of them")
def test_what_the_process_shows(start, certs):
    program = start(LOG_LEVEL="debug")
    program("a = bound('PULL'); b = connected('PUSH', where(a)); b.send(b'x')")
    assert program("a.recv().decode()") == "x"
    shown = program.log.text().encode()
    for name in ("environ", "cmdline"):
        with open(f"/proc/{program.process.pid}/{name}", "rb") as file:
            shown += file.read()
    pages = program("""[fd for fd in os.listdir("/proc/self/fd")
        if "memfd" in (os.readlink("/proc/self/fd/" + fd) if os.path.exists("/proc/self/fd/" + fd)
        or os.path.islink("/proc/self/fd/" + fd) else "")]""")
    assert pages, "there is no state page"
    for fd in pages:
        with open(f"/proc/{program.process.pid}/fd/{fd}", "rb") as file:
            shown += file.read()
    for secret in certs.secrets():
        assert secret.encode() not in shown and curve.key(secret) not in shown
