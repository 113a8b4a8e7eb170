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
    """environment: more of it. prepare: called with the certificate directory that each run gets a
    copy of. arguments: the scenario's."""

    def __init__(self, directory, environment=None, prepare=None, arguments=()):
        self.directory = directory
        self.numbers = itertools.count()
        self.settings = {"environment": environment, "arguments": arguments}
        self.certs = certificates.make(directory / "certificates")
        if prepare is not None:
            prepare(self.certs)
        calm = runs.Run(directory / "calm", certs=self.certs, **self.settings)
        outcome = calm.play()
        assert outcome.status == 0 and not outcome.violations, outcome
        self.descriptors = calm.descriptors()
        self.sites = sites.sites(directory / "calm" / "counts")

    def play(self, fault):
        directory = self.directory / f"run{next(self.numbers)}"
        run = runs.Run(directory, fault, self.certs, **self.settings)
        # What fails for ever may be refused for ever.
        outcome = run.play(self.descriptors, may_end=fault.for_ever)
        if not outcome.violations:
            shutil.rmtree(directory)
        return outcome

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
        key = f"{fault.site.function}: {what}"
        rows[key][outcome.kind] += 1
        places[key].add(fault.site.place)
    table = {key: {"places": len(places[key]), "outcomes": dict(counts)}
             for key, counts in sorted(rows.items())}
    (RESULTS / f"{name}.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
    wrong = [outcome for outcome in outcomes if outcome.violations]
    text = "\n".join(f"{sites.name(outcome.fault.site.place)}: {outcome}" for outcome in wrong)
    (RESULTS / f"{name}.txt").write_text(text, encoding="utf-8")
    return text
