"""Shows the same two unmodified agents without and with SECURE_ZMQ=1, through a recording relay.

Exit status 1 when what was to be shown did not happen."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import builds, zmtp  # noqa: E402
from harness.agents import Agent, environment  # noqa: E402
from harness.relay import Relay  # noqa: E402

PYTHON_AGENT = ("/usr/bin/python3", str(builds.AGENTS / "agent.py"))
C_AGENT = (str(builds.C_AGENT),)

PAYLOAD = "the safe is behind the painting"
COUNT = 2
REFUSED_AFTER = 2
BYTES_PER_LINE, DUMP_LINES = 8, 7
COLUMN = 36


class Scene:
    """A server and a client, one after the other, and what passed between them."""

    def __init__(self, directory, server_env, client_env, client_command=C_AGENT, patience=10):
        server = Agent([*PYTHON_AGENT, "--mode", "server", "--bind", "tcp://127.0.0.1:*"],
                       server_env, directory)
        try:
            with Relay(server.endpoint()) as relay:
                self.client = Agent(
                    [*client_command, "--mode", "client", "--payload", PAYLOAD,
                     "--count", str(COUNT), "--timeout", str(patience),
                     "--connect", relay.endpoint], client_env, directory)
                try:
                    self.client.wait()
                finally:
                    self.client.kill()
                server.stop()
                self.wire = relay
        finally:
            server.kill()
        self.server = server

    def stream(self, side):
        """What that side said on the connection on which it said most."""
        said = [bytes(getattr(c, side)) for c in self.wire.conversations]
        return max(said, key=len, default=b"")

    def mechanism(self, side):
        """Of the first complete greeting; who is hung up on may never complete one."""
        said = [zmtp.mechanism(getattr(c, side)) for c in self.wire.conversations]
        return next(filter(None, said), "nothing")

    def readable(self):
        return PAYLOAD.encode() in self.wire.bytes_seen()


def hexdump(data):
    for start in range(0, min(len(data), BYTES_PER_LINE * DUMP_LINES), BYTES_PER_LINE):
        line = data[start:start + BYTES_PER_LINE]
        text = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in line)
        yield f"{line.hex(' '):<{3 * BYTES_PER_LINE}} {text}"


def row(label, *cells):
    print("  " + f"{label:<18}" + "".join(f"{cell:<{COLUMN}}" for cell in cells).rstrip())


def compare(plain, secured):
    both = (plain, secured)
    row("", "without", "with SECURE_ZMQ=1")
    row("", "-" * (COLUMN - 2), "-" * (COLUMN - 2))
    row("server received", *(f"{len(s.server.received())} messages" for s in both))
    row("client received", *(f"{len(s.client.received())} replies" for s in both))
    row("client greets", *(s.mechanism("connector") for s in both))
    row("server greets", *(s.mechanism("binder") for s in both))
    row("text readable", *("yes" if s.readable() else "no" for s in both))
    labels = iter(("client's first", "message, as seen", "on the wire"))
    dumps = [list(hexdump(zmtp.after_handshake(s.stream("connector")))) for s in both]
    print()
    for cells in zip(*dumps):
        row(next(labels, ""), *cells)


def report_refused(label, scene):
    received = len(scene.server.received()) + len(scene.client.received())
    print(f"  {label:<30}greets with {scene.mechanism('connector')}: "
          f"{'refused, no message passed' if received == 0 else 'NOT REFUSED'}")


def curveshim_cert(*arguments):
    subprocess.run([str(builds.CURVESHIM_CERT), *map(str, arguments)], check=True,
                   stdout=subprocess.DEVNULL)


def check(plain, secured, refused):
    complete = all(len(s.client.received()) == COUNT for s in (plain, secured))
    encrypted = plain.readable() and not secured.readable() and {
        secured.mechanism("connector"), secured.mechanism("binder")} == {"CURVE"}
    return complete and encrypted and not any(
        s.client.received() or s.server.received() or s.readable() for s in refused)


def demonstrate(directory):
    certs, strange = directory / "certificates", directory / "strange"
    curveshim_cert("init", certs)
    curveshim_cert("init", strange)
    shutil.copy(certs / "server.key", strange / "server.key")
    secure = environment(shim=True, certs=certs)
    unknown = environment(shim=True, certs=strange)

    print(f'\nThe server is Python (pyzmq), the client is C. It sends "{PAYLOAD}".\n')
    plain = Scene(directory, environment(), environment())
    secured = Scene(directory, secure, secure)
    compare(plain, secured)

    print("\nWho was refused by the server with SECURE_ZMQ=1:\n")
    plaintext = Scene(directory, secure, environment(), patience=REFUSED_AFTER)
    stranger = Scene(directory, secure, unknown, PYTHON_AGENT, patience=REFUSED_AFTER)
    report_refused("a plaintext client", plaintext)
    report_refused("a client with an unknown key", stranger)
    print("\nWhat the server said on stderr about the last one:\n")
    for line in stranger.server.errors:
        print(f"  {line}")
    return check(plain, secured, (plaintext, stranger))


def main():
    with tempfile.TemporaryDirectory(prefix="curveshim-") as directory:
        if demonstrate(pathlib.Path(directory)):
            return 0
    print("\nThis is not what was to be shown: something is wrong.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
