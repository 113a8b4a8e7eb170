"""The published schema of the events names what the code writes, no more and no less: run with every
build, so that whoever adds an event or a field notices."""

import json
import pathlib
import re
import sys

SHIM = pathlib.Path(__file__).resolve().parents[2] / "shim"
SCHEMA = SHIM / "curveshim-events.schema.json"
FIELD = r'event_(?:text|number)\(\s*[^\s,]+,\s*"(\w+)"'


def faults():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    described = set(schema["properties"]) - set(schema["$defs"]["common"]["enum"])
    written, started = set(), set()
    for path in sorted(SHIM.glob("*.c")):
        text = path.read_text(encoding="utf-8")
        fields = re.findall(FIELD, text)
        written.update(fields)
        started.update(re.findall(r'event_init\([^;"]*?"(\w+)"\s*,', text))
        if path.name != "event.c" and len(fields) != len(re.findall(r"event_(?:text|number)\(", text)):
            yield f"{path.name}: a field's name is no literal: nobody could tell what to describe"
    for name in sorted(written - described):
        yield f"the field {name} is written, but not described under properties"
    for name in sorted(described - written):
        yield f"the field {name} is described, but nobody writes it"
    events = schema["properties"]["event"]["enum"]
    for name in sorted(started - set(events)):
        yield f"the event {name} is written, but not described"
    listed = {name: set(schema["$defs"][name]["propertyNames"]["anyOf"][1]["enum"])
              for name in events}
    for name in sorted(described ^ set().union(*listed.values())):
        yield f"the field {name} is not both under properties and in an event's list in $defs"
    rules = [(rule["if"]["properties"]["event"]["const"], rule["then"]["$ref"])
             for rule in schema["allOf"]]
    if rules != [(name, f"#/$defs/{name}") for name in events]:
        yield "allOf does not lead each event to its $defs"
    if len(written) < 20 or len(started) < 5:
        yield f"hardly anything was found in {SHIM}"


found = list(faults())
for fault in found:
    print(f"{SCHEMA.name}: {fault}", file=sys.stderr)
sys.exit(1 if found else 0)
