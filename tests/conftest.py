import shutil
import tempfile

import pytest

from harness import agents, builds, certificates, exchange


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


def pytest_collection_modifyitems(items):
    if not builds.WITH_ASAN:
        return
    held = pytest.mark.skip(reason="a thread may hold the sanitizer's allocator at the fork, and "
                                   "nobody lets go of it in the child")
    for item in items:
        if "fork" in item.name or "test_forks" in item.nodeid:
            item.add_marker(held)
