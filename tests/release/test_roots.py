"""The release in bare Debian systems: their own python3-zmq, and nothing else that helps."""

import pathlib
import shutil
import tempfile

import pytest

from containers.wire import Wire
from harness import certificates
from harness.exchange import CLIENT_TEXT, SERVER_TEXT
from release import dist, roots

pytestmark = pytest.mark.slow

AGENT = ("/usr/bin/python3", "/programs/pyzmq.py")


@pytest.fixture
def place():
    """Not on the file system that the roots are on: overlays refuse to overlap."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="curveshim-", dir="/dev/shm"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return dist.unpack(dist.tarball("x86_64"), tmp_path_factory.mktemp("release"))


@pytest.fixture(params=("bullseye", "bookworm", "trixie"))
def network(request, place, release):
    root = roots.require(request.param)
    network = roots.Network(root, release, certificates.make(place / "certificates"), place)
    yield network
    network.close()


def test_secured(network, place):
    wire = Wire(network.bridge, place / "wire")
    try:
        server = roots.serve(network, *AGENT)
        roots.assert_exchanged(server, roots.ask(network, server, *AGENT))
        assert wire.greeted("CURVE") and not wire.greeted("NULL")
        assert not wire.shows(CLIENT_TEXT) and not wire.shows(SERVER_TEXT)
    finally:
        wire.close()


def test_a_client_without_the_library_gets_nothing(network):
    server = roots.serve(network, *AGENT)
    roots.assert_turned_away(server, roots.ask(network, server, *AGENT, secured=False))


def test_the_wire_would_show_it_in_clear(network, place):
    """The same without curveshim: what the other test would notice."""
    wire = Wire(network.bridge, place / "wire")
    try:
        server = roots.serve(network, *AGENT, secured=False)
        roots.assert_exchanged(server, roots.ask(network, server, *AGENT, secured=False))
        assert wire.greeted("NULL") and wire.shows(CLIENT_TEXT) and wire.shows(SERVER_TEXT)
    finally:
        wire.close()


@pytest.mark.parametrize("tool", ("curveshim-cert", "curveshim-check", "curveshim-run"))
def test_tools_run(network, tool):
    host = network.start(f"{roots.CURVESHIM}/bin/{tool}", "--version", secured=False)
    assert host.wait() == 0 and host.lines[0].startswith(f"{tool} "), host.report()


def test_curveshim_check_sees_what_it_runs_on(network):
    host = network.start(f"{roots.CURVESHIM}/bin/curveshim-check", "/usr/bin/python3", secured=False)
    host.wait()
    assert host.lines and "cannot be secured" not in host.lines[0], host.report()
