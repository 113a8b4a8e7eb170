import pathlib
import shutil
import tempfile

import pytest

from harness import builds
from release import dist

from . import compose, container, docker_engine, stand_in

EXAMPLES = builds.REPOSITORY / "scripts" / "docker"
ROOTS = builds.REPOSITORY / ".agents" / "roots"
# This machine's own file system, those that scripts/setup-roots makes, and a real engine.
SYSTEMS = ["here", *(pytest.param(name, marks=pytest.mark.slow)
                     for name in ("bullseye", "bookworm", "trixie", "docker"))]


@pytest.fixture(scope="module")
def place():
    """Not on the file system that is the base of the images: overlays refuse to overlap."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="curveshim-", dir="/dev/shm"))
    yield directory
    shutil.rmtree(directory)


def tarball(system, directory):
    return stand_in.tarball(directory) if system == "here" else dist.tarball(stand_in.ARCH)


@pytest.fixture(scope="module", params=SYSTEMS)
def up(request, place):
    """The compose file's system, brought up."""
    context = shutil.copytree(EXAMPLES, place / request.param / "docker")
    file, directory = context / "compose.yaml", context.parent
    if request.param == "docker":
        docker_engine.require()
        system = docker_engine.Compose(file, tarball("docker", directory), directory)
    else:
        container.require()
        base = pathlib.Path("/") if request.param == "here" else ROOTS / request.param
        if not (base / "usr").exists():
            pytest.skip(f"containers: no root {base}, make one with scripts/setup-roots")
        system = compose.Compose(file, tarball(request.param, directory), str(base), directory)
    try:
        system.up()
        for name in system.agents():
            system.healthy(name)
        yield system
    finally:
        system.down()
