"""Running processes: are they secured now."""

import os
import shutil
import signal
import socket
import subprocess

import pytest

from harness import builds

from .tool import CURVESHIM_CHECK, NOT, SECURED, UNKNOWN, Listener, check, program, reasons


def listeners(answer):
    return {each["endpoint"]: each for each in answer["details"]["listeners"]}


@pytest.mark.parametrize("endpoint", ("tcp://127.0.0.1:*", "tcp://*:*", "ipc://{short}/s",
                                      "ipc://@curveshim-{pid}"))
def test_without_the_preload(listen, short, endpoint):
    agent = listen("check-dynamic", endpoint.format(short=short, pid=os.getpid()))
    answer = check(agent.pid)
    assert (answer["status"], answer["verdict"], answer["kind"]) == (
        NOT, "not secured", "process")
    assert answer["details"]["preloaded"] is False
    assert "not loaded" in reasons(answer) and "curveshim-run" in answer["remedy"]
    listener, = listeners(answer).values()
    assert (listener["endpoint"], listener["mechanism"]) == (agent.where, "NULL")
    libzmq, = answer["details"]["libzmq"]
    assert libzmq["libzmq"] == "shared library"


@pytest.mark.parametrize("endpoint", ("tcp://127.0.0.1:*", "tcp://*:*", "ipc://{short}/s",
                                      "ipc://@curveshim-{pid}"))
def test_secured(listen, short, certs, endpoint):
    agent = listen("check-dynamic", endpoint.format(short=short, pid=os.getpid()), shim=True,
                   CERTS=certs)
    answer = check(agent.pid)
    assert (answer["status"], answer["verdict"]) == (SECURED, "secured"), answer
    assert answer["remedy"] is None
    shim = answer["details"]["shim"]
    assert (shim["mode"], shim["certificates"], shim["config_error"]) == ("on", str(certs), None)
    entry, = shim["endpoints"]
    assert (entry["state"], entry["role"], entry["count"]) == ("secured", "server", 1)
    # It is known to be the shim's, so nobody asked it.
    assert listeners(answer) == {agent.where: {"endpoint": agent.where, "state": "secured"}}


def test_asking_leaves_a_secured_process_alone(listen, certs):
    agent = listen("check-dynamic", shim=True, CERTS=certs)
    first, second = check(agent.pid), check(agent.pid)
    assert first == second


@pytest.mark.parametrize("variables, verdict, status, words", (
    ({"SECURE_ZMQ": "audit"}, "not secured", NOT, "audit"),
    ({"SECURE_ZMQ": "0"}, "not secured", NOT, "not switched on"),
    ({"PLAINTEXT": "tcp://127.*"}, "secured", SECURED, "exempted"),
    ({"CERTS": "/nonexistent"}, "blocked", NOT, "refused"),
    ({"SECURE_ZMQ_CRETS": "/nonexistent"}, "blocked", NOT, "CRETS")))
def test_modes(listen, certs, variables, verdict, status, words):
    names = {k.removeprefix("SECURE_ZMQ_"): v for k, v in variables.items()}
    agent = listen("check-dynamic", shim=True, **{"CERTS": certs, **names})
    answer = check(agent.pid)
    assert (answer["status"], answer["verdict"]) == (status, verdict), answer
    assert words in reasons(answer)


def test_a_transport_that_curve_cannot_protect(listen, certs):
    agent = listen("check-dynamic", "udp://127.0.0.1:*", shim=True, CERTS=certs)
    assert agent.where is None
    answer = check(agent.pid)
    assert (answer["status"], answer["verdict"]) == (NOT, "blocked")
    assert "udp://127.0.0.1:*" in reasons(answer)


def test_libzmq_linked_in(listen, certs):
    plain = check(listen("check-static").pid)
    assert plain["verdict"] == "not secured"
    assert plain["details"]["libzmq"][0]["libzmq"] == "linked in, not interposable"

    watched = check(listen("check-static", shim=True, CERTS=certs).pid)
    assert (watched["status"], watched["verdict"]) == (NOT, "blocked")
    assert "on the wire" in reasons(watched)


def test_libzmq_linked_in_and_stripped(listen):
    answer = check(listen("check-static-stripped").pid)
    assert answer["details"]["libzmq"][0]["libzmq"] == "linked in, not interposable"


def still(name="check-still-static", env=None):
    return subprocess.Popen([program(name)], stdin=subprocess.PIPE, env=env)


@pytest.fixture
def started():
    running = []
    yield running
    for each in running:
        each.kill()
        each.wait()
        each.stdin.close()


