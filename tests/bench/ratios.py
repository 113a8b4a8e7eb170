"""Medians, spreads and ratios. Repetitions are paired: what was measured one after the other in a round
is compared, so that a machine that slows down slows both."""

import random
import statistics

RESAMPLES = 4000


def rate(result):
    return result["count"] / result["seconds"]


def interval(values, share=0.95):
    """Of the median, by resampling: (low, high)."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values)))
                     for _ in range(RESAMPLES))
    cut = int((1 - share) / 2 * RESAMPLES)
    return medians[cut], medians[-1 - cut]


def compare(rounds, name, reference, figure):
    """Ratio of two variants' figures: {"median", "low", "high", "rounds"}; None without a pair."""
    pairs = [figure(each[name]) / figure(each[reference]) for each in rounds
             if name in each and reference in each]
    if not pairs:
        return None
    low, high = interval(pairs)
    return {"median": statistics.median(pairs), "low": low, "high": high, "rounds": len(pairs)}


def shown(ratio):
    return "" if ratio is None else (
        f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})")


def per_second(value):
    for limit, divisor, unit in ((1e6, 1e6, " M/s"), (1e3, 1e3, " k/s")):
        if value >= limit:
            return f"{value / divisor:.2f}{unit}"
    return f"{value:.0f}/s"


def summary(values):
    values = sorted(values)
    return {"median": statistics.median(values), "least": values[0], "most": values[-1]}
