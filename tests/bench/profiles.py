"""Runs a program under callgrind, and reads what that writes down."""

import collections
import re


def counted(path):
    """What goes in front of a command whose profile is to be in a file."""
    return ("valgrind", "--tool=callgrind", f"--callgrind-out-file={path}", "--compress-pos=no")


def costs(path):
    """Counter of (object, function): instructions executed there, without what it calls."""
    names, here, found, is_call = {}, {"ob": "", "fn": ""}, collections.Counter(), False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.fullmatch(r"c?(ob|fn)=\((\d+)\)(?: (.*))?", line):
            kind, number, name = match.groups()
            names.setdefault((kind, number), name)
            if not line.startswith("c"):
                here[kind] = names[kind, number]
        elif line.startswith("calls="):
            is_call = True
        elif match := re.fullmatch(r"[+*-]?\d* (\d+)", line):
            # The line after "calls=" is what the callee spent.
            if not is_call:
                found[here["ob"], here["fn"]] += int(match[1])
            is_call = False
    return found


def with_callees(path):
    """Counter of function: instructions executed there and in what it calls; of those that call
    themselves too many."""
    names, here, found = {}, "", collections.Counter()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.fullmatch(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
            name = names.setdefault(match[2], match[3])
            here = here if match[1] else name
        elif match := re.fullmatch(r"[+*-]?\d* (\d+)", line):
            found[here] += int(match[1])
    return found


def own_cost(path):
    """Instructions in all, and those in the library's own functions."""
    found = costs(path)
    return sum(found.values()), sum(cost for (file, _), cost in found.items()
                                    if file.endswith("libcurveshim.so"))
