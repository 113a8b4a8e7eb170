"""What callgrind writes down."""

import re


def own_cost(profile):
    """Instructions in all, and those in the library's own functions."""
    names, total, own, inside, is_call = {}, 0, 0, False, False
    for line in profile.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := re.fullmatch(r"(c?ob)=\((\d+)\)(?: (.*))?", line):
            names.setdefault(found[2], found[3])
            if found[1] == "ob":
                inside = names[found[2]].endswith("libcurveshim.so")
        elif line.startswith("calls="):
            is_call = True
        elif found := re.fullmatch(r"[+*-]?\d* (\d+)", line):
            # The line after "calls=" is what the callee spent.
            if not is_call:
                total += int(found[1])
                own += int(found[1]) * inside
            is_call = False
    return total, own
