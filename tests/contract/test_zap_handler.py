"""Contract, Roles: the program's own ZAP handler keeps working behind the authenticator.

What concerns sockets that the shim did not secure is run natively too, and has to come out the
same."""

import pytest

from .program import wait_until
from .zap_handler import CODE

KINDS = ["REP", "ROUTER"]
EXEMPT_ALL = {"PLAINTEXT": "tcp://* ipc://*"}


@pytest.fixture
def handled(start):
    """A program with the means for a handler of its own."""
    def starts(**variables):
        program = start(**variables)
        program(CODE)
        return program
    return starts


@pytest.fixture
def both(handled):
    """Runs a function on a program natively and under the shim, and compares what it returns."""
    def compares(function, **variables):
        native, shimmed = (function(handled(shim=shim, **(variables if shim else {})))
                           for shim in (False, True))
        assert shimmed == native
        return native
    return compares


SOCKETS = {
    "CURVE": ("a = curve_server(zap_domain=b'mine')", "b = curve_client(a)"),
    "CURVE without a domain": ("a = curve_server()", "b = curve_client(a)"),
    "CURVE, identities": ("a = curve_server('ROUTER', identity=b'me')",
                          "b = curve_client(a, 'DEALER', identity=b'you')"),
    "CURVE, ipc": ("a = curve_server(endpoint='ipc://@' + SOCKET)", "b = curve_client(a)"),
    "NULL": ("a = bound('PULL', zap_domain=b'mine')", "b = connected('PUSH', where(a))"),
    "NULL, ipc": ("a = bound('PULL', 'ipc://@' + SOCKET, zap_domain=b'mine')",
                  "b = connected('PUSH', where(a))"),
    "NULL, the client's too": ("a = bound('PULL')",
                               "b = connected('PUSH', where(a), zap_domain=b'hers')"),
    "PLAIN": ("a = bound('PULL', plain_server=1)", "b = plain_client(a)"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sockets", SOCKETS)
def test_requests_arrive_unchanged(both, kind, sockets, tmp_path):
    def requests(program):
        server, client = SOCKETS[sockets]
        program(f"SOCKET = 'curveshim-{tmp_path.name}-{program.process.pid}'")
        program(f"{server}; h = Handler(kind={kind!r}); {client}; b.send(b'x')")
        assert program("h.wait(1)")
        seen, = program("h.seen()")
        if kind == "ROUTER":
            assert len(seen.pop(0)) == 10 and seen.pop(0) == ""
        # The keys are new ones, and for ipc the address has the process.
        key = program("z85.decode(CLIENT_PUBLIC).hex()")
        pid = str(program.process.pid).encode().hex()
        return [frame.replace(key, "key").replace(pid, "pid") for frame in seen]

    frames = both(requests, **EXEMPT_ALL)
    assert frames[0] == b"1.0".hex() and frames[5] == sockets.split(",")[0].split()[0].encode().hex()


@pytest.mark.parametrize("kind", KINDS)
def test_answers_arrive_unchanged(both, kind):
    def properties(program):
        program(f"""
            def answer(request):
                return reply(request, user=b'somebody', metadata=b'\\x05Hello\\0\\0\\0\\5World')
            a = curve_server(); h = Handler(answer, {kind!r}); b = curve_client(a); b.send(b'x')
            m = a.recv(copy=False)
        """)
        return program("[m.get(name) for name in ('User-Id', 'Hello', 'Peer-Address')]")

    assert both(properties) == ["somebody", "World", "127.0.0.1"]


MALFORMED = {
    "status 300": "reply(request, b'300')",
    "status 400": "reply(request, b'400')",
    "status 500": "reply(request, b'500')",
    "status 201": "reply(request, b'201')",
    "no status": "reply(request, b'')",
    "another version": "[b'2.0'] + reply(request)[1:]",
    "another id": "reply([b'', b'2'])",
    "one frame": "[b'']",
    "a frame too few": "reply(request)[:-1]",
    "a frame too many": "reply(request) + [b'']",
    "many frames": "reply(request) + [b''] * 20",
    "bad metadata": "reply(request, metadata=b'\\x05Hello\\0\\0\\0\\x09World')",
}


@pytest.mark.parametrize("answer", MALFORMED)
@pytest.mark.parametrize("mechanism", ["CURVE", "NULL", "PLAIN"])
def test_bad_answers_have_the_same_effect(both, mechanism, answer):
    server, client = {"CURVE": ("curve_server", "curve_client(a)"),
                      "NULL": ("bound", "connected('PUSH', where(a))"),
                      "PLAIN": ("bound", "plain_client(a)")}[mechanism]
    options = {"CURVE": "", "NULL": ", zap_domain=b'mine'", "PLAIN": ", plain_server=1"}[mechanism]

    def effect(program):
        program(f"""
            h = Handler(lambda request: {MALFORMED[answer]})
            a = monitored({server}, kind='PULL'{options}); b = {client}
        """)
        return program("verdict(a)") + [program("a.poll(0)")]

    event, _, arrived = both(effect, **EXEMPT_ALL)
    assert event != 0x1000 and arrived == 0
