"""The invariants of a fleet under stress. `./scripts/test --stress MINUTES` says how long; without,
it is a small fleet for a few seconds, in peace."""

import os
import pathlib
import tempfile

import pytest

from . import campaign, places, plan, report

MINUTES = float(os.environ.get("CURVESHIM_STRESS", 0))
SEED = int(os.environ.get("CURVESHIM_STRESS_SEED", 1))
SIZE, RATE = 105, 4  # processes, messages a second of each sender
SMALL, SMALL_GROUP, SMALL_RATE, SMALL_SECONDS = 12, 3, 10, 5
IN_PEACE = 0.4  # of the time
SLICE = (1 - IN_PEACE) / (2 * campaign.PAIRS)

pytestmark = pytest.mark.xdist_group("stress")
needs_kills = pytest.mark.skipif(not MINUTES, reason="stress: kills are for --stress MINUTES")


@pytest.fixture(scope="module")
def runs():
    places.require()
    with tempfile.TemporaryDirectory(prefix="curveshim-stress-") as name:
        base = pathlib.Path(name)
        seconds = 60 * MINUTES
        if MINUTES:
            members = plan.fleet(SIZE, campaign.PLACES)
            played = [campaign.peaceful(members, IN_PEACE * seconds, RATE, SEED, base)]
            report.write(played)
            played += campaign.with_kills(members, SLICE * seconds, RATE, SEED, base)
        else:
            members = plan.fleet(SMALL, campaign.PLACES, SMALL_GROUP)
            played = [campaign.peaceful(members, SMALL_SECONDS, SMALL_RATE, SEED, base)]
        report.write(played)
        yield played


@pytest.mark.parametrize("damage", ["altered", "duplicated", "reordered"])
def test_nothing_is_damaged(runs, damage):
    assert {run.title: found for run in runs if (found := getattr(run.books, damage))} == {}


def test_the_fleet_has_worked(runs):
    """What else is found here was found in what was sent, received, cut, rotated and revoked."""
    for run in runs:
        assert run.books.received > run.books.sent / 2 > run.processes, run
        assert min(run.counts[what] for what in ("partitions", "rotations", "revocations")) > 0
        assert run.dead == []


def test_nothing_is_lost_while_nobody_is_killed(runs):
    assert [(run.books.lost, run.unread_tail) for run in runs if not run.kills and run.lost()] == []


def test_who_is_revoked_is_not_heard_any_more(runs):
    assert [run.books.after_revocation for run in runs if run.secured
            and run.books.after_revocation] == []


def test_nothing_is_in_clear_on_the_wire(runs):
    for run in runs:
        if run.secured:
            seen = (run.in_clear, run.null_greetings, run.curve_greetings)
            assert seen == (False, False, True), run.title


@needs_kills
def test_the_onlooker_sees_what_is_in_clear(runs):
    plain = [run for run in runs if not run.secured]
    assert plain and all(run.in_clear and run.null_greetings for run in plain)


@needs_kills
def test_kills_cost_no_more_than_without_security(runs):
    """Beyond what the pairs differ by among themselves."""
    assert len(report.pairs(runs)) == campaign.PAIRS
    assert all(run.counts["kills"] > 0 for run in runs if run.kills)
    mean, error = report.excess(runs)
    assert mean <= 2 * error, report.text(runs)


@needs_kills
def test_nothing_grows(runs):
    watched = [run for run in runs if run.secured and run.watched]
    assert watched
    assert {run.title: run.grown for run in watched if run.grown} == {}
