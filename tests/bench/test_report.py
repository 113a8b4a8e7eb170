"""The report: what the README shows is what was measured, and a missed target is called so."""

import copy
import json

import pytest

from bench import bench, cells, progress, ratios, readme, results, targets, variants
from bench.progress import Progress

RESULTS = results.RESULTS / "results.json"
ZAUTH, HAND, SHIM = variants.ZAUTH, variants.HAND, variants.SHIM


def test_the_readme_shows_the_results():
    if not RESULTS.exists():
        assert readme.shown_section() is None
        return
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert readme.shown_section() == readme.section(document)
    shown = (results.RESULTS / "results.md").read_text(encoding="utf-8")
    assert shown == results.markdown(document)


def run(path, cell, seconds):
    """Seven rounds in which each variant took so long."""
    measurements = results.Measurements(path, again=True)
    for number in range(7):
        for variant, each in seconds.items():
            measurements.add(cell, variant, number, {"seconds": each, "count": 100, "cpu": each,
                                                     "p50": each, "p99": each, "p999": each})
    return measurements


def checked(tmp_path, cell, mine):
    measurements = run(tmp_path / "measurements", cell, {HAND: 1.0, ZAUTH: 1.0, SHIM: mine})
    document = results.write(tmp_path, measurements, {}, {})
    assert readme.section(document) and cell.name in results.markdown(document)
    return [row["met"] for row in targets.check(document)]


@pytest.mark.parametrize("cell, seconds, met", [
    (cells.Cell("push-pull"), 1.0, [True]),
    (cells.Cell("push-pull"), 1.02, [False]),
    (cells.Cell("req-rep"), 1.0, [True]),
    (cells.Cell("req-rep"), 1.02, [False]),
    (cells.Cell("handshakes"), 0.99, [True, True]),
    (cells.Cell("handshakes"), 1.02, [True, False]),
    (cells.Cell("handshakes"), 1.07, [False, False])])
def test_targets(tmp_path, cell, seconds, met):
    assert checked(tmp_path, cell, seconds) == met


def test_instructions_are_targets():
    figures = {"instructions per message": {ZAUTH.name: 1000, SHIM.name: 1011},
               "start-up of /bin/true": {"off": 150_001, "files": ["/etc/passwd"]}}
    document = {"cells": [], "figures": figures}
    assert [row["met"] for row in targets.check(document)] == [False, False, False]
    better = copy.deepcopy(document)
    better["figures"]["instructions per message"][SHIM.name] = 1010
    better["figures"]["start-up of /bin/true"] = {"off": 150_000, "files": []}
    assert [row["met"] for row in targets.check(better)] == [True, True, True]


def test_a_run_that_was_killed_goes_on(tmp_path):
    cell = cells.Cell("push-pull")
    run(tmp_path / "measurements", cell, {SHIM: 1.0})
    text = (tmp_path / "measurements").read_text(encoding="utf-8")
    (tmp_path / "measurements").write_text(text[:-10], encoding="utf-8")
    again = results.Measurements(tmp_path / "measurements", again=False)
    assert [again.has(cell, SHIM, n) for n in range(7)] == [True] * 6 + [False]
    again.add(cell, SHIM, 6, {"seconds": 1, "count": 1})
    once_more = results.Measurements(tmp_path / "measurements", again=False)
    assert all(once_more.has(cell, SHIM, n) for n in range(7))


def test_an_interval_holds_its_median():
    low, high = ratios.interval([0.9, 0.95, 1.0, 1.0, 1.01, 1.02, 1.1])
    assert 0.9 <= low <= 1.0 <= high <= 1.1


