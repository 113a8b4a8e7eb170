import shutil
import tempfile

import pytest

from harness import agents, certificates, exchange


@pytest.fixture
def certs(tmp_path):
    """A certificate directory, fresh from `curveshim-cert init`."""
    return certificates.make(tmp_path / "certificates")


@pytest.fixture
def stage(tmp_path):
    stage = agents.Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.fixture
def theatre(stage):
    # The path of a UNIX socket has 107 bytes at most; tmp_path can be longer.
    sockets = tempfile.mkdtemp(prefix="curveshim-")
    theatre = exchange.Theatre(stage, sockets)
    yield theatre
    theatre.clear()
    shutil.rmtree(sockets, ignore_errors=True)
