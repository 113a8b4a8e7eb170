"""The system of a compose file with a Docker engine, where there is one: the same as compose.py."""

import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from harness import agents

from . import certificates, compose, container

# Images are fetched and built.
PATIENCE = 600


def docker(*words, patience=PATIENCE, check=True):
    done = subprocess.run(["docker", *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=patience, check=False)
    assert done.returncode == 0 or not check, f"docker {' '.join(words)}: {done.stderr}"
    return done


def require():
    """Volumes with a subpath need version 26."""
    if shutil.which("docker") is None:
        pytest.skip("docker: not installed")
    version = docker("version", "--format", "{{.Server.Version}}", check=False).stdout.strip()
    if not version or int(version.partition(".")[0]) < 26:
        pytest.skip(f"docker: no engine of version 26 or newer {version}")
    if docker("compose", "version", check=False).returncode != 0:
        pytest.skip("docker: no compose")


def environment_options(environment):
    return [word for item in environment.items() for word in ("--env", "=".join(item))]


class Container(container.Talker):
    def __init__(self, name, identifier):
        self.identifier = identifier
        networks, = json.loads(docker("inspect", "--format", "[{{json .NetworkSettings.Networks}}]",
                                      identifier).stdout)
        self.address = next((each["IPAddress"] for each in networks.values()), None)
        self.listen(name, subprocess.Popen(
            ["docker", "logs", "--follow", identifier], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace"))

    def run(self, *command, **environment):
        options = environment_options(environment)
        return docker("exec", *options, self.identifier, *command, check=False)

    def stop(self):
        docker("stop", self.identifier)
        return self.wait()

    def close(self):
        docker("rm", "--force", self.identifier)
        super().close()


class Compose:
    wire = None  # no place to look on from

    def __init__(self, path, release, directory):
        self.file, self.context, self.directory = compose.load(path), path.parent, directory
        shutil.copy(release, self.context)
        self.project = f"curveshim-test-{os.getpid()}"
        self.services = self.file["services"]
        self.containers, self._strangers = {}, []

    def _compose(self, *words, check=True):
        return docker("compose", "--project-name", self.project, "--project-directory",
                      str(self.context), *words, check=check)

    def agents(self):
        return [name for name, service in self.services.items() if "depends_on" in service]

    def volume(self, name):
        name = f"{self.project}_{name}"
        place = docker("volume", "inspect", "--format", "{{.Mountpoint}}", name)
        return pathlib.Path(place.stdout.strip())

    def run(self, name):
        return self._compose("run", "--rm", name, check=False)

    def start(self, name):
        self._compose("up", "--detach", "--no-deps", name)
        self._follow(name)

    def _follow(self, name):
        self.containers[name] = Container(name, self._compose("ps", "--quiet", name).stdout.strip())

    def up(self):
        # As a user would, and what the strangers run.
        docker("build", "--target", "agents", "--tag", f"{self.project}-agents", str(self.context))
        self._compose("up", "--build", "--detach")
        for name in self.agents():
            self._follow(name)

    def healthy(self, name):
        def status():
            return docker("inspect", "--format", "{{.State.Health.Status}}",
                          self.containers[name].identifier).stdout.strip()
        assert agents.wait_until(lambda: time.sleep(0.2) or status() == "healthy"), \
            self.containers[name].report()

    def _stranger(self, *words):
        identifier = docker("run", "--detach", "--network", f"{self.project}_default", *words)
        self._strangers.append(Container("stranger", identifier.stdout.strip()))
        return self._strangers[-1]

    def again(self, name, subpath):
        """The container of a service, with certificates from another place in the volume."""
        service = self.services[name]
        volume = (f"type=volume,source={self.project}_certificates,volume-subpath={subpath},"
                  f"readonly,target={service['volumes'][0]['target']}")
        options = environment_options(service["environment"])
        return self._stranger("--user", service["user"], "--read-only", "--mount", volume,
                              *options, service["image"], *service["command"])

    def stranger(self, code, poses_as=None, secured=False, mounts=()):
        options = [word for source, target, _ in mounts
                   for word in ("--volume", f"{source}:{target}:ro")]
        if poses_as:
            options += ["--network-alias", poses_as]
        picture = self.services["brain"]["image"] if secured else f"{self.project}-agents"
        return self._stranger(*options, picture, "python3", "-u", "-c", code)

    def fleet(self):
        return self.volume("certificates")

    def forged_certificates(self):
        return certificates.forged(self.directory, self.fleet())

    def down(self):
        for each in (*self._strangers, *self.containers.values()):
            each.close()
        self._compose("down", "--volumes", check=False)
