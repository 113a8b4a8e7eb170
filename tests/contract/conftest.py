import shutil
import tempfile

import pytest

from . import program as programs
from .certs import Certificates, pair, write, write_secret
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


@pytest.fixture
def newer(certs):
    """A server's key that is being rotated, prepared: the next pair is there, the old one is in use."""
    keys = pair()
    write_secret(certs.path / "server.next.key_secret", keys)
    write(certs.path / "server.next.key", keys)
    return keys


@pytest.fixture
def one_chance(peers, certs):
    """A client that never connects again."""
    def makes(endpoint, server, **options):
        return peers.client("PUSH", endpoint, certs.client, server.public, reconnect_ivl=-1,
                            **options)
    return makes
