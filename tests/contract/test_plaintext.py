"""Contract, Environment: SECURE_ZMQ_PLAINTEXT exempts what its globs name, and no more."""

import socket

import pytest


@pytest.fixture
def port():
    """A free port below those that wildcard binds get."""
    for number in range(20000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("", number))
            except OSError:
                continue
        if claim(number):
            return number
    raise AssertionError("no free port")


CLAIMS = []


def claim(number):
    """Tests in other processes look for ports as well."""
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0curveshim-test-port-{number}")
    except OSError:
        held.close()
        return False
    CLAIMS.append(held)
    return True


def outcome(program, call, endpoint, **options):
    """What curveshim made of the call: bind, connect or plaintext."""
    before = len(program.log.events())
    program(f"s = sock('DEALER', **{options!r}); s.{call}({endpoint!r})")
    new = [e["event"] for e in program.log.events()[before:]]
    return [e for e in new if e in ("bind", "connect", "plaintext", "refused")][0]


@pytest.mark.parametrize("glob, endpoint, exempted", [
    ("tcp://127.0.0.1:{p}", "tcp://127.0.0.1:{p}", True),
    ("tcp://127.0.0.1:{p}", "tcp://127.0.0.1:{p}0", False),
    ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", True),
    ("tcp://*", "tcp://127.0.0.1:*", True),
    ("*", "tcp://127.0.0.1:*", True),
    ("tcp://127.0.0.?:*", "tcp://127.0.0.1:*", True),
    ("tcp://127.0.0.[0-9]:*", "tcp://127.0.0.1:*", False),
    ("tcp://[::1]:*", "tcp://[::1]:*", True),
    ("tcp://[:1]:*", "tcp://[::1]:*", False),
    ("tcp://[!x]*", "tcp://[::1]:*", False),
    ("ipc://*", "ipc://{d}/a/../b", True),
    ("ipc://{d}/*", "ipc://{d}/one", True),
    ("ipc://{d}/?", "ipc://{d}/one", False),
    ("ipc:*", "tcp://127.0.0.1:*", False),
    ("ipc://nothing tcp://127.0.0.1:*", "tcp://127.0.0.1:*", True),
    ("ipc://nothing,tcp://127.0.0.1:*", "tcp://127.0.0.1:*", True),
    ("TCP://127.0.0.1:*", "tcp://127.0.0.1:*", False),
])
@pytest.mark.parametrize("call", ["bind", "connect"])
def test_globs(start, short, port, call, glob, endpoint, exempted):
    glob, endpoint = (text.format(p=port, d=short) for text in (glob, endpoint))
    if call == "connect":
        endpoint = endpoint[:-2] + f":{port}" if endpoint.endswith(":*") else endpoint
    if port > 6500 and endpoint.endswith(f"{port}0"):
        endpoint = endpoint[:-1].replace(f":{port}", f":{port + 1}")
    if "/a/../" in endpoint:
        endpoint = endpoint.replace("/a/..", "/.")
    program = start(PLAINTEXT=glob)
    assert outcome(program, call, endpoint, ipv6=1) == ("plaintext" if exempted else call)


@pytest.mark.parametrize("glob, endpoint, ipv6, exempted", [
    ("tcp://127.0.0.1:{p}", "tcp://lo:{p}", 0, True),
    ("tcp://0.0.0.0:{p}", "tcp://*:{p}", 0, True),
    ("tcp://[::]:{p}", "tcp://*:{p}", 1, True),
    ("tcp://lo:{p}", "tcp://lo:{p}", 0, True),
    ("tcp://*:{p}", "tcp://*:{p}", 0, True),
    # What it does not resolve to.
    ("tcp://[::]:{p}", "tcp://*:{p}", 0, False),
    ("tcp://0.0.0.0:{p}", "tcp://*:{p}", 1, False),
    ("tcp://[::1]:{p}", "tcp://lo:{p}", 0, False),
    ("tcp://lo:{p}", "tcp://127.0.0.1:{p}", 0, False),
    ("tcp://127.0.0.1:{p}", "tcp://0.0.0.0:{p}", 0, False),
    ("tcp://127.0.0.1:{p}", "tcp://*:{p}", 0, False),
])
def test_binds_are_compared_with_the_resolved_endpoint_too(start, port, glob, endpoint, ipv6,
                                                           exempted):
    program = start(PLAINTEXT=glob.format(p=port))
    assert outcome(program, "bind", endpoint.format(p=port), ipv6=ipv6) == (
        "plaintext" if exempted else "bind")


def test_connects_are_not_resolved(start, port):
    program = start(PLAINTEXT=f"tcp://127.0.0.1:{port}")
    assert outcome(program, "connect", f"tcp://localhost:{port}") == "connect"


def test_an_exempted_pair_talks_in_clear_and_each_use_is_logged(start, peers):
    program = start(PLAINTEXT="tcp://127.0.0.1:*", certs="/nonexistent")
    program("a = bound('PULL')")
    plain = peers.socket("PUSH")
    plain.connect(program("where(a)"))
    plain.send(b"clear")
    assert program("a.recv().decode()") == "clear"
    event, = program.log.events("plaintext")
    assert event["level"] == "warning"


def test_other_transports_can_be_exempted(start):
    program = start(PLAINTEXT="udp://* ws://*")
    assert program("attempt(sock('PULL').bind, 'ws://127.0.0.1:*')") in (0, "EPROTONOSUPPORT")
    assert program.log.events("refused") == []
    assert len(program.log.events("plaintext")) == 1


def test_draft_sockets_are_refused_on_tcp(start):
    program = start()
    try:
        program("a = ctx.socket(18)")
    except Exception:
        pytest.skip("this libzmq has no ZMQ_DGRAM")
    assert program.refused("a.bind('udp://127.0.0.1:5555')") == "EPROTONOSUPPORT"
