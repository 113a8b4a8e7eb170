"""The system of a compose file in containers of namespaces, run as `docker compose` runs it."""

import os
import re
import subprocess
import time

import yaml

from . import container, system

KNOWN = {"build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image",
         "network_mode", "read_only", "restart", "security_opt", "user", "volumes"}


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def merged(file, override):
    """What compose makes of two files, where each says something else."""
    for name, value in override.items():
        known = file.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            value = merged(known, value)
        elif isinstance(known, list):
            value = known + value
        file[name] = value
    return file


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]


class Compose(system.System):
    """`up` and the rest are what one types; see docker_engine.py for the same with an engine."""

    def __init__(self, path, release, base, directory, prebuilt=None):
        super().__init__(path.parent, release, base, directory, prebuilt)
        override = path.with_suffix(f".override{path.suffix}")
        self.file = merged(load(path), load(override)) if override.exists() else load(path)
        self.services = self.file["services"]
        self.addresses.update({name: self.bridge.address() for name in self.services})

    # --- From the file to settings ------------------------------------------------------------

    def _image(self, service):
        build = service.get("build")
        if build is None:
            return self.images[service["image"]]
        return self.last_image if isinstance(build, str) else self.images[build["target"]]

    def volume(self, name):
        """A named volume. Made as an engine makes it: the first container's image says whose."""
        return self.directory / "volumes" / name

    def _new_volume(self, name, picture, target):
        path = self.volume(name)
        path.mkdir(parents=True)
        status = picture.find(target).stat()
        os.chown(path, status.st_uid, status.st_gid)
        path.chmod(status.st_mode & 0o7777)

    def _mount(self, volume, picture):
        if isinstance(volume, str):
            source, target, *mode = volume.split(":")
            volume = {"type": "bind" if "/" in source else "volume", "source": source,
                      "target": target, "read_only": mode == ["ro"]}
        if volume["type"] == "bind":
            source = self.context / volume["source"]
        else:
            assert volume["source"] in self.file["volumes"]
            if not self.volume(volume["source"]).exists():
                self._new_volume(volume["source"], picture, volume["target"])
            source = self.volume(volume["source"]) / volume.get("volume", {}).get("subpath", "")
        return str(source), volume["target"], volume.get("read_only", False)

    def settings(self, service):
        assert not set(service) - KNOWN, f"not carried out by these tests: {set(service) - KNOWN}"
        picture = self._image(service)
        uid, gid = map(int, service.get("user", "0:0").split(":"))
        assert service.get("cap_drop", ["ALL"]) == ["ALL"]
        assert set(service.get("security_opt", [])) <= {"no-new-privileges:true"}
        return container.Settings(
            layers=picture.layers, command=picture.entrypoint + service["command"],
            uid=uid, gid=gid, groups=(gid,), environment=service.get("environment", {}),
            read_only=service.get("read_only", False), drop_capabilities="cap_drop" in service,
            no_new_privileges="security_opt" in service,
            mounts=[self._mount(volume, picture) for volume in service.get("volumes", [])])

    # --- What one types -----------------------------------------------------------------------

    def run(self, name):
        """A service that is to end."""
        service = self.services[name]
        started = self.new(name, self.settings(service),
                            None if service.get("network_mode") == "none" else self.addresses[name])
        started.wait()
        return subprocess.CompletedProcess(service["command"], started.process.returncode,
                                           "\n".join(started.lines), "\n".join(started.errors))

    def start(self, name):
        service = self.services[name]
        for other, needs in service.get("depends_on", {}).items():
            assert needs == {"condition": "service_completed_successfully"}
            if other not in self.containers:
                self.containers[other] = self.run(other)
            ended = self.containers[other]
            assert ended.returncode == 0, ended.stderr
        self.containers[name] = self.new(name, self.settings(service), self.addresses[name])

    def again(self, name, subpath):
        """The container of a service, with certificates from another place in the volume."""
        settings = self.settings(self.services[name])
        (_, target, read_only), = settings.mounts
        settings.mounts = [(str(self.volume("certificates") / subpath), target, read_only)]
        return self.new(name, settings, self.addresses[name])

    def up(self):
        for name in self.agents():
            self.start(name)

    def agents(self):
        return [name for name, service in self.services.items() if "depends_on" in service]

    def healthy(self, name):
        """Whether the health check succeeds, before its retries are used up."""
        check = self.services[name]["healthcheck"]
        kind, *command = check["test"]
        assert kind == "CMD"
        for _ in range(check["retries"]):
            done = self.containers[name].run(*command)
            if done.returncode == 0:
                return
            time.sleep(seconds(check["interval"]))
        raise AssertionError(
            f"unhealthy: {done.stdout}{done.stderr}{self.containers[name].report()}")

    def fleet(self):
        return self.volume("certificates")