def test_a_static_program_ignores_the_preload(started):
    started.append(still(env={"LD_PRELOAD": builds.preload(), "SECURE_ZMQ": "1"}))
    answer = check(started[0].pid)
    assert answer["verdict"] == "not secured"
    assert "was not loaded" in reasons(answer) and "statically linked" in reasons(answer)


def test_there_is_no_such_process():
    answer = check(2**22 + 1)
    assert answer["status"] == UNKNOWN and "no process" in reasons(answer)


def test_an_ended_process(started):
    process = still()
    started.append(process)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    answer = check(process.pid)
    assert answer["status"] == UNKNOWN and "ended" in reasons(answer)


def test_somebody_elses_process(listen):
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    agent = listen("check-dynamic")
    try:
        done = subprocess.run([CURVESHIM_CHECK, str(agent.pid)], user=65534, group=65534,
                              extra_groups=[], capture_output=True, text=True, check=False)
    except PermissionError:
        pytest.skip("nobody can't run curveshim-check from here")
    assert done.returncode == UNKNOWN
    assert "could not tell" in done.stdout and "as root" in done.stdout


def test_another_network_namespace(listen, certs):
    if subprocess.run(["unshare", "--net", "true"], capture_output=True,
                      check=False).returncode != 0:
        pytest.skip("network namespaces can't be made here")
    plain = check(listen("check-dynamic", "tcp://*:*", before=("unshare", "--net")).pid)
    assert plain["verdict"] == "not secured"
    assert "another network namespace" in reasons(plain)
    # Nothing has to be asked of what the shim bound.
    secured = check(listen("check-dynamic", "tcp://*:*", shim=True, CERTS=certs,
                           before=("unshare", "--net")).pid)
    assert secured["status"] == SECURED


def test_its_other_listeners_are_not_zeromq(listen):
    """A program that happens to serve something else as well."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = check(os.getpid())
        where = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert listeners(answer)[where]["state"] == "not ZMTP"


PYTHON_AGENT = """
import os, sys, zmq
socket = zmq.Context().socket(zmq.REP)
{before}
socket.bind(sys.argv[1])
print(socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode(), flush=True)
sys.stdin.read()
"""
OWN_CURVE = """
public, secret = zmq.curve_keypair()
socket.curve_server = True
socket.curve_secretkey = secret
"""


def python_agent(before="", **env):
    if subprocess.run(["/usr/bin/python3", "-c", "import zmq"], capture_output=True,
                      check=False).returncode != 0:
        pytest.skip("python3-zmq is not installed")
    return Listener(("/usr/bin/python3", "-c", PYTHON_AGENT.format(before=before)),
                    "tcp://127.0.0.1:*", {k: str(v) for k, v in env.items()})


@pytest.fixture
def python():
    running = []

    def starts(*arguments, **env):
        running.append(python_agent(*arguments, **env))
        return running[-1]

    yield starts
    for each in running:
        each.end()


def test_curve_of_the_programs_own(python, certs):
    agent = python(OWN_CURVE, LD_PRELOAD=builds.preload(), SECURE_ZMQ=1, SECURE_ZMQ_CERTS=certs)
    answer = check(agent.pid)
    assert answer["status"] == SECURED
    assert listeners(answer)[agent.where]["state"] == "own CURVE"
    plain = check(python(OWN_CURVE).pid)
    assert plain["status"] == NOT and "speaks CURVE" in reasons(plain)


def test_a_client_and_a_closed_socket(python, certs):
    code = """
socket.bind("tcp://127.0.0.2:*")
other = zmq.Context().socket(zmq.REQ)
other.connect(socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode())
other.send(b"hello")
socket.recv()
gone = zmq.Context().socket(zmq.REP)
gone.bind("tcp://127.0.0.1:*")
gone.close()
"""
    agent = python(code, LD_PRELOAD=builds.preload(), SECURE_ZMQ=1, SECURE_ZMQ_CERTS=certs)
    answer = check(agent.pid)
    assert answer["status"] == SECURED
    shim = answer["details"]["shim"]
    assert sorted(e["role"] for e in shim["endpoints"]) == ["client", "server", "server"]
    assert shim["accepted"] == 1
    # Both ends of the one connection.
    assert [c["state"] for c in answer["details"]["connections"]] == ["secured", "secured"]


def test_a_copy_that_was_unlinked(tmp_path):
    copy = shutil.copy(program("check-static"), tmp_path / "agent")
    agent = Listener((copy,), "tcp://127.0.0.1:*")
    try:
        os.unlink(copy)
        answer = check(agent.pid)
        assert answer["verdict"] == "not secured"
        assert listeners(answer)[agent.where]["mechanism"] == "NULL"
    finally:
        agent.end()
