"""If the authenticator ever ended early, its listeners must not become open."""

import shutil
import subprocess

import pytest

from .certs import pair

# Closes the authenticator's socket under its feet, from within its own thread.
CLOSE = """
python
import gdb
for thread in gdb.selected_inferior().threads():
    if thread.name == "curveshim-zap":
        thread.switch()
        frame = gdb.newest_frame()
        while frame.name() != "zap_serve":
            frame = frame.older()
        frame.select()
        gdb.execute("print server.lib->close(server.socket)")
end
detach
"""


def close_authenticator(program, tmp_path):
    script = tmp_path / "script.gdb"
    script.write_text(CLOSE, encoding="utf-8")
    done = subprocess.run(["gdb", "-nx", "-batch", "-p", str(program.process.pid), "-x",
                           str(script)], capture_output=True, text=True, check=False, timeout=60)
    if "$1 = 0" not in done.stdout:
        pytest.skip(f"gdb cannot do it here: {done.stderr[-300:]}")


@pytest.mark.parametrize("who", ["authorised", "unknown"])
def test_listeners_let_nobody_in_then(start, certs, peers, tmp_path, who):
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    program = start()
    program("a = bound('PULL'); to = where(a); b = connected('PUSH', to)")
    assert program("one_way(b, a)") == "ping"
    close_authenticator(program, tmp_path)
    down = program.log.wait("authenticator", state="down")
    assert down["level"] == "error"
    keys = certs.client if who == "authorised" else pair()
    peers.client("PUSH", program("to"), keys, certs.server.public).send(b"x")
    # It is started anew, and serves the old listeners too.
    if who == "authorised":
        assert program("a.recv().decode()") == "x"
    else:
        assert program("a.poll(2500)") == 0
    program("c = bound('PULL'); d = connected('PUSH', where(c))")
    assert program("one_way(d, c)") == "ping"
