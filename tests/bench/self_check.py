"""Would a loss of 5 % be noticed? The library against itself with a deliberate slow-down."""

import dataclasses

from harness import builds

from . import cells, certificates, measure, ratios, variants

SLOW = builds.BUILD / "tests" / "bench" / "libbench_slow.so"
LOSS = 0.05
ROUNDS = 21
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


@dataclasses.dataclass(frozen=True)
class Cell(cells.Counted):
    """In as many slices as a loss is told apart with."""
    parts: int = 20

    @property
    def slices(self):
        return self.parts


CELLS = (Cell("push-pull", messages=200_000), Cell("handshakes", messages=800, parts=40))


def failed(variant, why):
    raise SystemExit(f"bench: {variant.name}: {why}")


def found(cell, rounds, directory):
    """{loss: (ratio a second, ratio for a second of CPU)} to the library as it is, by the same
    measurements and figures as the targets; all are alive at the same time."""
    warm = [measure.measure(cell, [variants.SHIM], directory, failed)[variants.SHIM.name] for _ in range(3)]
    usual = sorted(warm, key=lambda each: each["cpu"] / each["count"])[1]
    # What it is compared with is preloaded with what slows down as well, but is not slowed down.
    others = {loss: slowed(cell, usual, loss) for loss in (LOSS, 0)}
    as_it_is = dataclasses.replace(others[0], name="as it is")
    among = [as_it_is, *others.values()]
    measured = [measure.measure(cell, among[number % 3:] + among[:number % 3], directory, failed)
                for number in range(rounds)]
    return {loss: tuple(ratios.compare(measured, other.name, as_it_is.name, figures)
                        for figures in (ratios.rates, ratios.cpu_rates))
            for loss, other in others.items()}


def notices(ratio):
    """More than half of the loss, and not by chance. Of a second of CPU, as what else the machine does
    is not in it."""
    return ratio["median"] < 1 - LOSS / 2 and ratio["high"] < 1


def is_right(cell, rounds, directory):
    """The loss is noticed, and none where there is none."""
    right = True
    for loss, (wall, cpu) in found(cell, rounds, directory).items():
        noticed = notices(cpu)
        right = right and noticed == (loss > 0)
        print(f"{cell.name}, slower by {loss:.0%}: {'a loss' if noticed else 'no loss'} is noticed: "
              f"{ratios.shown(cpu, 3)} for a second of CPU, {ratios.shown(wall, 3)} a second"
              + ("" if noticed == (loss > 0) else ": WRONG"), flush=True)
    return right


def run(rounds):
    with certificates.directory(1) as directory:
        return all([is_right(cell, rounds, directory) for cell in CELLS])
