"""Containers without an engine: namespaces, an overlay as root, privileges dropped."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import pytest

from harness import agents

HERE = pathlib.Path(__file__).resolve().parent
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"]
# Nothing outlives the tests, however they end.
WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"]
DIRECTORIES = ("proc", "dev", "etc")


@dataclasses.dataclass
class Settings:
    """What a container engine would be told."""
    layers: list  # directories, the topmost first
    command: list
    environment: dict = dataclasses.field(default_factory=dict)
    uid: int = 0
    gid: int = 0
    groups: tuple = ()
    read_only: bool = False
    drop_capabilities: bool = False
    no_new_privileges: bool = False
    mounts: list = dataclasses.field(default_factory=list)  # (source, target, read-only)
    tmpfs: list = dataclasses.field(default_factory=list)
    upper: str = None  # where it writes; by default nobody looks there


class Talker:
    """What says things on its output and standard error: `process` is whom to read from."""

    def listen(self, name, process):
        self.name, self.process = name, process
        self.lines, self.errors = [], []
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((process.stdout, self.lines), (process.stderr, self.errors))]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def running(self):
        return self.process.poll() is None

    def wait(self, patience=agents.PATIENCE):
        status = self.process.wait(timeout=patience)
        for reader in self._readers:
            reader.join()
        return status

    def close(self):
        self.process.kill()
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def says(self, text, since=0):
        """Waits for a line on its output that comes after the first `since`."""
        assert agents.wait_until(lambda: any(text in line for line in self.lines[since:])), \
            f"{self.name} does not say {text!r}: {self.report()}"

    def complains(self, text, since=0):
        """The same on its standard error."""
        assert agents.wait_until(lambda: any(text in line for line in self.errors[since:])), \
            f"{self.name} does not complain of {text!r}: {self.report()}"

    def report(self):
        return (f"{self.name}: exit status {self.process.poll()}, said {self.lines[-20:]}, "
                f"errors {self.errors[-20:]}")


class Container(Talker):
    """Runs from its construction on. Its output is read as it comes."""

    def __init__(self, name, settings, directory, network=None, hosts=""):
        self.settings, self.directory = settings, pathlib.Path(directory)
        self.address = network and network["address"]
        self.directory.mkdir(parents=True)
        self._execs = 0
        spec = {**self._privileges(), "name": name, "join": None, "network": network,
                "layers": [self._runtime_layer(hosts), *map(str, settings.layers)],
                "read_only": settings.read_only, "mounts": settings.mounts,
                "tmpfs": settings.tmpfs, "command": settings.command,
                "environment": self._environment(name), "pid_file": str(self._pid_file()),
                "mount_point": self._subdirectory("root"), "work": self._subdirectory("work"),
                "upper": settings.upper or self._subdirectory("upper")}
        self.listen(name, subprocess.Popen(
            [*WITH_US, *NAMESPACES, sys.executable, str(HERE / "inside.py"), self._write(spec)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace"))

    def _subdirectory(self, name):
        path = self.directory / name
        path.mkdir()
        return str(path)

    def _pid_file(self):
        path = self.directory / "pid"
        path.touch()
        return path

    def _write(self, spec):
        path = self.directory / f"spec-{self._execs}.json"
        path.write_text(json.dumps(spec), encoding="utf-8")
        return str(path)

    def _privileges(self):
        return {name: getattr(self.settings, name) for name in
                ("uid", "gid", "groups", "drop_capabilities", "no_new_privileges")}

    def _environment(self, name):
        return {"PATH": PATH, "HOSTNAME": name, "HOME": "/", **self.settings.environment}

    def _runtime_layer(self, hosts):
        """What an engine puts into every container, and where it mounts things."""
        layer = self.directory / "runtime"
        places = {target: source for source, target, _ in self.settings.mounts}
        for target in (*DIRECTORIES, *self.settings.tmpfs, *places):
            place = layer / target.lstrip("/")
            if os.path.isfile(places.get(target, "/")):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            else:
                place.mkdir(parents=True, exist_ok=True)
        (layer / "etc" / "hosts").write_text(f"127.0.0.1 localhost\n{hosts}", encoding="ascii")
        return str(layer)

    @property
    def pid(self):
        """Of its first process, once the container is complete."""
        file = self.directory / "pid"
        agents.wait_until(lambda: file.stat().st_size or not self.running())
        assert self.running(), self.report()
        return int(file.read_text(encoding="ascii"))

    def run(self, *command, patience=agents.PATIENCE, **environment):
        """One more process in it, as `docker exec` starts it."""
        self._execs += 1
        spec = self._write({**self._privileges(), "join": self.pid, "command": command,
                            "environment": {**self._environment(self.name), **environment}})
        return subprocess.run([*WITH_US, sys.executable, str(HERE / "inside.py"), spec], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=patience,
                              check=False)

    def stop(self):
        if self.running():
            os.kill(self.pid, signal.SIGTERM)
        return self.wait()


class Bridge:
    """The network that containers share, in a network namespace of its own."""

    SUBNET = "10.77.0"

    def __init__(self):
        self._last = 1
        self.process = subprocess.Popen(
            [*WITH_US, "unshare", "--net", "sh", "-c",
             "ip link set lo up && ip link add name bridge type bridge && ip link set bridge up && "
             "echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n", "no bridge"
        self.namespace = f"/proc/{self.process.pid}/ns/net"

    def address(self):
        self._last += 1
        return f"{self.SUBNET}.{self._last}"

    def port(self, address):
        self._last += 1
        return {"namespace": self.namespace, "address": address, "port": f"port{self._last}"}

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def require():
    """Skips where containers can't be made."""
    if os.geteuid() != 0:
        pytest.skip("containers: needs root")
    probe = [*NAMESPACES, "sh", "-c", "mount -t tmpfs none /mnt && mkdir /mnt/a /mnt/b /mnt/c && "
             "mount -t overlay -o lowerdir=/mnt/a:/mnt/b none /mnt/c && "
             "ip link add name bridge type bridge && ip link add veth0 type veth peer name veth1"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"containers: {error}")
    if done.returncode != 0:
        pytest.skip(f"containers: no namespaces, overlays or bridges here: {done.stderr.strip()}")
