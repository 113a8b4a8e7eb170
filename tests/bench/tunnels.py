"""Tunnels in front of plain agents: each listens where the client connects, on this machine."""

import contextlib
import itertools
import os
import pathlib
import random
import shutil
import socket
import subprocess
import time

from . import network, processes


# Below those that the kernel gives to whoever asks for any.
PORTS = itertools.count(random.randrange(15000, 25000))


def free_port():
    for port in PORTS:
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port


def wait_for(port, patience=20):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.01)
    raise TimeoutError(f"nobody listens on port {port}")


class Tunnel:
    """`port` is where to connect instead of `target`."""

    program = ""

    def __init__(self, directory, target):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.processes = []
        self.port = free_port()
        self.start(target, free_port())
        wait_for(self.port)
        self.spent = processes.Spent(processes.tree(process.pid for process in self.processes))

    @classmethod
    def is_here(cls):
        return shutil.which(cls.program, path=os.environ["PATH"] + ":/usr/sbin") is not None

    def start(self, target, between):
        raise NotImplementedError

    def run(self, *command):
        log = open(self.directory / f"{self.program}.log", "ab")
        with log:
            self.processes.append(subprocess.Popen([*network.ENDS_WITH_US, *map(str, command)],
                                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def file(self, name, text, mode=0o600):
        path = self.directory / name
        path.write_text(text, encoding="ascii")
        path.chmod(mode)
        return path

    def cpu_seconds(self):
        """So far, of all of its processes."""
        return self.spent.sum()

    def close(self):
        """Not by SIGTERM, at which spiped takes most of a second."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


class Stunnel(Tunnel):
    program = "stunnel"

    def start(self, target, between):
        secrets = self.file("psk", "bench:" + os.urandom(32).hex() + "\n")
        common = f"foreground = yes\npid =\ndebug = 3\nPSKsecrets = {secrets}\nciphers = PSK\n"
        server = self.file("server.conf", f"{common}[bench]\naccept = 127.0.0.1:{between}\n"
                                          f"connect = 127.0.0.1:{target}\n")
        client = self.file("client.conf", f"{common}[bench]\nclient = yes\n"
                                          f"accept = 127.0.0.1:{self.port}\n"
                                          f"connect = 127.0.0.1:{between}\n")
        self.run("stunnel", server)
        wait_for(between)
        self.run("stunnel", client)


class Spiped(Tunnel):
    program = "spiped"
    AT_ONCE = "500"  # connections; a hundred, unless it is told

    def start(self, target, between):
        key = self.directory / "key"
        key.write_bytes(os.urandom(32))
        self.run("spiped", "-F", "-d", "-n", self.AT_ONCE, "-s", f"[127.0.0.1]:{between}",
                 "-t", f"[127.0.0.1]:{target}", "-k", key)
        wait_for(between)
        self.run("spiped", "-F", "-e", "-n", self.AT_ONCE, "-s", f"[127.0.0.1]:{self.port}", "-t",
                 f"[127.0.0.1]:{between}", "-k", key)


class Ssh(Tunnel):
    program = "sshd"

    def start(self, target, between):
        for name in ("host", "user"):
            (self.directory / name).unlink(missing_ok=True)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            self.directory / name], check=True)
        self.file("authorized", (self.directory / "user.pub").read_text("ascii"))
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        config = self.file("sshd.conf", f"""
            ListenAddress 127.0.0.1
            Port {between}
            HostKey {self.directory}/host
            AuthorizedKeysFile {self.directory}/authorized
            StrictModes no
            UsePAM no
            PidFile none
            PasswordAuthentication no
            """)
        self.run(shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D", "-e", "-f", config)
        wait_for(between)
        self.run("ssh", "-N", "-F", "none", "-i", self.directory / "user", "-p", between,
                 "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                 "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes",
                 "-L", f"127.0.0.1:{self.port}:127.0.0.1:{target}", "127.0.0.1")
