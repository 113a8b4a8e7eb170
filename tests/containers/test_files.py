"""The files of scripts/docker, checked by those who define what they may say."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from harness import builds, certificates

from . import image
from .conftest import EXAMPLES

COMPOSE = sorted(builds.REPOSITORY.glob(".agents/compose-*/cmd"))
KUBERNETES = sorted(builds.REPOSITORY.glob(".venvs/kubernetes-*/bin/kubernetes-validate"))
UNIT = EXAMPLES / "curveshim-agent@.service"
MOST_EXPOSURE = 1.5  # of 10, as systemd counts


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, **options)


def changed(directory, name, old, new):
    """A copy of the examples in which one file says something else."""
    copy = shutil.copytree(EXAMPLES, directory / "docker")
    before = (copy / name).read_text(encoding="utf-8")
    assert old in before
    (copy / name).write_text(before.replace(old, new), encoding="utf-8")
    return copy / name


def compose_parser():
    if not COMPOSE:
        pytest.skip("compose file: its parser is not installed, see scripts/setup-checkers")
    return COMPOSE[-1]


def test_compose_file():
    done = run(compose_parser(), EXAMPLES / "compose.yaml")
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {
        "security-setup", "wake", "display", "recorder", "transcriber", "brain"}


def test_compose_file_as_docker_reads_it():
    if shutil.which("docker") is None or run("docker", "compose", "version").returncode != 0:
        pytest.skip("compose file: there is no docker compose")
    done = run("docker", "compose", "--file", EXAMPLES / "compose.yaml", "config", "--quiet")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("old, new, complaint", [
    ("cap_drop", "drop_cap", "drop_cap"), ("subpath: wake", "path: wake", "path"),
    ("service_completed_successfully", "service_completed", "service_completed")])
def test_compose_file_with_a_mistake(tmp_path, old, new, complaint):
    done = run(compose_parser(), changed(tmp_path, "compose.yaml", old, new))
    assert done.returncode != 0 and complaint in done.stderr


def kubernetes_validate(file):
    if not KUBERNETES:
        pytest.skip("Kubernetes manifest: no schemas, see scripts/setup-checkers")
    return run(KUBERNETES[-1], "--strict", file)


def test_kubernetes_manifest():
    done = kubernetes_validate(EXAMPLES / "kubernetes.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("old, new, complaint", [
    ("fsGroup:", "fs_group:", "fs_group"), ("runAsUser: 1", "runAsUser: a", "runAsUser")])
def test_kubernetes_manifest_with_a_mistake(tmp_path, old, new, complaint):
    done = kubernetes_validate(changed(tmp_path, "kubernetes.yaml", old, new))
    assert done.returncode != 0
    assert complaint in done.stdout + done.stderr


def test_image_in_two_lines():
    text = (EXAMPLES / "Dockerfile").read_text(encoding="utf-8")
    stage = text[text.index("FROM agents AS secured"):].strip().splitlines()[1:]
    assert [line.split()[0] for line in stage] == ["COPY", "ENTRYPOINT"]
    assert [word for word, _ in image.instructions(EXAMPLES / "Dockerfile")].count("FROM") == 3


def test_agents_know_nothing_of_curve():
    programs = list((EXAMPLES / "agents").glob("*.py"))
    assert len(programs) == 6
    for program in programs:
        assert not re.search("curve|secure|certificate", program.read_text(encoding="utf-8"), re.I)


def test_agents_do_what_the_fleet_file_says(tmp_path):
    """Which is why each gets the certificates that it needs, and no other."""
    said = certificates.curveshim_cert("fleet", EXAMPLES / "fleet.conf", tmp_path / "fleet").stdout
    assert "made" in said
    fleet = (EXAMPLES / "fleet.conf").read_text(encoding="utf-8")
    for name, section in re.findall(r"(?ms)^\[(\w+)\]\n(.*?)(?=^\[|\Z)", fleet):
        program = (EXAMPLES / "agents" / f"{name}.py").read_text(encoding="utf-8")
        if name == "brain":
            program += (EXAMPLES / "agents" / "ask.py").read_text(encoding="utf-8")
        assert set(re.findall(r"^(bind|connect) (\S+)", section, re.M)) == \
            set(re.findall(r'\.(bind|connect)\("(\S+)"\)', program)), name


def systemd_analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd unit: there is no systemd-analyze")
    return run("systemd-analyze", *words)


@pytest.fixture
def unit(tmp_path):
    """The unit, with the path of a curveshim-run that is there."""
    launcher = builds.REPOSITORY / "scripts" / "curveshim-run"
    text = UNIT.read_text(encoding="utf-8")
    assert "/usr/bin/curveshim-run" in text
    file = tmp_path / UNIT.name
    file.write_text(text.replace("/usr/bin/curveshim-run", str(launcher)), encoding="utf-8")
    return file


def test_unit(unit):
    done = systemd_analyze("verify", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_unit_with_a_mistake(unit):
    unit.write_text(unit.read_text(encoding="utf-8").replace("LimitCORE", "LimitCores"),
                    encoding="utf-8")
    assert "LimitCores" in systemd_analyze("verify", unit).stderr


def test_unit_is_confined(unit):
    done = systemd_analyze("security", "--offline=true", unit)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE


def allowed_calls():
    """What the unit's SystemCallFilter lets through."""
    def members(group):
        listed = systemd_analyze("syscall-filter", group).stdout.split("\n")
        found = {line.strip() for line in listed if line.startswith("    ") and "#" not in line}
        return {call for each in found for call in (members(each) if each[0] == "@" else {each})}

    calls = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(encoding="utf-8"), re.M):
        groups = set().union(*map(members, value.lstrip("~").split()))
        calls = calls - groups if value[0] == "~" else calls | groups
    return calls


def test_unit_allows_what_agents_do(certs, tmp_path):
    """Of the confinement what system calls show: their names, address families, writable code."""
    if shutil.which("strace") is None:
        pytest.skip("systemd unit: there is no strace")
    program = ("import zmq; c = zmq.Context(); a = c.socket(zmq.PULL); b = c.socket(zmq.PUSH);"
               "p = a.bind_to_random_port('tcp://127.0.0.1'); b.connect(f'tcp://localhost:{p}');"
               "b.send(b'x'); assert a.recv() == b'x'")
    trace = tmp_path / "trace"
    done = run("strace", "-f", "-o", trace, builds.REPOSITORY / "scripts" / "curveshim-run",
               "--library", builds.SHIM, "--certs", certs, "--", "/usr/bin/python3", "-c", program,
               env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    text = trace.read_text(encoding="utf-8", errors="replace")
    calls = set(re.findall(r"^\d+ +(\w+)\(", text, re.M))
    assert {"socket", "memfd_create", "execve"} <= calls
    allowed = allowed_calls()
    assert len(allowed) > 100 and calls - allowed == set()
    assert not re.search(r"PROT_[A-Z|_]*WRITE\|PROT_EXEC", text)
    families = re.search(r"^RestrictAddressFamilies=(.*)$", UNIT.read_text(encoding="utf-8"), re.M)
    assert set(re.findall(r"\bsocket\((\w+)", text)) <= set(families[1].split())
