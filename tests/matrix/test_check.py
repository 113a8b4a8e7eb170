"""curveshim-check has an answer for every row of the matrix, and it is the right one."""

import subprocess

import pytest

from harness import builds

from . import rows

CURVESHIM_CHECK = builds.BUILD / "shim" / "curveshim-check"
SECURED, NOT_SECURED = 0, 1
ROWS = [(row, SECURED) for row in rows.SECURED] + [
    (row, NOT_SECURED) for row in (rows.WITHOUT_CURVE, *rows.BLOCKED)] + [
    (rows.Row(name, ("true",), library), SECURED) for name, library in (
        ("libzmq", rows.LIBZMQ), ("czmq-library", "/usr/lib/*/libczmq.so.4"),
        ("ffmpeg", "/usr/bin/ffmpeg"), ("jupyter-run", "/usr/bin/jupyter-run"),
        ("rsyslog-omczmq", "/usr/lib/*/rsyslog/omczmq.so"),
        ("rsyslog-imczmq", "/usr/lib/*/rsyslog/imczmq.so"))]


@pytest.mark.parametrize("row, expected", ROWS, ids=str)
def test_file(row, expected):
    row.require()
    if not CURVESHIM_CHECK.exists():
        pytest.skip(f"{CURVESHIM_CHECK} is not built")
    result = subprocess.run([CURVESHIM_CHECK, row.target()], capture_output=True, text=True,
                            check=False)
    assert result.returncode == expected, result
