"""curveshim-run --check says what would be done, and runs nothing."""

from harness import builds


def test_it_would_run(launch, certs, tmp_path):
    result = launch("--check", "touch", "made", LD_PRELOAD="libm.so.6")
    assert (result.returncode, result.stderr) == (0, "")
    assert not (tmp_path / "made").exists()
    for text in (f"library: {builds.SHIM}", f"certificates: {certs}", "as server: ", "as client: ",
                 "program: ", "preloaded by", f"LD_PRELOAD: libm.so.6:{builds.SHIM}",
                 "SECURE_ZMQ: 1", "verdict: touch made would be run, secured"):
        assert text in result.stdout, result.stdout


def test_without_a_program(launch):
    assert launch("--check").returncode == 0


def test_every_problem_is_named(launch, certs, compile_c):
    (certs / "server.key_secret").chmod(0o644)
    result = launch("--check", compile_c("static", "-static"), SECURE_ZMQ_IO_THREADS="0")
    assert result.returncode == 1
    refusals = [line for line in result.stdout.splitlines() if line.startswith("refused: ")]
    assert len(refusals) == 3 and "verdict: not secured" in result.stdout, refusals


def test_not_secured(launch):
    for variables in ({"SECURE_ZMQ": "0"}, {"SECURE_ZMQ": "audit"}):
        assert launch("--check", "/bin/true", **variables).returncode == 1
    assert launch("--check", "--audit", "/bin/true").returncode == 1
    assert launch("--check", "no-such-program").returncode == 1
