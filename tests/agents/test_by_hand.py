"""A fleet in transition: agents secured by hand, and agents secured by the shim."""

import itertools

import pytest

from harness import certificates, pairwise, runtimes
from harness.agents import environment
from harness.exchange import (PATTERNS, Party, assert_complete, assert_curve_on_the_wire,
                              assert_nothing_arrived)
from harness.runtimes import BY_HAND, C, DEBIAN, WHEEL

EVERY_BY_HAND = (BY_HAND, *(
    runtimes.in_python(f"by-hand-{version}", wheel.command[0], "agent_by_hand.py")
    for version, wheel in WHEEL.items()))

every_case = pytest.mark.parametrize("runtime, pattern, binder", pairwise.thinned(
    itertools.product((C, DEBIAN), PATTERNS, ("server", "client"))))
every_by_hand = pytest.mark.parametrize("by_hand", EVERY_BY_HAND, ids=str)


def hand_made(certs, runtime=BY_HAND, shim=False):
    return Party(runtime, environment(shim=shim, certs=certs if shim else None),
                 ("--certs", str(certs)))


def shimmed(certs, runtime):
    return Party(runtime, environment(shim=True, certs=certs))


def check(exchange, pattern):
    assert_complete(exchange, pattern)
    assert_curve_on_the_wire(exchange.relay)


@every_case
def test_server_by_hand_client_shimmed(theatre, certs, runtime, pattern, binder):
    check(theatre.play(hand_made(certs), shimmed(certs, runtime), pattern, binder=binder),
          pattern)


@every_case
def test_server_shimmed_client_by_hand(theatre, certs, runtime, pattern, binder):
    if (pattern, binder) == ("req-rep", "client"):
        pytest.skip("pyzmq's authenticator cuts off a REQ socket that binds, with or without us")
    check(theatre.play(shimmed(certs, runtime), hand_made(certs), pattern, binder=binder),
          pattern)


@pytest.mark.parametrize("by_hand, pattern", [
    # What a wheel's libzmq does otherwise it does in any pattern.
    pytest.param(by_hand, pattern,
                 marks=() if by_hand is BY_HAND or pattern == "router-dealer" else pytest.mark.slow)
    for by_hand in EVERY_BY_HAND for pattern in PATTERNS], ids=str)
def test_by_hand_under_the_preload(theatre, certs, by_hand, pattern):
    party = hand_made(certs, by_hand, shim=True)
    check(theatre.play(party, party, pattern), pattern)


@every_by_hand
def test_by_hand_under_the_preload_with_shimmed_client(theatre, certs, by_hand):
    check(theatre.play(hand_made(certs, by_hand, shim=True), shimmed(certs, C)), "req-rep")


@every_by_hand
def test_by_hand_under_the_preload_with_shimmed_server(theatre, certs, by_hand):
    check(theatre.play(shimmed(certs, C), hand_made(certs, by_hand, shim=True)), "req-rep")


@pytest.mark.parametrize("shim", [False, True], ids=["alone", "preloaded"])
def test_by_hand_server_refuses_a_shimmed_stranger(theatre, tmp_path, certs, shim):
    stranger = certificates.make_stranger(tmp_path / "stranger", certs)
    assert_nothing_arrived(theatre.play(hand_made(certs, shim=shim), shimmed(stranger, C),
                                        patience=2))


def test_shimmed_server_refuses_a_stranger_by_hand(theatre, tmp_path, certs):
    stranger = certificates.make_stranger(tmp_path / "stranger", certs)
    assert_nothing_arrived(theatre.play(shimmed(certs, C), hand_made(stranger), patience=2))
