"""The events in a log of JSON lines, each checked against the published schema."""

import functools
import json

import jsonschema

from . import builds

SCHEMA = builds.REPOSITORY / "shim" / "curveshim-events.schema.json"


@functools.lru_cache(maxsize=None)
def validator():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@functools.lru_cache(maxsize=100000)
def _check(line):
    for error in validator().iter_errors(json.loads(line)):
        raise AssertionError(f"{SCHEMA.name} does not allow this: {error.message}\n{line}")


def parse(lines):
    """Of whole lines: those that are events. An AssertionError for one that the schema does not
    describe."""
    lines = [line for line in lines if line.startswith("{")]
    for line in lines:
        _check(line)
    return [json.loads(line) for line in lines]
