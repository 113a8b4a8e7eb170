import shutil
import tempfile

import pytest

from . import program as programs
from .certs import Certificates
from .peer import Peers


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
