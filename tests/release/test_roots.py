"""The release in bare systems: their own agents, and nothing else that helps. Debian's are those that
python3-zmq makes, musl's C programs on libzmq. Those of aarch64 run emulated."""

import pytest

from harness.exchange import CLIENT_TEXT, SERVER_TEXT
from release import roots

pytestmark = pytest.mark.slow

DEBIAN = ("bullseye", "bookworm", "trixie", "bookworm-arm64")
MUSL = ("musl-x86_64", "musl-aarch64")
PYTHON = ("/usr/bin/python3", "/programs/pyzmq.py")
BY_CTYPES = ("/usr/bin/python3", "/programs/by_ctypes.py")
AGENTS = [*((root, PYTHON) for root in DEBIAN), ("bullseye", BY_CTYPES), ("bookworm-arm64", BY_CTYPES),
          *((root, (f"/usr/bin/{agent}",)) for root in MUSL for agent in ("agent", "agent-by-dlsym"))]

every_agent = pytest.mark.parametrize(
    "network, agent", AGENTS, indirect=["network"],
    ids=[f"{root}-{agent[-1].rpartition('/')[2]}" for root, agent in AGENTS])


@every_agent
def test_secured(network, agent):
    server = roots.serve(network, *agent)
    roots.assert_exchanged(server, roots.ask(network, server, *agent))
    assert network.wire.greeted("CURVE") and not network.wire.greeted("NULL")
    assert not network.wire.shows(CLIENT_TEXT) and not network.wire.shows(SERVER_TEXT)


@every_agent
def test_a_client_without_the_library_gets_nothing(network, agent):
    server = roots.serve(network, *agent)
    roots.assert_turned_away(server, roots.ask(network, server, *agent, secured=False))


@every_agent
def test_the_wire_would_show_it_in_clear(network, agent):
    """The same without curveshim: what the first test would notice."""
    server = roots.serve(network, *agent, secured=False)
    roots.assert_exchanged(server, roots.ask(network, server, *agent, secured=False))
    assert network.wire.greeted("NULL")
    assert network.wire.shows(CLIENT_TEXT) and network.wire.shows(SERVER_TEXT)


@pytest.mark.parametrize("network", DEBIAN + MUSL, indirect=True)
@pytest.mark.parametrize("tool", ("curveshim-cert", "curveshim-check", "curveshim-run"))
def test_tools_run(network, tool):
    host = network.start(f"{roots.CURVESHIM}/bin/{tool}", "--version", secured=False)
    assert host.wait() == 0 and host.lines[0].startswith(f"{tool} "), host.report()


@every_agent
def test_curveshim_check_finds_nothing_against_it(network, agent):
    host = network.start(f"{roots.CURVESHIM}/bin/curveshim-check", agent[0], secured=False)
    assert host.wait() == 0, host.report()


@every_agent
def test_curveshim_check_sees_the_process(network, agent):
    if network.machine:
        pytest.skip("an emulated process is the emulator's to the kernel")
    server = roots.serve(network, *agent)
    done = server.run(f"{roots.CURVESHIM}/bin/curveshim-check", "1")
    assert (done.returncode, ": secured" in done.stdout) == (0, True), done
