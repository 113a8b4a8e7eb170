import subprocess

import pytest

from certtool import BUILD, Tool


@pytest.fixture
def cert(tmp_path):
    return Tool(tmp_path)


@pytest.fixture
def certs(cert, tmp_path):
    """A directory fresh from init."""
    cert.done("init", "certs")
    return tmp_path / "certs"


@pytest.fixture
def zcert(tmp_path):
    """czmq's side; a list of the lines that it printed."""
    program = BUILD / "tests" / "certs" / "zcert_interop"
    if not program.exists():
        pytest.skip("built without czmq")

    def run(*arguments):
        result = subprocess.run([program, *map(str, arguments)], cwd=tmp_path, check=True,
                                capture_output=True, text=True, timeout=60)
        return result.stdout.splitlines()
    return run
