"""Contract, Roles and Errors: every option that the shim sets is restored, whatever the outcome,
and the program reads back only its own values; errno is the real call's."""

import pytest

OPTIONS = """
import ctypes

libzmq = ctypes.CDLL("libzmq.so.5")

def key(made, option):
    # pyzmq offers too much room, which libzmq refuses for keys.
    value, size = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
    assert libzmq.zmq_getsockopt(ctypes.c_void_p(made.underlying), option, value,
                                 ctypes.byref(size)) == 0
    return value.raw.hex()

def options(made):
    seen = {}
    for name in ("CURVE_PUBLICKEY", "CURVE_SECRETKEY", "CURVE_SERVERKEY"):
        seen[name] = key(made, getattr(zmq, name))
    for name in ("CURVE_SERVER", "MECHANISM", "HANDSHAKE_IVL", "MAXMSGSIZE", "PLAIN_SERVER",
                 "PLAIN_USERNAME", "PLAIN_PASSWORD", "IDENTITY", "LINGER", "IPV6", "RCVHWM",
                 "SNDHWM"):
        seen[name] = repr(made.getsockopt(getattr(zmq, name)))
    seen["ZAP_DOMAIN"] = repr(made.getsockopt(zmq.ZAP_DOMAIN))
    seen["ZAP_ENFORCE_DOMAIN"] = made.getsockopt(93)
    return seen
"""

OUTCOMES = {
    "bind succeeds": ("bind", "tcp://127.0.0.1:*", None),
    "bind, address in use": ("bind", "TAKEN", "EADDRINUSE"),
    "bind, invalid": ("bind", "tcp://127.0.0.1", "EINVAL"),
    "bind, no such device": ("bind", "tcp://no-such-interface:*", "ENODEV"),
    "bind, not here": ("bind", "tcp://192.0.2.1:5555", "EADDRNOTAVAIL"),
    "bind, too long": ("bind", "ipc://" + "x" * 200, "ENAMETOOLONG"),
    "connect succeeds": ("connect", "tcp://127.0.0.1:9", None),
    "connect, invalid": ("connect", "tcp://127.0.0.1", "EINVAL"),
    "connect, too long": ("connect", "ipc://" + "x" * 200, "ENAMETOOLONG"),
}

SETUPS = {
    "defaults": "",
    "own domain": "a.zap_domain = b'global'",
    "own domain, enforced": "a.zap_domain = b'global'; a.setsockopt(93, 1)",
    "own limits": "a.handshake_ivl = 7000; a.maxmsgsize = 12345; a.identity = b'me'",
    "no handshake limit": "a.handshake_ivl = 0",
    "server key unset again": "a.curve_server = 1; a.curve_server = 0",
}


def prepared(start, setup, **variables):
    program = start(**variables)
    program(OPTIONS)
    program("a = sock('DEALER')")
    program(setup or "None")
    return program


def call_once(program, call, endpoint, error):
    if error is None:
        program(f"a.{call}({endpoint!r})")
    else:
        assert program.refused(f"a.{call}({endpoint!r})") == error


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("setup", SETUPS)
def test_options_read_back_as_the_program_left_them(start, setup, outcome):
    call, endpoint, error = OUTCOMES[outcome]
    program = prepared(start, SETUPS[setup], HANDSHAKE_TIMEOUT=3000, MAX_MESSAGE_SIZE=99999)
    if endpoint == "TAKEN":
        program("b = bound('DEALER')")
        endpoint = program("where(b)")
    before = program("options(a)")
    for _ in range(3):
        call_once(program, call, endpoint, error)
        assert program("options(a)") == before


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_errno_is_the_same_as_without_the_shim(start, outcome):
    call, endpoint, error = OUTCOMES[outcome]
    for shim in (True, False):
        program = start(shim=shim)
        program("a = sock('DEALER')")
        taken = endpoint
        if endpoint == "TAKEN":
            program("b = bound('DEALER')")
            taken = program("where(b)")
        call_once(program, call, taken, error)
        # Nothing of the shim's for what libzmq itself refuses.
        assert program.log.events("refused") == []


@pytest.mark.parametrize("setup", SETUPS)
def test_after_a_failed_bind_the_next_one_is_secured(start, setup):
    program = prepared(start, SETUPS[setup])
    if "enforced" in setup:
        program("from zmq.auth.thread import ThreadAuthenticator")
        program("auth = ThreadAuthenticator(ctx); auth.start()")
    program("b = bound('DEALER')")
    taken = program("where(b)")
    assert program.refused(f"a.bind({taken!r})") == "EADDRINUSE"
    program("a.bind('tcp://127.0.0.1:*'); c = connected('DEALER', where(a))")
    assert program("one_way(c, a)") == "ping"


def test_own_values_can_still_be_changed_between_calls(start):
    program = prepared(start, "")
    program("a.bind('tcp://127.0.0.1:*'); a.zap_domain = b'later'; a.handshake_ivl = 4000")
    program("a.bind('tcp://127.0.0.1:*')")
    assert program("a.getsockopt(zmq.ZAP_DOMAIN)[:5].decode()") == "later"
    assert program("a.handshake_ivl") == 4000
    program("c = connected('DEALER', where(a))")
    assert program("one_way(c, a)") == "ping"


def test_a_monitor_works_as_before(start):
    program = start()
    program("""
        from zmq.utils.monitor import recv_monitor_message
        a = sock('PULL'); m = a.get_monitor_socket(); m.linger = 0; m.rcvtimeo = 20000
        a.bind('tcp://127.0.0.1:*'); b = connected('PUSH', where(a)); one_way(b, a)
        seen = []
        while zmq.EVENT_HANDSHAKE_SUCCEEDED not in seen:
            seen.append(recv_monitor_message(m)['event'])
    """)
    assert program("seen[0] == zmq.EVENT_LISTENING and zmq.EVENT_ACCEPTED in seen")


def test_unbind_and_disconnect_work_as_before(start):
    program = start()
    program("a = bound('PULL'); to = where(a); b = connected('PUSH', to); one_way(b, a)")
    program("b.disconnect(to); a.unbind(to)")
    assert program("attempt(a.unbind, to)") == "ENOENT"
    assert program("attempt(b.disconnect, to)") == "ENOENT"


@pytest.mark.parametrize("call, expected", [
    ("a.close(); a.bind('tcp://127.0.0.1:*')", "ENOTSOCK"),
    ("a.close(); a.connect('tcp://127.0.0.1:9')", "ENOTSOCK"),
    ("a.bind('')", "EINVAL"),
    ("a.bind('nonsense')", "EINVAL"),
    ("a.connect('tcp://')", None),
])
def test_nonsense_is_answered_as_without_the_shim(start, call, expected):
    answers = []
    for shim in (False, True):
        program = start(shim=shim)
        program("a = sock('PULL')")
        answers.append(program.refused(call))
    assert answers[0] == answers[1]
    assert expected in (None, answers[0])
