"""A bare root file system of another machine: its programs run under qemu's user-mode emulation, by a
registration that counts in a user namespace of the test's own."""

import pathlib
import subprocess

import pytest

from containers.container import WITH_US, Talker

QEMU = "/usr/bin/qemu-aarch64-static"
# What kind of file it is for; P: argv[0] stays, which busybox lives by; F: qemu is opened at once.
REGISTRATION = (r":aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:"
                r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"
                f"{QEMU}:PF")

SETUP = r"""
set -e
directory=$1 root=$2 registration=$3
shift 3
ip link set lo up
mount -t binfmt_misc none "$directory/binfmt"
printf %s "$registration" >"$directory/binfmt/register"
mount -t overlay none -o "lowerdir=$directory/mounts:$root" "$directory/root"
mount --rbind /proc "$directory/root/proc"
mount --rbind /dev "$directory/root/dev"
while [ $# -gt 0 ]; do
    mount --bind "$1" "$directory/root$2"
    shift 2
done
echo ready
exec cat
"""


class Machine:
    """One host, in a network of its own; `mounts` are pairs of (source, target)."""

    address = "127.0.0.1"

    def __init__(self, root, mounts, directory):
        if not pathlib.Path(QEMU).exists():
            pytest.skip(f"{QEMU} is not installed")
        for place in ("binfmt", "root", *(f"mounts{target}" for _, target in mounts)):
            (directory / place).mkdir(parents=True)
        self._root = directory / "root"
        self._process = subprocess.Popen(
            [*WITH_US, "unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-c", SETUP, "sh",
             str(directory), str(root), REGISTRATION, *(str(path) for pair in mounts for path in pair)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._process.stdout.readline() != "ready\n":
            reason = self._process.stderr.read().strip()
            self.close()
            pytest.skip(f"no emulation in a user namespace here: {reason}")
        self.namespace = f"/proc/{self._process.pid}/ns/net"

    def start(self, name, command, environment):
        host = Talker()
        host.address = self.address
        host.listen(name, subprocess.Popen(
            [*WITH_US, "nsenter", "--target", str(self._process.pid), "--user", "--mount", "--net",
             "chroot", str(self._root), *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return host

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()
