import pytest

from contract.conftest import certs, peers, short, start  # noqa: F401

from . import cases, curve, middle


@pytest.fixture
def attacker():
    """Connects to an endpoint by hand; everything is closed at the end."""
    wires = []

    def connects(endpoint, patience=20):
        wires.append(curve.Wire.to(endpoint, patience))
        return wires[-1]

    yield connects
    for wire in wires:
        wire.close()


@pytest.fixture
def man():
    """Puts a man in the middle before an endpoint."""
    men = []

    def stands(endpoint, *arguments, **options):
        men.append(middle.Man(endpoint, *arguments, **options))
        return men[-1]

    yield stands
    for each in men:
        each.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    name = getattr(item.function, "attack", None)
    if name is not None and (report.when == "call" or report.outcome != "passed"):
        cases.note(name, report.outcome)


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):
        cases.forget()
