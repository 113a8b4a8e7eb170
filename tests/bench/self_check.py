"""Would a loss of 5 % be noticed? The library against itself with a deliberate slow-down."""

import dataclasses
import pathlib
import tempfile

from harness import builds

from . import cells, certificates, measure, ratios, variants

SLOW = builds.BUILD / "tests" / "bench" / "libbench_slow.so"
LOSS = 0.05
OVERHEAD = 33  # bytes on the wire for each message of CURVE, frame header included


@dataclasses.dataclass(frozen=True)
class Slowed(variants.Variant):
    setting: tuple = ()

    def environment(self, directory):
        env = super().environment(directory)
        env["LD_PRELOAD"] += f":{SLOW}"
        env.update([self.setting])
        return env


def slowed(cell, result):
    """The library, slower by the loss, of the CPU that a message takes at both ends or a handshake
    in all: what a round takes depends on what else the machine does."""
    each = result["cpu"] / result["count"] * LOSS
    if cell.pattern == "handshakes":
        setting = ("SLOW_NS_PER_CONNECT", str(int(each * 1e9)))
    else:
        setting = ("SLOW_PS_PER_BYTE", str(int(each / 2 * 1e12 / (cell.size + OVERHEAD))))
    return Slowed("slower by 5 %", shim=variants.SHIM.shim, setting=setting)


def failed(variant, why):
    raise SystemExit(f"bench: {variant.name}: {why}")


def notices(cell, rounds, directory):
    """By the same measurements and figures as the targets."""
    warm = [measure.measure(cell, [variants.SHIM], directory, failed)[variants.SHIM.name] for _ in range(3)]
    other = slowed(cell, sorted(warm, key=lambda each: each["cpu"] / each["count"])[1])
    found = [measure.measure(cell, order, directory, failed)
             for order in ([variants.SHIM, other], [other, variants.SHIM]) * (rounds // 2 + 1)][:rounds]
    seen = []
    for what, figures in (("a second", ratios.rates), ("for a second of CPU", ratios.cpu_rates)):
        ratio = ratios.compare(found, other.name, variants.SHIM.name, figures)
        seen.append(ratio["high"] < 1)
        print(f"{cell.name}, slower by 5 %: {ratio['median']:.3f} ({ratio['low']:.3f} to "
              f"{ratio['high']:.3f}) {what}: {'noticed' if seen[-1] else 'NOT noticed'}", flush=True)
    return any(seen)


def run(rounds):
    with tempfile.TemporaryDirectory(prefix="curveshim-bench-") as directory:
        directory = pathlib.Path(directory)
        certificates.make(directory, 1)
        return all([notices(cell, rounds, directory)
                    for cell in (cells.Cell("push-pull", 100), cells.Cell("handshakes"))])
