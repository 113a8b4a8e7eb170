"""How long measurements take: guessed before, told and recorded as they are made."""

from . import variants

# Seconds of a measurement on a quiet machine, its start included.
SECURED, TUNNEL, ACROSS = 0.65, 1.4, 2.0
PER_KEY = 60e-6  # a certificate is written, and taken away again
PER_KEY_READ = 35e-6  # by who reads all of them once, at its start


def of_measurement(cell, variant, number):
    if variant.tunnel is not None:
        return TUNNEL
    if variant.network is not None:
        return ACROSS if variant is variants.WIREGUARD else SECURED
    starts = number == 0 or not cell.keeps(variant)
    reads = variant.reads_slowly * 4 or variant.shim[:1] == variants.SHIM.shim
    return SECURED + (cell.keys * PER_KEY_READ * reads if starts else 0)


def of_cell(cell, wanted):
    """Of the measurements [(round, [variant])] that lack."""
    return (cell.keys * PER_KEY if wanted else 0) + sum(
        of_measurement(cell, variant, number) for number, chosen in wanted for variant in chosen)


def shown(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


class Progress:
    """plan is [(cell, wanted)]; more are seconds of what comes after it."""

    def __init__(self, plan, more):
        self.left = {cell: of_cell(cell, wanted) for cell, wanted in plan}
        self.more, self.failed, self.spent, self.guessed = more, 0, 0.0, 0.0
        self.total, self.done = sum(len(chosen) for _, wanted in plan for _, chosen in wanted), 0
        print(f"{self.total} measurements, {self.estimate()}", flush=True)

    def estimate(self):
        """What was guessed is corrected by how it went so far."""
        factor = self.spent / self.guessed if self.guessed else 1
        return f"about {shown(sum(self.left.values()) * factor + self.more)} to go"

    def finished(self, cell, wanted, seconds):
        self.guessed += self.left.pop(cell)
        self.spent += seconds
        self.done += sum(len(chosen) for _, chosen in wanted)
        print(f"{cell.name}: {seconds:.0f} s; {self.done} of {self.total}, {self.estimate()}", flush=True)
