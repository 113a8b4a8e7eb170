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
    """The library, slower by the loss, from what it takes without."""
    each = result["seconds"] / result["count"]
    if cell.pattern == "handshakes":
        setting = ("SLOW_NS_PER_CONNECT", str(int(each * LOSS * 1e9)))
    else:
        setting = ("SLOW_PS_PER_BYTE", str(int(each * LOSS * 1e12 / (cell.size + OVERHEAD))))
    return Slowed("slower by 5 %", shim=variants.SHIM.shim, setting=setting)


def notices(cell, rounds, directory):
    warm = [measure.measure(cell, variants.SHIM, directory) for _ in range(3)]
    other = slowed(cell, sorted(warm, key=ratios.rate)[1])
    pairs = []
    for number in range(rounds):
        order = (variants.SHIM, other) if number % 2 == 0 else (other, variants.SHIM)
        pairs.append({v.name: measure.measure(cell, v, directory) for v in order})
    found = ratios.compare(pairs, other.name, variants.SHIM.name, ratios.rate)
    print(f"{cell.name}: {found['median']:.3f} ({found['low']:.3f} to {found['high']:.3f}), "
          f"{'noticed' if found['high'] < 1 else 'NOT noticed'}", flush=True)
    return found["high"] < 1


def run(rounds):
    with tempfile.TemporaryDirectory(prefix="curveshim-bench-") as directory:
        directory = pathlib.Path(directory)
        certificates.make(directory, 1)
        return all([notices(cell, rounds, directory)
                    for cell in (cells.Cell("push-pull", 100), cells.Cell("handshakes"))])
