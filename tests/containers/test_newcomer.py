"""README's way for those who have a docker-compose.yml with Python agents, walked word by word.

Its commands are run but for `docker` and scripts/dist: these are noted, and carried out with
containers of namespaces."""

import os
import re
import shutil
import subprocess

import pytest

from harness import agents, builds

from . import compose, container, image, stand_in
from .test_files import COMPOSE

pytestmark = pytest.mark.xdist_group("containers")
MOST_LINES = 25

THEIRS = {
    "Dockerfile": """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y python3-zmq
COPY app /app
""",
    "docker-compose.yml": """\
services:
  brain:
    build: .
    user: "1000:1000"
    command: ["python3", "/app/brain.py"]
  ear:
    build: .
    user: "1000:1000"
    command: ["python3", "/app/ear.py"]
""",
    "app/brain.py": """\
import zmq
socket = zmq.Context().socket(zmq.REP)
socket.bind("tcp://*:5555")
while True:
    socket.send(b"answer to " + socket.recv())
""",
    "app/ear.py": """\
import time
import zmq
socket = zmq.Context().socket(zmq.REQ)
socket.connect("tcp://brain:5555")
while True:
    socket.send(b"something heard")
    print(socket.recv().decode(), flush=True)
    time.sleep(0.5)
""",
}
NOTES = '#!/bin/sh\necho "$(basename "$0") $*" >>"$HOME/notes"\n'


def section():
    text = (builds.REPOSITORY / "README.md").read_text(encoding="utf-8")
    return re.search(r"(?ms)^## I have a docker-compose.yml.*?(?=^## )", text)[0].rstrip()


def test_length():
    assert section().count("\n") + 1 <= MOST_LINES


@pytest.fixture
def walked(tmp_path):
    """The user's home after the section's commands; in `notes` what was left to others."""
    clone = tmp_path / "clone"
    shutil.copytree(builds.REPOSITORY / "scripts" / "docker", clone / "scripts" / "docker")
    (tmp_path / "bin").mkdir()
    (clone / "build-dist").mkdir()
    stand_in.tarball(clone / "build-dist")
    for program in (clone / "scripts" / "dist", tmp_path / "bin" / "docker"):
        program.write_text(NOTES, encoding="ascii")
        program.chmod(0o755)
    for name, text in THEIRS.items():
        file = tmp_path / "my-agents" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    commands = re.search(r"(?ms)^```sh\n(.*)^```$", section())[1]
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-eu"], input=commands, cwd=clone, text=True, capture_output=True,
                          env=environment, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return tmp_path


def test_what_is_left_to_docker(walked):
    assert (walked / "notes").read_text(encoding="utf-8").splitlines() == [
        "dist --arch x86_64",
        "docker build --tag curveshim --target curveshim scripts/docker",
        "docker compose up --build --detach",
        "docker compose exec brain /opt/curveshim/bin/curveshim-check 1"]


def test_compose_files(walked):
    if not COMPOSE:
        pytest.skip("compose file: its parser is not installed, see scripts/setup-checkers")
    files = ("docker-compose.yml", "docker-compose.override.yml")
    done = subprocess.run([COMPOSE[-1], *files], cwd=walked / "my-agents", text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_walk(walked, place):
    container.require()
    context = walked / "clone" / "scripts" / "docker"
    release, = context.glob("*.tar.gz")
    (place / "built").mkdir()
    built = image.Builder(context, release, "/", place / "built").stages
    system = compose.Compose(walked / "my-agents" / "docker-compose.yml", release, "/", place,
                             {"curveshim": built["curveshim"]})
    try:
        system.up()
        brain, ear = system.containers["brain"], system.containers["ear"]
        ear.says("answer to something heard")
        answer = brain.run("/opt/curveshim/bin/curveshim-check", "1")
        assert answer.stdout.splitlines()[0] == "1: secured"
        assert system.wire.greeted("CURVE") and not system.wire.shows("something heard")
    finally:
        system.down()


def test_walk_in_clear_without(place, tmp_path):
    """Before: so the wire would have shown it."""
    container.require()
    for name, text in THEIRS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (place / "before").mkdir()
    system = compose.Compose(tmp_path / "docker-compose.yml", None, "/", place / "before")
    try:
        for name in system.services:
            system.start(name)
        system.containers["ear"].says("answer to something heard")
        assert agents.wait_until(lambda: system.wire.shows("something heard"))
    finally:
        system.down()
