"""Contract, Environment: what switches it on and off, and what is a configuration error."""

import pytest

from .program import environment, run_python

USE = """
import zmq
c = zmq.Context(); a = c.socket(zmq.PULL); a.bind('tcp://127.0.0.1:*')
b = c.socket(zmq.PUSH); b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\\0').decode())
a.rcvtimeo = 20000; b.send(b'x'); a.recv(); print('exchanged'); c.destroy(0)
"""


def use(tmp_path, certs, **variables):
    return run_python(USE, environment(certs, **variables), tmp_path)


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", "TRUE", "On"])
def test_on(tmp_path, certs, value):
    done = use(tmp_path, certs, SECURE_ZMQ=value)
    assert done.stdout == "exchanged\n" and '"event":"bind"' in done.stderr


@pytest.mark.parametrize("value", ["0", "false", "no", "off", "", "OFF"])
def test_off(tmp_path, certs, value):
    done = use(tmp_path, certs, SECURE_ZMQ=value)
    assert (done.stdout, done.stderr) == ("exchanged\n", "")


@pytest.mark.parametrize("value", ["0", "false", "no", "off", ""])
def test_off_overrides_every_other_error(tmp_path, value):
    done = use(tmp_path, "/nonexistent", SECURE_ZMQ=value, SECURE_ZMQ_NONSENSE="1", ALLOW="x",
               HANDSHAKE_TIMEOUT="-4", LOG_LEVEL="loud", PERMISSIONS="perhaps")
    assert (done.stdout, done.stderr) == ("exchanged\n", "")


def test_without_any_variable_it_is_inert(tmp_path):
    env = environment(shim=True)
    env = {k: v for k, v in env.items() if not k.startswith("SECURE_ZMQ")}
    done = run_python(USE, env, tmp_path)
    assert (done.stdout, done.stderr) == ("exchanged\n", "")


@pytest.mark.parametrize("variables", [{"CERTS": "x"}, {"DENY": "::/0"}, {"CERT": "x"}])
def test_unset_with_others_set_warns_that_it_is_in_clear(tmp_path, variables):
    env = environment(shim=True, SECURE_ZMQ=None, LOG_LEVEL=None, LOG_FORMAT=None, **variables)
    done = run_python(USE, env, tmp_path)
    assert done.stdout == "exchanged\n"
    line, = done.stderr.splitlines()
    assert " warning " in line and "in clear" in line and "SECURE_ZMQ=1" in line


FAULTS = {
    "SECURE_ZMQ": ["maybe", "2", "11", "1 "],
    "SECURE_ZMQ_ALLOW": ["10.0.0.0/33", "example.org", "::/129", "1.2.3"],
    "SECURE_ZMQ_DENY": ["x", "10.0.0.0/-1"],
    "SECURE_ZMQ_HANDSHAKE_TIMEOUT": ["-1", "ten", "99999999999", "1s"],
    "SECURE_ZMQ_MAX_MESSAGE_SIZE": ["0", "-1", "1k", "99999999999999999999"],
    "SECURE_ZMQ_IO_THREADS": ["0", "many", "100000"],
    "SECURE_ZMQ_PERMISSIONS": ["lax"],
    "SECURE_ZMQ_PLAINTEXT": ["127.0.0.1:5555"],
}


@pytest.mark.parametrize("name, value", [(n, v) for n, vs in FAULTS.items() for v in vs])
def test_a_value_that_is_not_understood_refuses_every_call(start, name, value):
    program = start(**{name: value})
    program("a = sock('PULL')")
    assert program.refused("a.bind('tcp://127.0.0.1:*')") == "EACCES"
    assert program.refused("a.connect('ipc://x')") == "EACCES"
    program("a.bind('inproc://still-works')")
    bind, connect = program.log.events("refused")
    assert name in bind["message"] and name in connect["message"]
    assert len(program.log.lines()) == 2


