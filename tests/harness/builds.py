"""Where the build outputs are."""

import functools
import os
import pathlib
import subprocess

from . import memory

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CURVESHIM_BUILD", REPOSITORY / "build")).resolve()
SHIM = BUILD / "shim" / "libcurveshim.so"
CURVESHIM_CERT = BUILD / "certs" / "curveshim-cert"
C_AGENT = BUILD / "tests" / "agents" / "agent"
AGENTS = REPOSITORY / "tests" / "agents"
WITH_ASAN = os.environ.get("CURVESHIM_ASAN") == "1"
WITH_TSAN = os.environ.get("CURVESHIM_TSAN") == "1"
SANITIZED = WITH_ASAN or WITH_TSAN
WITH_VALGRIND = os.environ.get("CURVESHIM_VALGRIND") == "1"
# Programs take many times as long.
SLOWED = SANITIZED or WITH_VALGRIND
# What reports to files what it finds, and goes on.
CHECKER = "thread" if WITH_TSAN else "valgrind" if WITH_VALGRIND else None
# Its reports, a file for each process; each worker of pytest has its own directory.
REPORTS = BUILD / "reports" / os.environ.get("PYTEST_XDIST_WORKER", "main")


def _runtime(name):
    found = subprocess.run(["gcc", f"-print-file-name={name}"], check=True, capture_output=True,
                           text=True).stdout.strip()
    return pathlib.Path(found).resolve()


@functools.lru_cache(maxsize=None)
def preload():
    """The value of LD_PRELOAD that puts the shim in front."""
    if WITH_ASAN:
        # libasan refuses to run behind any other library.
        return f"{_runtime('libasan.so')}:{SHIM}"
    if WITH_TSAN:
        # Behind, libtsan sees what the shim calls, and asks for nothing before it has started.
        return f"{SHIM}:{_runtime('libtsan.so')}"
    return str(SHIM)


def sanitizer_options():
    """The variables that a program needs to run under the sanitizer of this build."""
    if WITH_ASAN:
        return {"ASAN_OPTIONS": "exitcode=99:detect_leaks=0:allocator_may_return_null=1",
                "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99"}
    if WITH_TSAN:
        return {"TSAN_OPTIONS": f"log_path={REPORTS}/report:exitcode=0:die_after_fork=0:history_size=7:"
                                "allocator_may_return_null=1:suppress_equal_addresses=0"}
    return {}


def checked(command, env):
    """What runs a program in C: under valgrind where that was asked for and the library is loaded."""
    if WITH_VALGRIND and "LD_PRELOAD" in env:
        return [*memory.command(REPORTS), *command]
    return list(command)
