"""Where the build outputs are."""

import functools
import os
import pathlib
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CURVESHIM_BUILD", REPOSITORY / "build")).resolve()
SHIM = BUILD / "shim" / "libcurveshim.so"
CURVESHIM_CERT = BUILD / "certs" / "curveshim-cert"
C_AGENT = BUILD / "tests" / "agents" / "agent"
AGENTS = REPOSITORY / "tests" / "agents"
WITH_ASAN = os.environ.get("CURVESHIM_ASAN") == "1"


@functools.lru_cache(maxsize=None)
def preload():
    """The value of LD_PRELOAD that puts the shim in front."""
    if not WITH_ASAN:
        return str(SHIM)
    # libasan refuses to run behind any other library.
    runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True,
                             capture_output=True, text=True).stdout.strip()
    return f"{pathlib.Path(runtime).resolve()}:{SHIM}"
