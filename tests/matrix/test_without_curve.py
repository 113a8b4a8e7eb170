"""A libzmq that was built without CURVE: bind and connect are refused."""

from harness.bare_peer import SPEECHES, Listener
from harness.exchange import assert_clear_on_the_wire, assert_complete

from .play import ask, party, play, serve
from .rows import WITHOUT_CURVE


def assert_refused(agent):
    assert agent.wait() == 4, agent.report()
    assert agent.lines == []
    assert any(line.startswith("ENOTSUP") for line in agent.errors), agent.report()
    assert any("without CURVE" in line and "use one that has it" in line for line in agent.errors)


def test_server(theatre, certs):
    assert_refused(serve(theatre, party(WITHOUT_CURVE, certs)))


def test_client(theatre, certs):
    listener = Listener(SPEECHES["null"](b"REP"))
    assert_refused(ask(theatre, party(WITHOUT_CURVE, certs), listener.endpoint))
    listener.close()
    assert listener.heard == []


def test_in_clear_without_the_shim(theatre):
    exchange = play(theatre, party(WITHOUT_CURVE), party(WITHOUT_CURVE))
    assert_complete(exchange, "req-rep")
    assert_clear_on_the_wire(exchange.relay, "req-rep")
