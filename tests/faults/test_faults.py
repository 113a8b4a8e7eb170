"""Every call that the library makes fails once, with every error, and for ever; and at every call a
signal comes, the process forks, the thread is cancelled. What is asked of it: it refuses, or works
all the same. It never speaks in clear, ends, hangs or leaves a descriptor open, and what is tried
again works. The default suite takes one call in so many; ./scripts/test --faults takes them all."""

import os

import pytest

from . import campaign, runs, sites, variations

ALL = os.environ.get("CURVESHIM_FAULTS") == "all"
SAMPLE = 8

pytestmark = pytest.mark.skipif(not runs.LIBRARY.exists(), reason="not in sanitized builds")


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A run without faults tells which calls there are."""
    return campaign.Campaign(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def varied(calm, tmp_path_factory):
    """Other runs; only the calls that are not made in those before."""
    made = [calm]
    for name, kind in variations.VARIATIONS.items():
        made.append(campaign.Campaign(tmp_path_factory.mktemp(name), kind))
        made[-1].only_new(made[:-1])
    return dict(zip(variations.VARIATIONS, made[1:]))


def play(calm, name, faults, tenth):
    faults = faults if ALL else faults[tenth::max(1, len(faults) // SAMPLE)]
    outcomes = calm.play_all(faults)
    again = calm.follow_ups(outcomes)
    outcomes += calm.play_all(again if ALL else again[:2])
    wrong = campaign.report(name, outcomes)
    assert wrong == ""
    reached = sum(outcome.kind != "not reached" for outcome in outcomes)
    # How often a busy machine comes by a place is not the same each time; few tell little of that.
    assert reached > len(outcomes) * (3 if ALL else 2) // 4
    return outcomes


def test_enough_is_counted(calm):
    functions = {site.function for site in calm.sites}
    assert len(calm.sites) > 100
    assert {"malloc", "pthread_create", "open64", "pread64", "write", "zmq_bind", "zmq_setsockopt",
            "zmq_msg_recv", "socket", "mmap64"} <= functions


# What once went wrong: function, where, error or action, and whether for ever.
FOUND = [("pthread_attr_init", "background_start", "ENOMEM", False),   # crashed
         ("syscall", "observer_end", "EMFILE", True),    # a revoked client stayed connected
         ("syscall", "observer_end", "ENOSYS", True),
         ("realloc", "make_room", "ENOMEM", False),      # a refused client waited for its time-out
         ("zmq_send", "zap_message_send", "EAGAIN", False),  # nobody came in any more
         ("calloc", "enforced_note", "ENOMEM", False),   # anybody came in where nobody was to
         ("calloc", "registry_add_socket", "ENOMEM", False),
         ("readdir64", "certdir_names_next", "EIO", False),  # a new client had to wait for the next
         ("openat64", "open_regular", "cancel", False),          # the socket could not be used any more
         ("pread64", "read_all", "cancel", False)]


def hits(site, action):
    """It was the second call, or a later one, where one is not enough to find it."""
    if action == "cancel":
        return range(1, 4)
    if site.function == "readdir64":
        return range(site.hits // 2, site.hits + 1)
    return range(1, 6) if "registry" in sites.name(site.place) else [1]


@pytest.mark.parametrize("function,where,what,for_ever", FOUND)
def test_found(calm, function, where, what, for_ever):
    action, error = ("cancel", "EIO") if what == "cancel" else ("fail", what)
    faults = [sites.Fault(site, hit, action, error, for_ever) for site in calm.sites
              for hit in hits(site, action)
              if site.function == function and sites.name(site.place).startswith(where)]
    assert faults
    outcomes = calm.play_all(faults)
    assert [outcome for outcome in outcomes if outcome.violations] == []
    # A socket that is not known is refused until it is made anew.
    assert all("end" in outcome.lines or where == "registry_add_socket" for outcome in outcomes)


def test_calls_fail(calm):
    faults = [fault for fault in sites.failures(calm.sites) if not fault.for_ever]
    outcomes = play(calm, "once", faults, 3)
    assert any(outcome.kind == "kept working" for outcome in outcomes)


def test_calls_fail_for_ever(calm):
    play(calm, "for ever", [f for f in sites.failures(calm.sites) if f.for_ever], 5)


@pytest.mark.parametrize("action", ["signal", "fork", "cancel"])
def test_something_happens_at_calls(calm, action):
    play(calm, action, sites.events(calm.sites, action), 7)


# One worker makes them all.
@pytest.mark.xdist_group("varied faults")
@pytest.mark.parametrize("variation", variations.VARIATIONS)
def test_calls_of_other_runs(varied, variation):
    made = varied[variation]
    assert len(made.sites) > 5
    faults = [*sites.failures(made.sites),
              *(event for action in ("signal", "fork", "cancel")
                for event in sites.events(made.sites, action, once=True))]
    play(made, variation, faults, 3)
