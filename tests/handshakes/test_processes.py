"""Forks, and threads of the library's own: nobody is told of connections that are another
process's, and nothing is left behind."""

import json
import subprocess
import textwrap

from harness import agents, ports
from harness.runtimes import DEBIAN_PYTHON

from .scene import Log
from .test_table import CURVESHIM_CHECK


def run(scene, code):
    log = Log(scene.directory / "log")
    env = agents.environment(shim=True, certs=scene.certs, SECURE_ZMQ_LOG=log.path,
                             SECURE_ZMQ_LOG_FORMAT="json", SECURE_ZMQ_LOG_LEVEL="info")
    done = subprocess.run([DEBIAN_PYTHON, "-c", textwrap.dedent(code)], env=env, text=True,
                          cwd=scene.directory, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, log


def test_a_forked_child_tells_of_its_own(scene):
    """The parent's handshake hangs when it forks, and the child's is refused."""
    _, hung = scene.listener()
    nowhere = f"tcp://127.0.0.1:{ports.lasting()}"
    output, log = run(scene, f"""
        import os, time, zmq
        context = zmq.Context(); a = context.socket(zmq.PUSH); a.linger = 0
        a.connect({hung!r}); time.sleep(0.3)
        child = os.fork()
        if child == 0:
            b = zmq.Context().socket(zmq.PUSH); b.linger = 0; b.connect({nowhere!r})
        time.sleep(2.5)
        if child == 0:
            os._exit(0)
        print(os.getpid(), child)
        assert os.waitpid(child, 0)[1] == 0
    """)
    parent, child = map(int, output.split())
    told = {(e["pid"], e["endpoint"], e["reason"]) for e in log.complaints()}
    assert told == {(parent, hung, "timeout (peer took the connection and says nothing)"),
                    (child, nowhere, "connection refused (nobody listens)")}


def test_no_thread_is_left(scene):
    output, _ = run(scene, """
        import os, zmq
        def ours():
            return sorted(name for task in os.listdir("/proc/self/task")
                          if (name := open(f"/proc/self/task/{task}/comm").read().strip())
                          .startswith("curveshim"))
        for _ in range(3):
            context = zmq.Context()
            a = context.socket(zmq.PULL); a.bind("tcp://127.0.0.1:*")
            b = context.socket(zmq.PUSH); b.linger = 0
            b.connect(a.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode())
            b.send(b"x"); assert a.recv() == b"x"
            print("curveshim-clock" in ours())
            a.close(); b.close(); context.term()
            print("curveshim-clock" in ours())
    """)
    assert output.split() == ["True", "False"] * 3


def test_a_socket_that_is_closed_early_is_no_trouble(scene):
    _, hung = scene.listener()
    _, log = run(scene, f"""
        import time, zmq
        context = zmq.Context(); a = context.socket(zmq.PUSH); a.linger = 0
        a.connect({hung!r}); time.sleep(0.3); a.close(); time.sleep(2); context.term()
    """)
    assert log.complaints() == []


def test_endpoints_that_were_disconnected_are_forgotten(scene):
    """More of them on one socket than the state page has room for."""
    output, _ = run(scene, f"""
        import os, subprocess, zmq
        context = zmq.Context(); a = context.socket(zmq.PUSH); a.linger = 0
        for port in range(20000, 20300):
            a.connect(f"tcp://127.0.0.1:{{port}}"); a.disconnect(f"tcp://127.0.0.1:{{port}}")
        a.connect("tcp://127.0.0.1:20300")
        print(subprocess.run([{str(CURVESHIM_CHECK)!r}, "--json", str(os.getpid())], env={{}},
                             stdout=subprocess.PIPE, text=True).stdout)
    """)
    page = json.loads(output)["details"]["shim"]
    assert [e["endpoint"] for e in page["endpoints"]] == ["tcp://127.0.0.1:20300"]
    assert page["lost"] == 0
