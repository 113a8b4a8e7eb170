"""As much of ZMTP 3 as an onlooker can read: the greeting, and the names of clear commands."""

import dataclasses

GREETING_SIZE = 64
SIGNATURE_SIZE = 10
HANDSHAKE = ("HELLO", "WELCOME", "INITIATE", "READY", "ERROR")

FLAG_LONG = 0x02
FLAG_COMMAND = 0x04


@dataclasses.dataclass(frozen=True)
class Greeting:
    version: int
    mechanism: str


def greeting(stream):
    """None while the greeting is not complete, ValueError when it is none."""
    stream = bytes(stream)
    if stream and (stream[0] != 0xFF or (len(stream) >= SIGNATURE_SIZE and stream[9] != 0x7F)):
        raise ValueError(f"not a ZMTP greeting: {stream[:16].hex(' ')}")
    if len(stream) < GREETING_SIZE:
        return None
    mechanism = stream[12:32].rstrip(b"\0").decode("ascii")
    return Greeting(stream[10], mechanism)


def mechanism(stream):
    found = greeting(stream)
    return found.mechanism if found else None


def extent(stream):
    """(where the body starts, its size) of the frame that the stream begins with."""
    if stream[0] & FLAG_LONG:
        return 9, int.from_bytes(stream[1:9], "big")
    return 2, stream[1]


def frames(stream):
    """(is a command, body) of each complete frame after the greeting."""
    stream = bytes(stream)[GREETING_SIZE:]
    while len(stream) >= 2:
        start, size = extent(stream)
        if len(stream) < start + size:
            return
        yield bool(stream[0] & FLAG_COMMAND), stream[start:start + size]
        stream = stream[start + size:]


def commands(stream):
    """The names of the handshake's commands, in order."""
    names = []
    for is_command, body in frames(stream):
        if not is_command or not body:
            break
        name = body[1:1 + body[0]].decode("ascii", errors="replace")
        if name not in HANDSHAKE:
            break
        names.append(name)
    return names


def after_handshake(stream):
    """What was said once the handshake's commands were through."""
    rest = bytes(stream)[GREETING_SIZE:]
    for _ in commands(stream):
        start, size = extent(rest)
        rest = rest[start + size:]
    return rest
