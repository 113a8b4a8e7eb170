"""Medians, spreads and ratios. What is compared is paired: each slice of a round with the one of the same
number, so that a machine that slows down slows both. Of a round counts the median of its pairs; of
several rounds, each with processes of its own, the median, with an interval by resampling the rounds."""

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


def rates(result):
    return result.get("rates", [rate(result)])


def cpu_rates(result):
    """Messages for each second of CPU, of both agents."""
    return [1 / cpu for cpu in result.get("cpus", [result["cpu"] / result["count"]])]


def trips(result):
    return result.get("p50s", [result["p50"]])


def pairs(rounds, name, reference, figures):
    """Of each round in which both were measured, the median of their slices' ratios."""
    return [statistics.median(a / b for a, b in zip(figures(each[name]), figures(each[reference])))
            for each in rounds if name in each and reference in each]


def compare(rounds, name, reference, figures):
    """Ratio of two variants' figures: {"median", "low", "high", "rounds"}; None without a pair."""
    found = pairs(rounds, name, reference, figures)
    if not found:
        return None
    low, high = interval(found)
    return {"median": statistics.median(found), "low": low, "high": high, "rounds": len(found)}


def shown(ratio, digits=2):
    return "" if ratio is None else (
        f"{ratio['median']:.{digits}f} ({ratio['low']:.{digits}f} to {ratio['high']:.{digits}f})")


def per_gigabyte(cell, row):
    """CPU seconds, of what one side sends to the other."""
    return f"{row['cpu_per_million'] / cell['size'] * 1000:.2f}"


def per_second(value):
    for limit, divisor, unit in ((1e6, 1e6, " M/s"), (1e3, 1e3, " k/s")):
        if value >= limit:
            return f"{value / divisor:.2f}{unit}"
    return f"{value:.0f}/s"


def summary(values):
    values = sorted(values)
    return {"median": statistics.median(values), "least": values[0], "most": values[-1]}
