"""The published schema of the events is strict. What the agents of the other tests log is checked
wherever it is read (harness/events.py); that it names what the code writes, by unit/schema_names.py."""

import pytest

from harness import events

GOOD = {"time": "2026-01-02T03:04:05.678Z", "level": "warning", "event": "auth", "pid": 7,
        "program": "agent", "message": "client refused: revoked", "result": "deny",
        "reason": "revoked", "key": "0123456789" * 4}


def valid(**changed):
    event = {**GOOD, **changed}
    return events.validator().is_valid({k: v for k, v in event.items() if v is not None})


@pytest.mark.parametrize("changed", [
    {"unheard_of": "x"}, {"pid": "7"}, {"pid": 0}, {"time": "2026-01-02 03:04:05"},
    {"level": "loud"}, {"event": "gossip"}, {"key": "short"}, {"result": "ok"}, {"state": "up"},
    {"repeated": 0}, {"reason": None}, {"message": None}, {"program": None}], ids=str)
def test_what_is_wrong_is_not_valid(changed):
    assert valid() and not valid(**changed)