@pytest.mark.parametrize("name, nearest", [
    ("SECURE_ZMQ_CERT", "SECURE_ZMQ_CERTS"),
    ("SECURE_ZMQ_PLAIN_TEXT", "SECURE_ZMQ_PLAINTEXT"),
    ("SECURE_ZMQ_AUTHORISED", "SECURE_ZMQ_AUTHORIZED"),
    ("SECURE_ZMQ_KNOWN_SERVER", "SECURE_ZMQ_KNOWN_SERVERS"),
    ("SECURE_ZMQ_LOGLEVEL", "SECURE_ZMQ_LOG_LEVEL"),
    ("SECURE_ZMQ_MAX_MSG_SIZE", "SECURE_ZMQ_MAX_MESSAGE_SIZE"),
    ("SECURE_ZMQ_", "SECURE_ZMQ_"),
])
def test_an_unknown_name_refuses_every_call_and_names_the_nearest(start, name, nearest):
    program = start(**{name: "x"})
    assert program.refused("bound('PULL')") == "EACCES"
    assert program.refused("connected('PUSH', 'tcp://127.0.0.1:9')") == "EACCES"
    for event in program.log.events("refused"):
        assert name in event["message"] and nearest in event["message"]


def test_an_empty_value_counts_as_the_default(start):
    program = start(AUTHORIZED="", SERVER_CERT="", ALLOW="", PLAINTEXT="", LOG_LEVEL="",
                    HANDSHAKE_TIMEOUT="", PERMISSIONS="", KNOWN_SERVERS="", LOG="")
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"


@pytest.mark.parametrize("variables", [
    {"LOG_LEVEL": "loud"}, {"LOG_FORMAT": "xml"}, {"LOG": "/nonexistent/directory/file"},
    {"LOG": "/"}, {"METRICS": "/nonexistent/metrics"},
])
def test_faults_of_logging_and_metrics_never_refuse(start, variables):
    program = start(**variables)
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    name = f"SECURE_ZMQ_{next(iter(variables))}"
    if "LOG" not in variables and "METRICS" not in variables:
        assert name in program.log.text()


def test_nothing_is_printed_at_load_and_nothing_before_the_first_call(tmp_path, certs):
    done = run_python("import zmq; c = zmq.Context(); c.socket(zmq.PUB)",
                      environment(certs, SECURE_ZMQ_NONSENSE="1", LOG_LEVEL="debug"), tmp_path)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_environment_is_read_once_at_load(start):
    program = start()
    program("""
        os.environ['SECURE_ZMQ'] = '0'; os.environ['SECURE_ZMQ_CERTS'] = '/nonexistent'
        os.environ['SECURE_ZMQ_NONSENSE'] = '1'
    """)
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    assert len(program.log.events("bind")) == 1


def test_relative_paths_are_made_absolute_at_load(start, tmp_path):
    program = start(certs="certificates", cwd=tmp_path, LOG="log/of-agent", AUTHORIZED=None)
    (tmp_path / "log").mkdir()
    (tmp_path / "elsewhere").mkdir()
    program("os.chdir('elsewhere')")
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    assert program("one_way(b, a)") == "ping"
    text = (tmp_path / "log" / "of-agent").read_text(encoding="utf-8")
    assert '"event":"bind"' in text and program.log.text() == ""


def test_the_directory_of_the_working_directory_is_the_default(start, tmp_path, certs):
    program = start(cwd=tmp_path, SECURE_ZMQ_CERTS=None)
    program("os.chdir('/'); a = bound('PULL')")
    assert str(certs) in program.log.events("config")[0]["message"]


def test_else_the_system_directory_is(start, short):
    program = start(cwd=short, SECURE_ZMQ_CERTS=None)
    assert program.refused("bound('PULL')") == "EACCES"
    message = program.log.events("refused")[0]["message"]
    assert "/etc/curveshim/certificates" in message and "curveshim-cert init" in message


def test_the_first_of_two_entries_counts(tmp_path, certs):
    """As with getenv, which is what an operator's shell and every other program go by."""
    env = environment(certs)
    code = f"""
        import ctypes, os
        entries = [b'SECURE_ZMQ=1', b'SECURE_ZMQ=0', *[b'%s=%s' % (k.encode(), v.encode())
                   for k, v in {env!r}.items() if k != 'SECURE_ZMQ']]
        array = (ctypes.c_char_p * (len(entries) + 1))(*entries, None)
        arguments = (ctypes.c_char_p * 4)(b'/usr/bin/python3', b'-c', {USE.encode()!r}, None)
        ctypes.CDLL(None).execve(b'/usr/bin/python3', arguments, array)
    """
    done = run_python(code, {"PATH": env["PATH"]}, tmp_path)
    assert done.stdout == "exchanged\n" and '"event":"bind"' in done.stderr
