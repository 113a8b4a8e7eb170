"""What /proc tells of a process."""

import os
import pathlib

from harness.agents import wait_until

LISTENING = "0A"


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sockets(pid):
    """The inodes of its sockets."""
    found = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def listening_ports(pid):
    """Where it listens on 127.0.0.1."""
    inodes = sockets(pid)
    rows = [line.split() for line in
            pathlib.Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sorted(int(row[1].split(":")[1], 16) for row in rows
                  if row[3] == LISTENING and row[9] in inodes)


def endpoint(agent):
    """For programs that don't say where they listen: waits until they do."""
    pid = agent.process.pid
    assert wait_until(lambda: agent.process.poll() is not None or listening_ports(pid)), \
        agent.report()
    assert agent.process.poll() is None, agent.report()
    return f"tcp://127.0.0.1:{listening_ports(pid)[0]}"
