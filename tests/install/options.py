"""How the build under test was configured."""

import functools
import json
import subprocess

from harness.builds import BUILD


@functools.lru_cache(maxsize=None)
def introspect(what):
    said = subprocess.run(["meson", "introspect", f"--{what}", BUILD], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(said)


def option(name):
    value, = (o["value"] for o in introspect("buildoptions") if o["name"] == name)
    return value


def version():
    return introspect("projectinfo")["version"]
