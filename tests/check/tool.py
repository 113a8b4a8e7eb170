"""curveshim-check, and the programs that it is tried on."""

import json
import os
import subprocess

import pytest

from harness import builds

CURVESHIM_CHECK = builds.BUILD / "shim" / "curveshim-check"
PROGRAMS = builds.BUILD / "tests" / "check"
PATIENCE = 60

SECURED, NOT, UNKNOWN, USAGE = 0, 1, 2, 64


def run(*arguments, env=None, **options):
    variables = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(env or {})}
    return subprocess.run([str(CURVESHIM_CHECK), *map(str, arguments)], env=variables,
                          capture_output=True, timeout=PATIENCE, check=False,
                          stdin=subprocess.DEVNULL, **options)


def check(target, *arguments, **options):
    """The answer as JSON, with the exit status as `status`."""
    done = run("--json", *arguments, target, **options)
    assert done.stderr == b"", done.stderr.decode()
    answer = json.loads(done.stdout)
    assert list(answer) == ["target", "kind", "verdict", "reasons", "remedy", "details"]
    assert answer["target"] == str(target)
    answer["status"] = done.returncode
    return answer


def reasons(answer):
    return "\n".join(answer["reasons"])


def program(name):
    """One of the programs of meson.build."""
    found = PROGRAMS / name
    if not found.exists():
        pytest.skip(f"{name} is not built")
    return found


def library(name):
    return program(f"libcheck-{name}.so")


class Listener:
    """check-dynamic or its like, listening; `where` is None if its bind was refused."""

    def __init__(self, command, endpoint, env=None, **options):
        variables = {"PATH": os.environ["PATH"], **(env or {})}
        variables.update(builds.sanitizer_options())
        self.process = subprocess.Popen([*map(str, command), endpoint], env=variables, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, **options)
        line = self.process.stdout.readline().strip()
        assert line, f"{command} ended with {self.process.wait()}"
        self.where = None if line == "refused" else line
        self.pid = self.process.pid

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
