import pathlib
import shutil
import tempfile

import pytest

from harness import certificates
from release import dist, roots


@pytest.fixture
def place():
    """Not on the file system that the roots are on: overlays refuse to overlap."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="curveshim-", dir="/dev/shm"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    """release(arch): the release for that machine, unpacked."""
    trees = {}

    def unpacked(arch):
        if arch not in trees:
            trees[arch] = dist.unpack(dist.tarball(arch), tmp_path_factory.mktemp(arch))
        return trees[arch]
    return unpacked


@pytest.fixture
def network(request, place, release):
    """Hosts with the root that the test is parametrized with."""
    roots.require(request.param)
    network = roots.Network(request.param, release(roots.arch(request.param)),
                            certificates.make(place / "certificates"), place)
    yield network
    network.close()
