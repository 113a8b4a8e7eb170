"""Many faults, several at a time, and what came of them."""

import collections
import concurrent.futures
import itertools
import json
import shutil

from harness import builds, certificates

from . import runs, sites

RESULTS = builds.BUILD / "faults"
AT_ONCE = 4


class Campaign:
    """kind: of the runs; each gets a copy of the same certificate directory."""

    def __init__(self, directory, kind=runs.Run):
        self.directory = directory
        self.numbers = itertools.count()
        self.kind = kind
        self.certs = certificates.make(directory / "certificates")
        kind.settled = self.certs
        if hasattr(kind, "prepare"):
            kind.prepare(self.certs)
        calm = kind(directory / "calm", certs=self.certs)
        outcome = calm.play()
        assert outcome.status == 0 and not outcome.violations, outcome
        self.descriptors = calm.descriptors()
        self.sites = sites.sites(directory / "calm" / "counts")
        # What is reached without a fault, here or elsewhere.
        self.known = set(outcome.seen)

    def play(self, fault):
        directory = self.directory / f"run{next(self.numbers)}"
        run = self.kind(directory, fault, self.certs)
        # What fails for ever may be refused for ever.
        outcome = run.play(self.descriptors, may_end=fault.for_ever)
        if not outcome.violations:
            shutil.rmtree(directory)
        return outcome

    def only_new(self, others):
        """Without the calls that the others make."""
        for other in others:
            self.known |= other.known
        self.sites = [site for site in self.sites
                      if not any((site.function, site.place) in other.known for other in others)]

    def follow_ups(self, outcomes):
        """What is only called after a failure fails too, once."""
        found = {}
        for outcome in outcomes:
            if outcome.fault.action == "fail" and outcome.fault.first is None:
                for function, place in sorted(outcome.seen - self.known):
                    found.setdefault((function, place), outcome.fault)
        again = (sites.Fault(sites.Site(*key, 1), 1, "fail", sites.ERRORS[key[0]][0], first.for_ever,
                             first) for key, first in found.items())
        return [fault for fault in again if sites.can_fail(fault.site)]

    def play_all(self, faults):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.play, faults))


def report(name, outcomes):
    """Keeps what report.py makes a table of, and returns what must not have happened."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    rows = collections.defaultdict(collections.Counter)
    places = collections.defaultdict(set)
    for outcome in outcomes:
        fault = outcome.fault
        what = fault.action if fault.action != "fail" else \
            f"{fault.error}{', from then on' * fault.for_ever}"
        if fault.first is not None:
            what += ", after another fault"
        key = f"{fault.site.function}: {what}"
        rows[key][outcome.kind] += 1
        places[key].add(fault.site.place)
    table = {key: {"places": len(places[key]), "outcomes": dict(counts)}
             for key, counts in sorted(rows.items())}
    failed = {(outcome.fault.site.function, outcome.fault.site.place) for outcome in outcomes
              if outcome.fired and outcome.fault.action == "fail"}
    seen = set().union(*(outcome.seen for outcome in outcomes))
    text = json.dumps({"table": table, "failed": sorted(failed), "seen": sorted(seen)}, indent=1)
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    wrong = [outcome for outcome in outcomes if outcome.violations]
    text = "\n".join(f"{sites.name(outcome.fault.site.place)}: {outcome}" for outcome in wrong)
    (RESULTS / f"{name}.txt").write_text(text, encoding="utf-8")
    return text
