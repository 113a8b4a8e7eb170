"""A Debian machine of its own: a root that nothing else is installed in, and what is done there."""

import pytest

from containers import container
from harness import builds

ROOT = builds.REPOSITORY / ".agents" / "roots" / "bookworm"
CERTIFICATES = "/etc/curveshim/certificates"
BY_BARE_NAME = {"LD_PRELOAD": "libcurveshim.so", "SECURE_ZMQ": "1"}

SERVER = """\
import zmq
s = zmq.Context().socket(zmq.REP)
s.bind("ipc:///tmp/agent")
while True:
    s.send(b"hello, " + s.recv())
"""
CLIENT = """\
import zmq
s = zmq.Context().socket(zmq.REQ)
s.linger = 0
s.connect("ipc:///tmp/agent")
s.send(b"world")
print(s.recv().decode() if s.poll(%d) else "nothing")
"""


def start(directory, layers=(), mounts=()):
    """Runs until it is closed; layers lie on the root."""
    container.require()
    if not (ROOT / "usr").exists():
        pytest.skip(f"no root {ROOT}, make one with scripts/setup-roots")
    settings = container.Settings(layers=[*layers, ROOT], command=["sleep", "infinity"],
                                  mounts=list(mounts))
    return container.Container("machine", settings, directory)


def run(machine, *command, **environment):
    done = machine.run(*command, patience=120, **environment)
    assert done.returncode == 0, done
    return done.stdout


def use(machine):
    """As the README says: by the library's bare name, by curveshim-run; and without, in vain."""
    run(machine, "curveshim-cert", "init", CERTIFICATES)
    assert "all is well" in run(machine, "curveshim-cert", "verify", CERTIFICATES)
    shim = " ".join(f"{name}={value}" for name, value in BY_BARE_NAME.items())
    pid = run(machine, "sh", "-c", f"{shim} python3 -B -c '{SERVER}' </dev/null >/tmp/log 2>&1 & echo $!")
    answer = run(machine, "python3", "-B", "-c", CLIENT % 30000, **BY_BARE_NAME)
    assert answer == "hello, world\n"
    answer = run(machine, "curveshim-run", "python3", "-B", "-c", CLIENT % 30000)
    assert answer == "hello, world\n"
    assert run(machine, "python3", "-B", "-c", CLIENT % 1000) == "nothing\n"
    assert ": secured" in run(machine, "curveshim-check", pid.strip())
    run(machine, "sh", "-c", f"kill {pid}")
    run(machine, "rm", "/tmp/log", "/tmp/agent")
