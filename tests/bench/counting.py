"""Counts instructions: exact, whatever else the machine does, so that several can be counted at once."""

import concurrent.futures
import os
import re
import subprocess


def instructions(command, env, wait=lambda: None):
    """Of a program whose input ends when wait returns."""
    with subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           *command], env=dict(env, PATH="/usr/bin:/bin"), stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        wait()
        process.stdin.close()
        return int(re.search(r"Collected : (\d+)", process.stderr.read()).group(1))


def at_once(count, work):
    """[count(each)]: of what is counted and not timed, several at a time."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        return list(workers.map(count, work))
