"""Large programs that use no ZeroMQ behave the same under the library, switched on."""

import glob
import os
import pwd
import re
import shutil
import subprocess
import sys

import pytest
from harness import builds

pytestmark = pytest.mark.slow

REPOSITORY = builds.REPOSITORY
PYTHON_TESTS = ("test_socket test_subprocess test_threading test_selectors test_ctypes test_os "
                "test_fcntl").split()


def environment(shim):
    variables = {k: v for k, v in os.environ.items() if not k.startswith("SECURE_ZMQ")}
    variables.pop("LD_PRELOAD", None)
    if shim:
        variables.update(LD_PRELOAD=str(builds.preload()), SECURE_ZMQ="1")
    return variables


def run(command, shim, **options):
    return subprocess.run(command, env=environment(shim), text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200, **options)


def outcomes(report):
    """The outcome of each test of a verbose unittest run."""
    return sorted(re.findall(r"^(test\w+ \([\w.]+\)).*? \.\.\. (ok|FAIL|ERROR|skipped)", report,
                             re.MULTILINE))


@pytest.mark.parametrize("name", PYTHON_TESTS)
def test_python_regression_tests(tmp_path, name):
    pytest.importorskip(f"test.{name}", reason="Debian's libpython3.11-testsuite is not installed")
    command = ["/usr/bin/python3", "-m", "test", "-v", "-i", "*VSOCK*", name]
    plain, shimmed = (outcomes(run(command, shim, cwd=tmp_path).stdout) for shim in (False, True))
    assert len(plain) > 5
    assert shimmed == plain


def postgres(program):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    return found[-1]


def as_other_user(directory):
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    shutil.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture
def open_directory(tmp_path_factory):
    """A directory that another user can reach: pytest's own are private."""
    directory = f"/tmp/curveshim-postgres-{os.getpid()}"
    os.mkdir(directory)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def test_postgresql(open_directory):
    results = []
    if not os.access(builds.preload(), os.R_OK):
        pytest.skip("the library cannot be read by another user")
    library = os.path.join(open_directory, "libcurveshim.so")
    shutil.copy(builds.SHIM, library)
    for shim in (False, True):
        data = os.path.join(open_directory, f"data-{shim}")
        os.mkdir(data)
        who = as_other_user(data)
        variables = environment(False)
        if shim:
            variables.update(LD_PRELOAD=library, SECURE_ZMQ="1")

        def step(*command):
            done = subprocess.run(command, env=variables, cwd=data, text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                                  **who)
            assert done.returncode == 0, done.stdout
            return done.stdout

        step(postgres("initdb"), "-D", "db", "-A", "trust", "-U", "owner", "--no-sync")
        step(postgres("pg_ctl"), "-D", "db", "-w", "-l", "log", "-o",
             f"-k {data} -c listen_addresses='' -F", "start")
        try:
            step(postgres("pgbench"), "-h", data, "-U", "owner", "-i", "-q", "-s", "2", "postgres")
            report = step(postgres("pgbench"), "-h", data, "-U", "owner", "-c", "4", "-j", "2",
                          "-t", "500", "postgres")
            total = step(postgres("psql"), "-h", data, "-U", "owner", "-Atc",
                         "select count(*) from pgbench_history", "postgres")
        finally:
            step(postgres("pg_ctl"), "-D", "db", "-w", "-m", "fast", "stop")
        results.append((re.findall(r"number of .*: .*", report), total))
        assert "ERROR" not in open(os.path.join(data, "log"), encoding="utf-8").read()
    assert results[0] == results[1]
    assert results[0][1] == "2000\n"


def test_git_clone_and_a_parallel_build(tmp_path):
    def files(directory):
        return sorted(os.path.relpath(os.path.join(at, name), directory)
                      for at, _, names in os.walk(directory) for name in names
                      if not name.endswith((".pyc", ".bin", ".dat", ".log", ".json")))

    trees = []
    for shim in (False, True):
        clone = tmp_path / f"clone-{shim}"
        for command in (["git", "clone", "-q", "--no-local", str(REPOSITORY), str(clone)],
                        ["meson", "setup", str(clone / "build"), str(clone)],
                        ["ninja", "-C", str(clone / "build"), "shim/libcurveshim.so",
                         "certs/curveshim-cert", "shim/curveshim-check"]):
            done = run(command, shim, cwd=tmp_path)
            assert done.returncode == 0, done.stdout
        trees.append(clone)
    listed = [[f for f in files(tree) if not f.startswith(".git/")] for tree in trees]
    assert listed[0] == listed[1]
    objects = [f for f in listed[0] if f.endswith(".o")]
    assert len(objects) > 60
    for name in ("README.md", "shim/secure.c"):
        assert (trees[0] / name).read_bytes() == (trees[1] / name).read_bytes()
    assert run([sys.executable, "-c", "pass"], True).stdout == ""
