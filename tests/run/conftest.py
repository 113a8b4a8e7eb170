import os
import pathlib
import shutil
import subprocess

import pytest

from harness import builds

LAUNCHER = builds.REPOSITORY / "scripts" / "curveshim-run"
SHELLS = {"dash": ("/usr/bin/dash",), "busybox": ("/usr/bin/busybox", "sh")}


class Launcher:
    """curveshim-run under one shell; with a library unless `arguments` name one."""

    def __init__(self, shell, directory, certs):
        self.shell = shell
        self.directory = directory
        self.certs = certs

    def command(self, *arguments):
        library = () if "--library" in arguments else ("--library", builds.SHIM)
        return [str(word) for word in (*self.shell, LAUNCHER, *library, *arguments)]

    def environment(self, **variables):
        env = {"PATH": os.environ["PATH"], "SECURE_ZMQ_CERTS": str(self.certs),
               **{name: str(value) for name, value in variables.items()}}
        return {name: value for name, value in env.items() if value != "None"}

    def __call__(self, *arguments, **variables):
        return subprocess.run(self.command(*arguments), env=self.environment(**variables),
                              cwd=self.directory, text=True, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=60)

    def refused(self, status, *arguments, **variables):
        """Its one line on stderr, of a start that is refused."""
        result = self(*arguments, **variables)
        assert (result.returncode, result.stdout) == (status, ""), result
        line, = result.stderr.splitlines()
        assert line.startswith("curveshim-run: ")
        return line


@pytest.fixture(params=SHELLS)
def launch(request, tmp_path, certs):
    shell = SHELLS[request.param]
    if not pathlib.Path(shell[0]).exists():
        pytest.skip(f"{shell[0]} is not installed")
    return Launcher(shell, tmp_path, certs)


@pytest.fixture
def compile_c(tmp_path):
    def compiles(name, *options, compiler="gcc", code="int main(void){return 0;}"):
        if shutil.which(compiler) is None:
            pytest.skip(f"{compiler} is not installed")
        source = tmp_path / f"{name}.c"
        source.write_text(code, encoding="ascii")
        program = tmp_path / name
        subprocess.run([compiler, source, "-o", program, *options], check=True)
        return program
    return compiles
