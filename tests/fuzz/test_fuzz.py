"""Every parser against libFuzzer. CURVESHIM_FUZZ: seconds for each target."""

import json
import os

import pytest

from . import fuzzer
from .planted import PLANTS

SECONDS = int(os.environ.get("CURVESHIM_FUZZ", "3"))
REPORT = fuzzer.builds.BUILD / "fuzz"

# Builds without libFuzzer replay the seeds instead, as unit tests.
if fuzzer.targets():
    @pytest.mark.parametrize("target", fuzzer.targets())
    def test_finds_nothing(target):
        directory = REPORT / target
        outcome = fuzzer.fuzz(target, fuzzer.PROGRAMS / f"fuzz_{target}", SECONDS, directory)
        report = {"seconds": SECONDS, "finding": outcome.status != 0} | outcome.statistics()
        (directory / "report.json").write_text(json.dumps(report), encoding="utf-8")
        assert outcome.status == 0, f"{outcome.output[-6000:]}\nThe input is in {outcome.finding}"
        assert report["executions"] > 1000

    @pytest.mark.slow
    @pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.target)
    def test_finds_a_planted_bug(plant, tmp_path):
        program = fuzzer.build_planted(plant, tmp_path / "sources")
        outcome = fuzzer.fuzz(plant.target, program, 120, tmp_path)
        assert outcome.status != 0, "not found in 120 s"
        assert outcome.finding.is_file()

    def test_every_target_has_a_planted_bug():
        assert sorted(plant.target for plant in PLANTS) == fuzzer.targets()
