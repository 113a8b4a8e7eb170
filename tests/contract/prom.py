"""The files of metrics, read by Prometheus's own parsers."""

import pathlib
import shutil
import subprocess

import pytest

from .program import PATIENCE, wait_until

PROMTOOL = shutil.which("promtool")


def parse(text):
    """{name: [(labels, value)]}; labels without those that every sample has."""
    parser = pytest.importorskip("prometheus_client.parser")
    found = {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k not in ("program", "process")}
            found.setdefault(sample.name, []).append((labels, sample.value))
    return found


class Metrics:
    """The directory of metrics of one test."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def files(self):
        return sorted(self.directory.glob("*.prom"))

    def file(self, pid):
        """The newest text of the process's file, or None."""
        for path in self.directory.glob(f"curveshim-*-{pid}-*.prom"):
            return path.read_text(encoding="utf-8")
        return None

    def value(self, pid, name, **labels):
        """The sum of the samples that have these labels; None if there is none."""
        samples = parse(self.file(pid) or "").get(name, [])
        values = [v for own, v in samples if all(own.get(k) == w for k, w in labels.items())]
        return sum(values) if values else None

    def wait(self, expected, pid, name, patience=PATIENCE, **labels):
        wait_until(lambda: self.value(pid, name, **labels) == expected, patience)
        assert self.value(pid, name, **labels) == expected, self.file(pid)
