"""curveshim-cert as a command, and its files."""

import dataclasses
import os
import pathlib
import re
import subprocess

BUILD = pathlib.Path(os.environ.get("CURVESHIM_BUILD",
                                    pathlib.Path(__file__).parents[2] / "build")).absolute()

# What init makes.
LAYOUT = {"server.key", "server.key_secret", "client.key", "client.key_secret",
          "authorized_clients/client.key"}


# What commands that change an existing directory are called with, beside those of LAYOUT's pairs.
OTHERS = {"authorize": ["authorize", "work", "alice.key"],
          "trust": ["trust", "work", "tcp://brain:5555", "alice.key"],
          "fleet": ["fleet", "fleet.conf", "work"],
          "prepare": ["rotate", "work", "server"],
          "switch": ["rotate", "work", "server", "--switch"],
          "drop": ["rotate", "work", "server", "--finish"]}


@dataclasses.dataclass
class Outcome:
    status: int
    out: str
    err: str

    @property
    def all(self):
        return self.out + self.err


class Tool:
    """curveshim-cert in a directory of its own."""

    path = BUILD / "certs" / "curveshim-cert"

    def __init__(self, directory):
        self.directory = directory

    def __call__(self, *arguments, **options):
        result = subprocess.run([self.path, *map(str, arguments)], cwd=self.directory,
                                capture_output=True, text=True, timeout=60, **options)
        assert result.returncode in (0, 1, 2), result
        assert "Sanitizer" not in result.stderr and "runtime error" not in result.stderr, result
        return Outcome(result.returncode, result.stdout, result.stderr)

    def done(self, *arguments, **options):
        outcome = self(*arguments, **options)
        assert outcome.status == 0, outcome
        assert outcome.err == "", outcome
        return outcome.out

    def failed(self, *arguments, **options):
        outcome = self(*arguments, **options)
        assert outcome.status == 1, outcome
        return outcome.all

    def usage(self, *arguments):
        outcome = self(*arguments)
        assert outcome.status == 2, outcome
        assert outcome.out == "", outcome
        assert "--help" in outcome.err
        return outcome.err


def key_of(file, which="public"):
    return re.search(rf'^    {which}-key = "(.{{40}})"$', file.read_text(), re.M).group(1)


def keys_in(directory):
    return {key_of(path) for path in directory.glob("*.key")}


def files(directory):
    """Every file under a directory, hidden ones too, by relative path."""
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in directory.rglob("*") if path.is_file()}


def mode(path):
    return path.stat().st_mode & 0o7777


def strace(options, arguments, **others):
    """Runs the tool under strace, which LeakSanitizer can't do with."""
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run(["strace", *map(str, options), Tool.path, *map(str, arguments)],
                          env=environment, capture_output=True, text=True, **others)
