"""Of many combinations, those that show each pair of values together; the others are slow tests."""

import itertools

import pytest


def thinned(combinations):
    """The combinations (tuples of one length), in their order, as parameters of pytest. A default
    run takes as many as it needs for every two values that come together in any of them to come
    together in one of these."""
    combinations = list(combinations)
    wanted = set().union(*map(pairs, combinations))
    kept = set()
    while wanted:
        best = max(combinations, key=lambda combination: len(pairs(combination) & wanted))
        kept.add(best)
        wanted -= pairs(best)
    return [pytest.param(*combination, marks=() if combination in kept else pytest.mark.slow,
                         id="-".join(map(str, combination)))
            for combination in combinations]


def pairs(combination):
    return frozenset(itertools.combinations(enumerate(combination), 2))
