"""What peers, files and the environment say is not believed, and does not get into the log as it is."""

import json

import pytest

from contract import certs as certificates
from contract.program import environment, run_python
from harness import builds

from . import curve
from .arrivals import assert_nothing_comes
from .cases import attack

FORGED = ("x\n2026-01-01T00:00:00.000Z info auth: forged", 'x","event":"auth","result":"allow',
          "\x1b[2J\x1b]0;title\x07", "\u202egnp.exe", "%s%n%s%n", "\r\n\r\n", "a" * 4000, "\u2028x")


@pytest.mark.parametrize("name", FORGED)
@attack("log injection", "a certificate's name holds line ends, quotes, terminal escapes, bidirectional "
        "controls, format strings", "one JSON object a line; nothing in it that a terminal would act upon")
def test_names(start, certs, attacker, name):
    keys = certificates.pair()
    text = certificates.text(keys).replace("metadata\n", f"metadata\n    name = '{name}'\n", 1)
    (certs.authorized / "mallory.key").write_bytes(text.encode())
    program = start()
    program("a = bound('PULL')")
    wire = attacker(program("where(a)"))
    client = curve.Client(wire, certs.server.public, keys.public, keys.secret)
    try:
        client.handshake()
    except curve.Ended:
        pass
    program.log.wait("auth")
    assert_clean(program.log.text())


def assert_clean(text):
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        event = json.loads(line)
        assert event["event"] in ("config", "bind", "connect", "auth", "authenticator", "reload",
                                  "handshake", "refused"), line
        assert len(line.encode()) < 4096
        assert not any(ord(c) < 0x20 or ord(c) in (0x7f, 0x202e, 0x2028) for c in line), line
    assert "forged" not in [json.loads(line).get("message") for line in text.splitlines()]


@pytest.mark.parametrize("data", FORGED)
@attack("log injection", "a peer puts the same into its mechanism, its commands and its ERROR",
        "one JSON object a line; nothing in it that a terminal would act upon")
def test_peer_data(start, attacker, data):
    data = data.encode()
    program = start(LOG_LEVEL="debug")
    program("a = bound('PULL')")
    for said in (curve.greeting(data[:20]), data, curve.greeting() + curve.command(data[:200]),
                 curve.greeting() + curve.command(b"ERROR", bytes([len(data) % 256]) + data[:200])):
        wire = attacker(program("where(a)"), patience=2)
        try:
            wire.send(said)
            wire.socket.shutdown(1)
        except OSError:
            pass
        wire.is_ended()
    program("b = connected('PUSH', where(a)); b.send(b'x')")
    program.log.wait("auth")
    assert_clean(program.log.text())


HOSTILE = [
    {"SECURE_ZMQ": "1 "}, {"SECURE_ZMQ": "2"}, {"SECURE_ZMQ": "audit;1"}, {"SECURE_ZMQ": "\u0661"},
    {"CERTS": "/dev/null"}, {"CERTS": "/proc/self/fd"}, {"CERTS": "a" * 100000}, {"CERTS": "//"},
    {"SERVER_CERT": "/etc/passwd"}, {"SERVER_CERT": "/dev/zero"}, {"SERVER_CERT": "../" * 2000},
    {"AUTHORIZED": "/nonexistent"}, {"AUTHORIZED": "server.key"},
    {"ALLOW": "," * 10}, {"ALLOW": "0.0.0.0/33"}, {"DENY": "::/129"}, {"DENY": "1.2.3.4/-1"},
    {"PERMISSIONS": "none"}, {"IO_THREADS": "-1"}, {"IO_THREADS": "99999999999999999999"},
    {"HANDSHAKE_TIMEOUT": "1e3"}, {"MAX_MESSAGE_SIZE": "0x10"}, {"PLAINTEXT": "tcp"},
    {"AUTHORISED": "any"}, {"": "x"},
]


@pytest.mark.parametrize("variables", HOSTILE, ids=lambda value: str(value)[:40])
@attack("environment", "values that cannot be understood, lead elsewhere, or are misspelt",
        "every bind is refused with one line that names the variable; nothing listens")
def test_hostile_values(start, variables):
    program = start(**{f"SECURE_ZMQ_{name}" if name != "SECURE_ZMQ" else name: value
                       for name, value in variables.items()})
    assert program.refused("bound()") == "EACCES"
    [event] = program.log.events("refused")
    assert len(event["message"]) > 20


@attack("environment", "a program writes over its environment after it was started",
        "nothing changes: the environment was read when the library was loaded")
def test_environment_is_read_once(start, peers):
    program = start()
    program("""
        import ctypes
        for name in list(os.environ):
            if "ZMQ" in name:
                ctypes.CDLL(None).setenv(name.encode(), b"0", 1)
        ctypes.CDLL(None).setenv(b"SECURE_ZMQ_AUTHORIZED", b"any", 1)
        a = bound("PULL")
    """)
    client = peers.socket("PUSH")
    client.connect(program("where(a)"))
    client.send(b"in clear")
    assert_nothing_comes(program, "a", 500)


@attack("environment", "LD_PRELOAD names the library in a process without any variable",
        "the library does nothing at all")
def test_without_variables(certs, tmp_path):
    env = environment(shim=False, LD_PRELOAD=builds.preload())
    done = run_python("print(__import__('zmq').Context().socket(3).bind('tcp://127.0.0.1:*'))", env,
                      tmp_path)
    assert done.returncode == 0 and done.stderr == ""
