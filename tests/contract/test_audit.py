"""Contract, Environment: SECURE_ZMQ=audit changes nothing and says what 1 would have done."""

import re
import socket
import subprocess

import pytest

from harness import zmtp
from harness.relay import Relay

from . import program as programs


@pytest.fixture
def audited(start):
    return lambda **variables: start(SECURE_ZMQ="audit", **variables)


def test_it_stays_in_clear(audited):
    program = audited()
    program("a = bound('PULL')")
    with Relay(program("where(a)")) as relay:
        program(f"b = connected('PUSH', {relay.endpoint!r})")
        assert program("one_way(b, a, b'readable')") == "readable"
        talk, = relay.conversations
        assert zmtp.mechanism(talk.connector) == zmtp.mechanism(talk.binder) == "NULL"
        assert b"readable" in relay.bytes_seen()
    assert program("a.getsockopt(zmq.ZAP_DOMAIN)[:1] == b'\\0' and a.mechanism") == 0
    assert "curveshim-zap" not in program(
        "[open(f'/proc/self/task/{t}/comm').read().strip() for t in os.listdir('/proc/self/task')]")


@pytest.mark.parametrize("level", ["error", "warning", "info", "debug"])
def test_a_line_for_every_bind_and_connect_with_the_identity(audited, certs, level):
    program = audited(LOG_LEVEL=level)
    program("a = bound('PULL'); a.bind('ipc://*'); b = connected('PUSH', where(a))")
    events = program.log.events()
    assert [e["event"] for e in events] == ["bind", "bind", "connect"]
    assert {e["audit"] for e in events} == {"secure"}
    assert events[0]["key"] == events[1]["key"] == certs.server.public
    assert (events[2]["key"], events[2]["server_key"]) == (certs.client.public,
                                                           certs.server.public)
    assert "audit" in events[0]["message"]


def test_what_a_fleet_is_mapped_by(audited):
    """Who calls, and where it listens, also without any certificate."""
    program = audited(CERTS="/nonexistent")
    program("a = bound('PULL'); b = connected('PUSH', where(a)); w = sock('REP'); w.bind('tcp://*:*')")
    bind, connect, wild = program.log.events()
    assert {e["audit"] for e in (bind, connect, wild)} == {"refuse"}
    assert {e["host"] for e in (bind, connect, wild)} == {socket.gethostname()}
    assert {e["script"] for e in (bind, connect, wild)} == {str(programs.HERE / "interactive.py")}
    units = re.findall(r":(?:name=systemd:)?/(?:.*/)?([^/]+\.service)$",
                       program("open('/proc/self/cgroup').read()"), re.MULTILINE)
    assert {e.get("unit") for e in (bind, connect, wild)} == {units[0] if units else None}
    assert bind["endpoint"] == "tcp://127.0.0.1:*"
    assert bind["resolved"] == program("where(a)") and wild["resolved"] == program("where(w)")
    local = subprocess.run(["ip", "-brief", "address", "show", "scope", "global"], check=True,
                           capture_output=True, text=True).stdout
    assert set(wild["addresses"].split()) == set(re.findall(r"([0-9a-f.:]+)/", local))
    assert not {"failed", "addresses"} & set(connect) and "failed" not in bind


def test_a_call_that_failed_says_so(audited):
    program = audited()
    program("a = bound('PULL')")
    assert program.refused("sock('PULL').bind(where(a))") == "EADDRINUSE"
    event = program.log.events()[-1]
    assert event["failed"] == "Address already in use" and "resolved" not in event


@pytest.mark.parametrize("code, audit, error", [
    ("a = sock('STREAM'); a.bind('tcp://127.0.0.1:*')", "refuse", "EPROTONOSUPPORT"),
    ("a = sock('REP', plain_server=1); a.bind('tcp://127.0.0.1:*')", "refuse", "EPROTONOSUPPORT"),
    ("a = bound('REP', 'ipc://*')", "plaintext", None),
    ("p, s = zmq.curve_keypair(); a = sock('REP', curve_server=1, curve_secretkey=s); "
     "a.bind('tcp://127.0.0.1:*')", "own-curve", None),
])
def test_what_would_be_refused_or_left(audited, code, audit, error):
    program = audited(PLAINTEXT="ipc://*")
    program(code)
    event, = program.log.events()
    assert event["audit"] == audit and event.get("error") == error


def test_unusable_certificates_are_told_and_nothing_is_refused(audited, certs):
    (certs.path / "server.key_secret").chmod(0o644)
    (certs.path / "client.key_secret").unlink()
    program = audited()
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    bind, connect = program.log.events()
    assert (bind["audit"], bind["error"]) == ("refuse", "EACCES") and "chmod" in bind["message"]
    assert connect["audit"] == "refuse" and "client.key_secret" in connect["message"]


@pytest.mark.parametrize("name, value", [("SECURE_ZMQ_CERT", "x"), ("SECURE_ZMQ_ALLOW", "x")])
def test_nor_by_a_configuration_error(audited, name, value):
    program = audited(**{name: value})
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    for event in program.log.events():
        assert event["audit"] == "refuse" and name in event["message"]


def test_options_and_limits_stay(audited, certs):
    program = audited(HANDSHAKE_TIMEOUT=100, MAX_MESSAGE_SIZE=10, IO_THREADS=4)
    program("a = bound('PULL'); b = connected('PUSH', where(a)); b.send(bytes(1000))")
    assert program("len(a.recv())") == 1000
    assert program("(a.handshake_ivl, ctx.get(zmq.IO_THREADS))") == [30000, 1]


def test_errno_of_the_real_call_and_failed_calls(audited):
    program = audited()
    program("a = bound('PULL')")
    assert program.refused("sock('PULL').bind(where(a))") == "EADDRINUSE"
    assert program.refused("sock('PULL').connect('tcp://')") == "EINVAL"


def test_the_programs_own_zap_handler_works(audited):
    program = audited()
    program("z = sock('REP'); z.bind('inproc://zeromq.zap.01'); a = bound('PULL')")
    assert program("attempt(sock('REP').bind, 'inproc://zeromq.zap.01')") == "EADDRINUSE"
