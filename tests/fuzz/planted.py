"""For each fuzz target a bug that is planted into a copy of the sources, which the target has to find."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Plant:
    target: str
    file: str
    right: str
    wrong: str


PLANTS = (
    Plant("certificate", "certs/zpl.c", "reader->depth == ZPL_DEPTH", "reader->depth > ZPL_DEPTH"),
    Plant("config", "shim/config.c", "if (values.unknown != NULL)",
          "if (values.unknown != NULL && values.of[V_LOG] == NULL)"),
    Plant("event", "shim/event.c", "code >= 0x7f && code < 0xa0", "code > 0x7f && code < 0xa0"),
    Plant("fleet", "certs/fleet_file.c", "strcmp(name, reserved[i]) == 0",
          "strcmp(name, reserved[i]) == 300"),
    Plant("fleet_log", "certs/fleet_match.c", "bind->endpoint, NULL) != 0 ||",
          "bind->endpoint, NULL) > 0 ||"),
    Plant("json", "certs/json.c", "if (reader->at == reader->end)\n            return \"a string",
          "if (reader->at == reader->end + 1)\n            return \"a string"),
    Plant("known_servers", "shim/known_servers.c", "if (!any && glob_match(", "if (glob_match("),
    Plant("policy", "shim/policy.c", "access->now >= policy->expires",
          "access->now > policy->expires"),
    Plant("wire", "shim/wire.c", "byte < 3", "byte < 2"),
    Plant("zap", "shim/zap.c", "frame->size > ZAP_FRAME_MAX)", "frame->size > ZAP_FRAME_MAX + 1)"),
)
