import collections
import shutil
import tempfile

import pytest

from harness import agents, builds, certificates, exchange, findings, runtimes


@pytest.fixture
def certs(tmp_path):
    """A certificate directory, fresh from `curveshim-cert init`."""
    return certificates.make(tmp_path / "certificates")


@pytest.fixture
def stage(tmp_path):
    stage = agents.Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.fixture
def theatre(stage):
    # The path of a UNIX socket has 107 bytes at most; tmp_path can be longer.
    sockets = tempfile.mkdtemp(prefix="curveshim-")
    theatre = exchange.Theatre(stage, sockets)
    yield theatre
    theatre.clear()
    shutil.rmtree(sockets, ignore_errors=True)


@pytest.fixture(autouse=builds.CHECKER is not None)
def nothing_found():
    """Of the shim, in any process that the test started. Set up first, so torn down last."""
    findings.prepare(builds.REPORTS)
    yield
    found = findings.of_the_shim(builds.REPORTS)
    assert not found, "\n".join(found)


def pytest_collection_modifyitems(items):
    spread(items)
    for item in items:
        if hasattr(item, "callspec") and runtimes.C in item.callspec.params.values():
            item.add_marker(pytest.mark.in_c)
    if not builds.SANITIZED:
        return
    held = pytest.mark.skip(reason="a thread may hold the sanitizer's allocator at the fork, and "
                                   "nobody lets go of it in the child")
    unanswered = pytest.mark.skip(reason="ThreadSanitizer's runtime starts with a dlsym of its own, so "
                                         "that its build has none")
    for item in items:
        if "fork" in item.name or "test_forks" in item.nodeid:
            item.add_marker(held)
        if builds.WITH_TSAN and item.get_closest_marker("looks_up"):
            item.add_marker(unanswered)


def spread(items):
    """Some modules wait for time to pass, others compute: mixed, they keep the processors busy."""
    sizes = collections.Counter(item.path for item in items)
    seen = collections.Counter()

    def place(item):
        seen[item.path] += 1
        together = item.get_closest_marker("xdist_group") or any(
            definitions[-1].scope == "module"
            for definitions in item._fixtureinfo.name2fixturedefs.values())
        return 0 if together else seen[item.path] / sizes[item.path]

    items.sort(key=place)
