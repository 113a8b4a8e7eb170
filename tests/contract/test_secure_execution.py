"""Contract, Environment: in a set-id program only SECURE_ZMQ counts."""

import os
import shutil

import pytest

from .program import PROGRAMS, environment, run

GROUP = 65534


@pytest.fixture
def program(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    copy = tmp_path / "program"
    shutil.copy(PROGRAMS / "secure_execution", copy)
    return copy


def set_id(program):
    os.chown(program, 0, GROUP)
    program.chmod(0o2755)


def test_the_helper_by_itself(tmp_path, certs, program):
    done = run([program], environment(certs, LD_PRELOAD=None), tmp_path)
    assert done.stdout == "secure=0 bind=ok\n"


def test_certificates_of_the_caller_are_not_used(tmp_path, certs, program):
    set_id(program)
    done = run([program], environment(certs, LD_PRELOAD=None, LOG_FORMAT=None), tmp_path)
    if "secure=0" in done.stdout:
        pytest.skip("set-id programs have no effect here")
    assert done.stdout == "secure=1 bind=Permission denied\n"
    assert "/etc/curveshim/certificates" in done.stderr and str(certs) not in done.stderr


@pytest.mark.parametrize("variables", [
    {"PLAINTEXT": "*"}, {"AUTHORIZED": "any"}, {"LOG": "{}/log"}, {"CERT": "misspelt"},
    {"PERMISSIONS": "nonsense"}])
def test_no_other_variable_counts(tmp_path, certs, program, variables):
    set_id(program)
    log = tmp_path / "log"
    variables = {k: v.format(tmp_path) for k, v in variables.items()}
    done = run([program], environment(certs, LD_PRELOAD=None, LOG_FORMAT="json", **variables),
               tmp_path)
    if "secure=0" in done.stdout:
        pytest.skip("set-id programs have no effect here")
    assert done.stdout == "secure=1 bind=Permission denied\n"
    line, = done.stderr.splitlines()
    assert not log.exists() and not line.startswith("{")
    assert "SECURE_ZMQ_CERT is not" not in line and "PERMISSIONS=" not in line


@pytest.mark.parametrize("value, outcome", [("0", "ok"), ("", "ok"), (None, "ok"),
                                            ("1", "Permission denied")])
def test_secure_zmq_itself_does(tmp_path, certs, program, value, outcome):
    set_id(program)
    done = run([program], environment(certs, LD_PRELOAD=None, SECURE_ZMQ=value), tmp_path)
    if "secure=0" in done.stdout:
        pytest.skip("set-id programs have no effect here")
    assert done.stdout == f"secure=1 bind={outcome}\n"
