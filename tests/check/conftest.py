import shutil
import tempfile

import pytest

from harness import builds

from . import tool


@pytest.fixture(autouse=True)
def built():
    if not tool.CURVESHIM_CHECK.exists():
        pytest.skip(f"{tool.CURVESHIM_CHECK} is not built")


@pytest.fixture
def listen():
    """Starts a listener; shim=True puts it under the preload, with the variables given."""
    running = []

    def starts(name, endpoint="tcp://127.0.0.1:*", shim=False, before=(), **variables):
        env = {f"SECURE_ZMQ_{k}" if k != "SECURE_ZMQ" else k: str(v)
               for k, v in variables.items()}
        if shim:
            env = {"LD_PRELOAD": builds.preload(), "SECURE_ZMQ": "1", **env}
        command = [*before, tool.program(name)]
        running.append(tool.Listener(command, endpoint, env))
        return running[-1]

    yield starts
    for each in running:
        each.end()


@pytest.fixture
def short():
    """A directory whose name leaves room for the path of a UNIX socket."""
    directory = tempfile.mkdtemp(prefix="curveshim-")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