def test_what_slows_both_down_is_not_compared(tmp_path):
    """A machine that becomes ten times slower within a round, and a variant that is 2 % slower."""
    measurements = results.Measurements(tmp_path / "measurements", again=True)
    for number in range(7):
        for variant, factor in ((ZAUTH, 1.0), (SHIM, 0.98)):
            measurements.add(cells.Cell("push-pull"), variant, number, {
                "seconds": 1, "count": 100, "cpu": 1, "rates": [factor * rate for rate in (1000, 700, 100)],
                "cpus": [1 / factor / load for load in (1, 2, 3)]})
    document = results.write(tmp_path, measurements, {}, {})
    row = document["cells"][0]["variants"][SHIM.name]
    for ratio in (row["to_reference"], row["cpu_to_reference"]):
        assert ratio["low"] == pytest.approx(0.98) and ratio["high"] == pytest.approx(0.98)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    kept = written["cells"][0]["variants"][SHIM.name]["repetitions"]
    assert len(kept) == 7 and kept[0]["rates"] == [980, 686, 98]


def test_a_round_that_lacks_somebody_is_measured_as_a_whole(tmp_path):
    """What is compared took turns: else it was measured when the machine did something else."""
    cell = cells.Cell("push-pull")
    measurements = run(tmp_path / "measurements", cell, {SHIM: 1.0, ZAUTH: 1.0})
    assert not bench.missing(cell, 7, measurements, [SHIM, ZAUTH])
    assert bench.missing(cell, 8, measurements, [ZAUTH, SHIM]) == [(7, [SHIM, ZAUTH])]
    assert [number for number, _ in bench.missing(cell, 7, measurements, [SHIM, ZAUTH, HAND])] == list(range(7))


def test_the_time_of_a_run_that_was_cut_short_counts_too(tmp_path):
    first = results.Measurements(tmp_path / "measurements", again=True)
    with pytest.raises(KeyboardInterrupt), first.timing("a cell"):
        raise KeyboardInterrupt
    again = results.Measurements(tmp_path / "measurements", again=False)
    with again.timing("a cell") as took:
        assert took() >= 0
    again.spend("a cell", 90)
    assert not again.done and again.seconds["a cell"] >= 90
    document = results.write(tmp_path, again, {}, {})
    assert "| a cell | 90 |" in results.markdown(document)


def test_the_estimate_follows_what_was_measured(capsys):
    one, other = cells.Cell("push-pull"), cells.Cell("req-rep")
    wanted = [(number, [HAND, SHIM]) for number in range(7)]
    shown = Progress([(one, wanted), (other, wanted), (cells.Cell("handshakes"), [])], 0)
    guessed = progress.of_cell(one, wanted)
    shown.finished(one, wanted, 3 * guessed)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("28 measurements")
    assert second.endswith(f"14 of 28, about {progress.shown(3 * guessed)} to go")


def test_each_axis_is_in_the_whole_matrix():
    every = cells.everything()
    assert set(cells.NAMED) <= set(every)
    for agents in ("c", "pyzmq"):
        for pattern in ("push-pull", "req-rep"):
            assert {c.size for c in every if c.pattern == pattern and c.agents == agents} == set(cells.SIZES)
        assert {(c.peers, c.keys) for c in every if c.pattern == "handshakes" and c.agents == agents} == {
            (peers, keys) for peers in (1, 64) for keys in (1, 1000, 100_000)}
    for pattern, peers in (("pub-sub", {1, 8, 64}), ("router-dealer", {1, 16, 64, 256})):
        assert {c.size for c in every if c.pattern == pattern} == set(cells.SIZES)
        assert {c.peers for c in every if c.pattern == pattern} == peers
        assert {c.threads for c in every if c.pattern == pattern} == {1, 2, 4}
    assert all(variants.SHIM in variants.variants_of(cell) for cell in every)


def test_who_never_comes_to_an_end_is_not_measured():
    crowd, one = (cells.Cell("handshakes", peers=peers, keys=100_000) for peers in (64, 1))
    assert crowd.outlasts(ZAUTH) and ZAUTH not in variants.variants_of(crowd)
    assert not one.outlasts(ZAUTH) and ZAUTH in variants.variants_of(one)
    assert list(bench.lacking_variants([crowd, one])) == [
        *bench.lacking_variants([one]), f"{ZAUTH.name}, at {crowd.name}"]
