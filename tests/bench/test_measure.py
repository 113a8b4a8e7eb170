"""A round of real agents that are measured in turns."""

import dataclasses
import os
import signal
import subprocess

import pytest
import zmq
import zmq.auth
from harness import builds

from bench import cells, certificates, handshake_profile, measure, network, processes, readme, variants

pytestmark = pytest.mark.skipif(builds.WITH_ASAN, reason="what is measured is not instrumented")


@dataclasses.dataclass(frozen=True)
class Short(cells.Cell):
    count = 40


def told(variant, why):
    raise AssertionError(f"{variant.name}: {why}")


@pytest.mark.parametrize("pattern, agents", [
    ("push-pull", "c"), ("pub-sub", "c"), ("req-rep", "c"), ("router-dealer", "c"), ("handshakes", "c"),
    ("push-pull", "pyzmq"), ("req-rep", "pyzmq"), ("handshakes", "pyzmq")])
def test_every_slice_is_measured(tmp_path, pattern, agents):
    cell = Short(pattern, agents=agents, peers=2 if pattern in ("pub-sub", "router-dealer") else 1)
    certificates.make(tmp_path, 1)
    found = measure.measure(cell, [variants.NULL, variants.SHIM], tmp_path, told)
    assert set(found) == {variants.NULL.name, variants.SHIM.name}
    for result in found.values():
        assert len(result["rates"]) == len(result["cpus"]) == cell.slices > 1
        assert min(result["rates"]) > 0 and min(result["cpus"]) > 0
        assert result["count"] == cell.slices * cell.in_slice * (cell.peers if cell.peers > 1 else 1)
        assert ("p999" in result) == (len(result.get("p50s", ())) == cell.slices) == (pattern == "req-rep")


def test_the_others_go_on_when_one_fails(tmp_path):
    certificates.make(tmp_path, 1)
    broken = dataclasses.replace(variants.SHIM, name="broken", shim=(("SECURE_ZMQ", "perhaps"),))
    failed = []
    found = measure.measure(Short("req-rep"), [broken, variants.NULL], tmp_path,
                            lambda variant, why: failed.append((variant.name, str(why))))
    assert set(found) == {variants.NULL.name}
    assert [name for name, _ in failed] == ["broken"] and "SECURE_ZMQ" in failed[0][1]


@pytest.mark.parametrize("variant, agents, lets_in", [
    (variants.ZAUTH, "c", False), (variants.THREAD, "pyzmq", False), (variants.SHIM, "c", False),
    (variants.SHIM, "pyzmq", False), (variants.HAND, "c", True), (variants.HAND, "pyzmq", True)])
def test_what_has_an_authenticator_asks_it(tmp_path, variant, agents, lets_in):
    """Else its rival would be compared with nothing at all. The key of the server is as unknown as any."""
    certificates.make(tmp_path, 1)
    keys = zmq.auth.load_certificate(tmp_path / "certificates" / "server.key_secret")
    known = zmq.auth.load_certificate(tmp_path / "certificates" / "client.key_secret")
    server = measure.Agent(cells.Cell("handshakes", agents=agents), "echo", "tcp://127.0.0.1:*",
                           variant.environment(tmp_path), count=0)
    try:
        endpoint = server.line()
        with zmq.Context() as context:
            for own, expected in ((known, True), (keys, lets_in)):
                with context.socket(zmq.DEALER) as client:
                    client.linger = 0
                    client.curve_publickey, client.curve_secretkey = own
                    client.curve_serverkey = keys[0]
                    client.connect(endpoint)
                    client.send(b"x")
                    assert bool(client.poll(10000 if expected else 700)) == expected
    finally:
        server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("agents, key", [("c", ""), ("pyzmq", ", pyzmq")])
def test_a_handshake_is_taken_apart(tmp_path, agents, key):
    certificates.make(tmp_path, 1)
    found = handshake_profile.profile(tmp_path, agents)
    assert list(found) == [variant.name for variant in handshake_profile.AMONG[agents]]
    for name, each in found.items():
        assert ("server's authenticator, µs" in each) == (name != variants.HAND.name)
        assert each["server's I/O thread, µs"] > 10 and each["client's I/O thread, µs"] > 10
        assert 50 < each["server's system calls"] < 1000 > each["client's system calls"] > 50
    shown = readme.handshake({"figures": {"where a handshake's time goes" + key: found}})
    assert variants.SHIM.name in shown and f"one at a time{key}: " in shown


def test_who_starts_slowly_is_kept_for_further_rounds(tmp_path):
    class Keeping(Short):
        def keeps(self, variant):
            return variant is variants.ZAUTH

    certificates.make(tmp_path, 1)
    with measure.Kept() as kept:
        first, second = (measure.measure(Keeping("handshakes"), [variants.ZAUTH, variants.SHIM], tmp_path,
                                         told, kept) for _ in range(2))
        assert list(kept.living) == [variants.ZAUTH.name]
        process = kept.living[variants.ZAUTH.name].server.process
        assert process.poll() is None
    assert process.returncode is not None
    for found in (first, second):
        assert {each["count"] for each in found.values()} == {40}


def test_a_tunnels_children_use_the_machine_too():
    script = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo; exec sleep 60' & wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        found = processes.tree([parent.pid])
        spent = processes.Spent(found)
        before = spent.sum()
        assert len(found) > 1 and before > 5 * processes.cpu_seconds(parent.pid)
        for pid in found - {parent.pid}:
            os.kill(pid, signal.SIGKILL)
        parent.wait()
    assert spent.sum() >= before


@pytest.mark.skipif(network.wireguard_lacks() != "", reason="no WireGuard here")
def test_the_kernels_wireguard_is_preferred(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(network, "kernel_has_wireguard", lambda: True)
    monkeypatch.setattr(network.WireGuard, "start_process", lambda *_: pytest.fail("wireguard-go"))

    def told(*words):
        asked.append(words)
        if words[-1] == "wireguard":
            raise subprocess.CalledProcessError(2, words)

    monkeypatch.setattr(network, "ip", told)
    with pytest.raises(subprocess.CalledProcessError), network.WireGuard(tmp_path):
        pass
    assert [words[4:] for words in asked if words[-1] == "wireguard"] == [(asked[-1][4], "type", "wireguard")]
