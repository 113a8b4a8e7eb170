"""bash completion: of what the tools' own --help names, and of files, programs and processes."""

import os
import pathlib
import re
import subprocess

import pytest

from harness.certificates import curveshim_cert

BASH_COMPLETION = pathlib.Path("/usr/share/bash-completion/bash_completion")

# What readline does for a line with the cursor at its end. compopt works only under readline.
DRIVE = """
source "$1" && _completion_loader "$3"
COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9
shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() { :; }
read -ra by < <(complete -p "$1")
"${by[-2]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def complete(installed, tmp_path):
    if not BASH_COMPLETION.exists():
        pytest.skip("bash-completion is not installed")
    env = {"PATH": f"{installed.prefix}/bin:{os.environ['PATH']}", "HOME": str(tmp_path),
           "XDG_DATA_DIRS": f"{installed.prefix}/share"}

    def completes(line):
        # As COMP_WORDBREAKS divides it.
        words = re.findall(r"[=:]|[^\s=:]+", line) + ([""] if line.endswith(" ") else [])
        result = subprocess.run(["bash", "--norc", "-c", DRIVE, "bash", BASH_COMPLETION, line, *words],
                                env=env, cwd=tmp_path, capture_output=True, text=True, check=True,
                                stdin=subprocess.DEVNULL)
        assert result.stderr == ""
        return {word for word in result.stdout.splitlines() if word}
    return completes


@pytest.fixture
def directory(tmp_path):
    """With an authorised anna, and a zoe who is not."""
    certs = tmp_path / "keys"
    curveshim_cert("init", certs)
    for name in ("anna", "zoe"):
        curveshim_cert("new", certs, name)
    curveshim_cert("authorize", certs, certs / "anna.key")
    (tmp_path / "kernel.txt").touch()
    return certs


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_commands_of_curveshim_cert(complete, installed):
    commands = set(re.findall(r"^  ([a-z]+)  ", said(installed.tool("curveshim-cert"), "--help"),
                              re.MULTILINE))
    assert {"init", "new", "authorize", "revoke", "list", "show", "verify", "rotate"} <= commands
    assert complete("curveshim-cert ") == commands
    assert complete("curveshim-cert ver") == {"verify"}


@pytest.mark.parametrize("line, options", [
    ("curveshim-cert init --", {"--owner"}),
    ("curveshim-cert rotate keys anna --",
     {"--prepare", "--switch", "--finish", "--revoke", "--to"}),
    ("curveshim-cert rotate keys anna --f", {"--finish"}),
    ("curveshim-cert fleet --", {"--from-log", "--owner"}),
    ("curveshim-cert new keys otto --meta ", {"name=", "endpoints=", "addresses=", "expires=",
                                              "not-before="}),
    ("curveshim-cert new keys otto --meta n", {"name=", "not-before="}),
    ("curveshim-run --", {"--audit", "--certs", "--check", "--help", "--library", "--version"}),
    ("curveshim-run --certs keys --c", {"--certs", "--check"}),
    ("curveshim-run --check bash --nor", {"--norc"}),
    ("curveshim-check --", {"--all", "--help", "--json", "--timeout", "--version", "--watch"}),
    ("curveshim-check --timeout 100 --j", {"--json"}),
    ("curveshim-check --timeout ", set()),
])
def test_options(complete, line, options):
    assert complete(line) == options


@pytest.mark.parametrize("line, words", [
    ("curveshim-cert init k", {"keys"}),
    ("curveshim-cert show keys/a", {"keys/anna.key", "keys/anna.key_secret",
                                    "keys/authorized_clients"}),
    ("curveshim-cert authorize keys keys/z", {"keys/zoe.key"}),
    ("curveshim-cert rotate keys ", {"anna", "client", "server", "zoe"}),
    ("curveshim-cert revoke keys a", {"anna"}),
    ("curveshim-cert revoke --meta k=v keys keys/z", {"keys/zoe.key"}),
    ("curveshim-cert fleet k", {"kernel.txt", "keys"}),
    ("curveshim-cert fleet --from-log kernel.txt keys k", {"kernel.txt", "keys"}),
    ("curveshim-run --certs k", {"keys"}),
    ("curveshim-run --certs=k", {"keys"}),
    ("curveshim-run --certs=keys cat ./k", {"./kernel.txt", "./keys"}),
    ("curveshim-run --library=k", {"keys"}),
    ("curveshim-check ke", {"kernel.txt", "keys"}),
    ("curveshim-check ipc://ke", {"//kernel.txt", "//keys"}),
])
def test_files(complete, directory, line, words):
    assert directory.is_dir()
    found = complete(line)
    assert words <= found
    # Programs may have such names, but nothing else that is here.
    assert not (found - words) & {"keys", "kernel.txt", "./keys", "./kernel.txt"}


@pytest.mark.parametrize("line", ["curveshim-run sh", "curveshim-run --certs keys sh",
                                  "curveshim-run --certs=keys -- sh", "curveshim-check sh"])
def test_programs(complete, line):
    assert {"sh", "sha256sum"} <= complete(line)


def test_processes(complete):
    assert str(os.getpid()) in complete(f"curveshim-check {str(os.getpid())[:1]}")
