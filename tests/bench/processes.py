"""What processes use of the machine, theirs and their children's."""

import contextlib
import os
import pathlib
import time

SCHEDULED = 2  # which of a process's clocks


def tree(pids):
    """Those, and whom they have started by now, such as sshd one for each connection."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text("utf-8", "replace").rsplit(")")[-1].split()[1])
        except OSError:  # it has ended
            continue
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu_seconds(pid):
    """So far, of all of its threads; as precise as the scheduler knows."""
    return time.clock_gettime(~pid << 3 | SCHEDULED)


class Spent:
    """CPU seconds of several, of whom some may have ended since: what these had spent stays."""

    def __init__(self, pids):
        self.seconds = dict.fromkeys(pids, 0.0)

    def sum(self):
        for pid in self.seconds:
            with contextlib.suppress(OSError):
                self.seconds[pid] = cpu_seconds(pid)
        return sum(self.seconds.values())


def resident(pid):
    """Bytes that are not a file's."""
    fields = pathlib.Path(f"/proc/{pid}/statm").read_text("ascii").split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")
