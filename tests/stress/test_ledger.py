"""The ledger finds what it is there for: each kind of damage, written into agents' logs."""

import collections

import pytest

from harness import runtimes

from . import growth, ledger, plan

Books = collections.namedtuple("Books", "write account")


def member(name, kind, binds, group=0):
    return plan.Member(name, runtimes.DEBIAN, kind, binds, group, "tcp", 0)


MEMBERS = {m.name: m for m in (
    member("push", "PUSH", False), member("pull", "PULL", True),
    member("dealer", "DEALER", False, 1), member("router", "ROUTER", True, 1),
    member("pub", "PUB", True, 2), member("sub", "SUB", False, 2))}


@pytest.fixture
def books(tmp_path):
    def write(name, *lines):
        (tmp_path / name).write_text("O\n" + "".join(f"{line}\n" for line in lines),
                                     encoding="ascii")

    return Books(write, lambda revoked=None: ledger.account(
        MEMBERS, sorted(tmp_path.iterdir()), revoked))


def received(stream, *numbers, at=1000, connection="9", life=1):
    return [f"R {at} {stream} {life} {number} {connection}" for number in numbers]


def sent(count):
    return [f"S {number}" for number in range(1, count + 1)]


def faults(found):
    return [kind for kind in ("altered", "duplicated", "reordered", "after_revocation")
            if getattr(found, kind)] + sorted(kind for kind, n in found.lost.items() if n)


def test_nothing_is_found_where_all_is_well(books):
    books.write("push.1", *sent(3))
    books.write("pull.1", *received("push", 1, 2, 3))
    books.write("dealer.1", *sent(2), *received("dealer", 1, 2))
    books.write("router.1", *received("dealer", 1, 2))
    books.write("pub.1", *sent(5))
    books.write("sub.1", *received("pub", 3, 4, 5))
    found = books.account()
    assert faults(found) == []
    assert (found.sent, found.received, found.connections) == (10, 10, 4)


def test_what_was_sent_before_a_kill_and_not_noted_counts_as_sent(books):
    books.write("push.1", *sent(2))
    books.write("pull.1", *received("push", 1, 2, 3))
    assert faults(books.account()) == []


@pytest.mark.parametrize("lines, fault", [
    ([*received("push", 1, 2, 3), "X 1000 00ff"], "altered"),
    (received("push", 1, 2, 3, 5), "altered"),
    (received("push", 1, 2, 3) + received("dealer", 1), "altered"),
    (received("push", 1, 2, 3) + received("nobody", 1), "altered"),
    (received("push", 1, 2, 3) + received("push", 2, connection="10"), "duplicated"),
    (received("push", 1, 3, 2), "reordered"),
    (received("push", 1, 3), "PUSH"),
    (received("push", 1, 2, 3, at=2000), "after_revocation"),
])
def test_damage_is_found(books, lines, fault):
    books.write("push.1", *sent(3))
    books.write("pull.1", *lines)
    books.write("dealer.1", *sent(0))
    revoked = {"push": 1500} if fault == "after_revocation" else None
    assert faults(books.account(revoked)) == [fault]


def test_the_order_of_two_connections_is_nobodys_promise(books):
    books.write("push.1", *sent(3))
    books.write("pull.1", *received("push", 1, 3), *received("push", 2, connection="10"))
    found = books.account()
    assert faults(found) == []
    assert found.reordered_across_connections == 1


@pytest.mark.parametrize("asked, answered, fault", [
    ((1, 3), (1, 3), "DEALER"), ((1, 2, 3), (1, 3), "answer to DEALER")])
def test_requests_and_answers_are_lost_apart(books, asked, answered, fault):
    books.write("dealer.1", *sent(3), *received("dealer", *answered))
    books.write("router.1", *received("dealer", *asked))
    assert faults(books.account()) == [fault]


def test_what_a_subscriber_missed(books):
    books.write("pub.1", *sent(7))
    books.write("sub.1", *received("pub", 3, 5))
    assert books.account().lost["SUB"] == 1


@pytest.mark.parametrize("kind, step", [("descriptors", 1), ("threads", 1), ("KiB", 1024)])
def test_growth_is_found(kind, step):
    watch = growth.Watch()
    for number in range(30):
        watch.samples["agent"].append(growth.Sample(**{
            "descriptors": 20, "threads": 4, "KiB": 9000, kind: 100 + step * number}))
    assert growth.too_much(watch.growth("agent"), "c") == [kind]


def test_what_stays_is_no_growth():
    watch = growth.Watch()
    watch.samples["agent"] = [growth.Sample(20 + n % 3, 4, 9000 + n % 7 * 100) for n in range(30)]
    assert growth.too_much(watch.growth("agent"), "c") == []


def test_the_same_seed_plans_the_same():
    members = plan.fleet(40, 4)
    first, again, other = (plan.events(members, seed, 60, 30, 4) for seed in (1, 1, 2))
    assert first == again != other
    assert {event.what for event in first} == {
        "cut", "mend", "rotate", "finish", "revoke", "kill", "start", "prepare", "switch"}
