"""The places of libcurveshim that call what can fail, as its machine code has them: what scenarios can
reach at the most. Calls by pointer, as those of libzmq are, do not show there."""

import re
import subprocess

from harness import builds

from . import sites

# A call, or (of the last in a function) a jump; the latter shows under its caller's caller.
CALL = re.compile(r"^\s*[0-9a-f]+:\s.*\b(call|jmp|bl|b)\s+[0-9a-f]+ <(\w+)(@\S+)?@plt>")
ADDRESS = re.compile(r"^\s*([0-9a-f]+):")


def static_calls():
    """{(function, place)}, places as the faults' library counts them: where the call returns to."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", builds.SHIM], check=True,
                          capture_output=True, text=True).stdout
    found, called = set(), None
    for line in text.splitlines():
        address = ADDRESS.match(line)
        if called is not None and address is not None:
            found.add((called, address[1]))
        call = CALL.match(line)
        called = call[2] if call is not None and call[1] in ("call", "bl") else None
    return {(function, place) for function, place in found if function in sites.ERRORS}
