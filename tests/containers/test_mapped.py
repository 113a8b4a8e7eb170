"""The compose file's agents in clear under SECURE_ZMQ=audit: their logs draft the file that it comes with."""

import shutil
import subprocess

import pytest

from harness import builds

from . import compose, container, stand_in
from .conftest import EXAMPLES
from .test_system import flows

pytestmark = pytest.mark.xdist_group("containers")
AGENTS = ("wake", "display", "recorder", "transcriber", "brain")


@pytest.fixture(scope="module")
def audited(place):
    """No certificates, no volumes: the two variables only."""
    container.require()
    context = shutil.copytree(EXAMPLES, place / "audited" / "docker")
    tarball = stand_in.tarball(context.parent)
    system = compose.Compose(context / "compose.yaml", tarball, "/", context.parent)
    try:
        for name in AGENTS:
            service = system.services[name]
            del service["depends_on"], service["volumes"]
            service["environment"].update(SECURE_ZMQ="audit", SECURE_ZMQ_LOG_FORMAT="json")
            system.start(name)
        flows(system)
        yield system
    finally:
        system.down()


def sections(text):
    """{agent: {(verb, endpoint)}} of what counts in a fleet file."""
    found = {}
    for line in (line.partition("#")[0].split() for line in text.splitlines()):
        if line and line[0].startswith("["):
            agent = found.setdefault(line[0].strip("[]"), set())
        elif line:
            agent.add((line[0], line[2] if line[0] == "connect" and len(line) > 2 else line[1]))
    return found


@pytest.mark.parametrize("line", ["{name}-1  | {line}", "{line}"], ids=["compose", "plain"])
def test_the_draft_is_the_file_of_the_example(audited, line):
    logs = "".join(line.format(name=name, line=said) + "\n"
                   for name in AGENTS for said in audited.containers[name].errors)
    done = subprocess.run([builds.CURVESHIM_CERT, "fleet", "--from-log", "-"], input=logs, text=True,
                          capture_output=True, check=True)
    assert done.stderr == ""
    example = sections((EXAMPLES / "fleet.conf").read_text(encoding="utf-8"))
    # Nobody asked after its health.
    example["brain"].remove(("connect", "tcp://brain:5552"))
    assert sections(done.stdout) == example
