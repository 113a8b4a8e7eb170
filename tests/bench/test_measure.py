"""A round of real agents that are measured in turns."""

import dataclasses

import pytest
from harness import builds

from bench import cells, certificates, measure, variants

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
