"""Descriptors, threads and memory of processes over time, and whether they grow."""

import collections
import dataclasses
import os
import statistics

# Fluctuation that is no growth: connections come and go, allocators and collectors take their time.
SLACK = {"descriptors": 6, "threads": 1, "KiB": 3072}
NODE_SLACK = {**SLACK, "threads": 2, "KiB": 32768}
FEWEST = 9  # samples


@dataclasses.dataclass(frozen=True)
class Sample:
    descriptors: int
    threads: int
    KiB: int


def sample(pid):
    """None when it is gone."""
    try:
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file)
        return Sample(descriptors, int(fields["Threads"]), int(fields["VmRSS"].split()[0]))
    except (OSError, KeyError):
        return None


class Watch:
    def __init__(self):
        self.samples = collections.defaultdict(list)

    def look(self, who, pid):
        seen = sample(pid)
        if seen:
            self.samples[who].append(seen)

    def growth(self, who):
        """By kind: the last third's median less the middle third's; the first is warm-up. None
        when it did not live long enough to tell."""
        samples = self.samples[who]
        if len(samples) < FEWEST:
            return None
        third = len(samples) // 3
        return {kind: statistics.median(getattr(s, kind) for s in samples[-third:]) -
                statistics.median(getattr(s, kind) for s in samples[third:-third])
                for kind in SLACK}


def too_much(growth, runtime):
    slack = NODE_SLACK if runtime == "node" else SLACK
    return [kind for kind, value in growth.items() if value > slack[kind]]
