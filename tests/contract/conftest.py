import shutil
import tempfile

import pytest

from . import program as programs
from .certs import Certificates
from .peer import Peers
from .zap_handler import CODE


@pytest.fixture
def certs(tmp_path):
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def start(tmp_path, certs):
    """Starts a program under the shim; its variables as with program.environment."""
    running = []

    def starts(certs=certs, shim=True, cwd=None, env=None, **variables):
        options = {k: variables.pop(k) for k in ("command", "stderr", "preexec_fn", "pass_fds")
                   if k in variables}
        env = env or programs.environment(certs, shim, **variables)
        running.append(programs.Program(tmp_path, env, cwd, **options))
        return running[-1]

    yield starts
    for each in running:
        each.kill()


@pytest.fixture
def peers():
    peers = Peers()
    yield peers
    peers.clear()


@pytest.fixture
def short():
    """A directory whose name leaves room for the path of a UNIX socket."""
    directory = tempfile.mkdtemp(prefix="curveshim-")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def handled(start):
    """A program with the means for a ZAP handler of its own."""
    def starts(**variables):
        program = start(**variables)
        program(CODE)
        return program
    return starts


@pytest.fixture
def both(handled):
    """Runs a function on such a program natively and under the shim, and compares what it
    returns."""
    def compares(function, **variables):
        native, shimmed = (function(handled(shim=shim, **(variables if shim else {})))
                           for shim in (False, True))
        assert shimmed == native
        return native
    return compares
