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


def slowed(cell, result, loss):
    """The library, slower by the loss, of the CPU that a message takes at both ends or a handshake
    in all: what a round takes depends on what else the machine does."""
    each = result["cpu"] / result["count"] * loss
    if cell.pattern == "handshakes":
        setting = ("SLOW_NS_PER_CONNECT", str(int(each * 1e9)))
    else:
        setting = ("SLOW_PS_PER_BYTE", str(int(each / 2 * 1e12 / (cell.size + OVERHEAD))))
    return Slowed(f"slower by {loss:.0%}", shim=variants.SHIM.shim, setting=setting)


def failed(variant, why):
    raise SystemExit(f"bench: {variant.name}: {why}")


def found(cell, loss, rounds, directory):
    """Ratios to the library as it is, by the same measurements and figures as the targets."""
    warm = [measure.measure(cell, [variants.SHIM], directory, failed)[variants.SHIM.name] for _ in range(3)]
    other = slowed(cell, sorted(warm, key=lambda each: each["cpu"] / each["count"])[1], loss)
    measured = [measure.measure(cell, order, directory, failed)
                for order in ([variants.SHIM, other], [other, variants.SHIM]) * (rounds // 2 + 1)][:rounds]
    wall, cpu = (ratios.compare(measured, other.name, variants.SHIM.name, figures)
                 for figures in (ratios.rates, ratios.cpu_rates))
    print(f"{cell.name}, {other.name}: {ratios.shown(wall, 3)} a second, {ratios.shown(cpu, 3)} for a "
          "second of CPU", flush=True)
    return wall, cpu


def notices(cell, rounds, directory):
    """The loss, and that there is none where there is none."""
    with_loss, without = (found(cell, loss, rounds, directory) for loss in (LOSS, 0))
    noticed = any(ratio["high"] < 1 for ratio in with_loss)
    calm = abs(1 - without[1]["median"]) < LOSS / 2
    print(f"{cell.name}: {'noticed' if noticed else 'NOT noticed'}"
          + ("" if calm else ", but a loss is seen where there is none"), flush=True)
    return noticed and calm


def run(rounds):
    with tempfile.TemporaryDirectory(prefix="curveshim-bench-") as directory:
        directory = pathlib.Path(directory)
        certificates.make(directory, 1)
        return all([notices(cell, rounds, directory)
                    for cell in (cells.Cell("push-pull", 100), cells.Cell("handshakes"))])
