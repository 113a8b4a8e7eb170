"""The published schema of the events: that it is strict, and that it names what the code writes.
What the agents of the other tests log is checked wherever it is read (harness/events.py)."""

import json
import re

import pytest

from harness import builds, events

SOURCES = sorted((builds.REPOSITORY / "shim").glob("*.c"))
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


def test_names_and_schema_agree():
    """To extend the schema, see its description."""
    schema = json.loads(events.SCHEMA.read_text(encoding="utf-8"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    written = set(re.findall(r'event_(?:text|number)\(\s*\S+,\s*"(\w+)"', text))
    assert len(written) > 20
    assert written <= set(schema["properties"]), "fields that the schema does not describe"
    common = set(schema["required"])
    described = set(schema["properties"]) - common
    assert described <= written, "fields that nobody writes"
    names = schema["properties"]["event"]["enum"]
    listed = {name: set(schema["$defs"][name]["propertyNames"]["anyOf"][1]["enum"])
              for name in names}
    assert set().union(*listed.values()) == described
    assert [(rule["if"]["properties"]["event"]["const"], rule["then"]["$ref"])
            for rule in schema["allOf"]] == [(name, f"#/$defs/{name}") for name in names]
    for name in re.findall(r'event_init\([^;"]*?"([a-z_]+)",', text):
        assert name in names


def test_no_field_is_named_by_a_variable():
    """Nobody could tell then what there is to describe."""
    for path in SOURCES:
        if path.name in ("event.c",):
            continue
        text = path.read_text(encoding="utf-8")
        calls = re.findall(r"event_(?:text|number)\(", text)
        assert len(calls) == len(re.findall(r'event_(?:text|number)\(\s*\S+,\s*"\w+"', text)), path
