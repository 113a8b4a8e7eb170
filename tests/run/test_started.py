"""What a program that curveshim-run starts gets, and gives back."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from harness import builds
from harness.agents import Agent, wait_until
from harness.exchange import Party, assert_complete, assert_curve_on_the_wire
from harness.runtimes import DEBIAN, Runtime

SHOW = ("/usr/bin/python3", "-c",
        "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))")


def shown(result):
    assert (result.returncode, result.stderr) == (0, ""), result
    return json.loads(result.stdout)


def test_environment(launch, certs):
    _, env = shown(launch(*SHOW))
    assert env["LD_PRELOAD"] == str(builds.SHIM)
    assert env["SECURE_ZMQ"] == "1"
    assert env["SECURE_ZMQ_CERTS"] == str(certs)


def test_arguments_arrive_unchanged(launch):
    arguments = ["", "a b", "*", "--check", "-x", "'\"$PATH\"", "line\nbreak", "--"]
    assert shown(launch("--", *SHOW, *arguments))[0] == arguments


def test_no_variable_is_needed(launch, certs):
    command = launch.command("--certs", certs, *SHOW)
    result = subprocess.run(command, env={}, cwd="/", text=True, capture_output=True, check=False)
    assert shown(result)[1]["LD_PRELOAD"] == str(builds.SHIM)


@pytest.mark.parametrize("before, after", [
    ("", "{shim}"),
    ("libm.so.6", "libm.so.6:{shim}"),
    ("libm.so.6 librt.so.1", "libm.so.6:librt.so.1:{shim}"),
    ("{shim}", "{shim}"),
    ("{shim}:libm.so.6", "{shim}:libm.so.6"),
    ("libm.so.6:/elsewhere/libcurveshim.so:libcurveshim.so", "libm.so.6:{shim}"),
])
def test_an_existing_preload_is_kept(launch, before, after):
    before, after = (text.format(shim=builds.SHIM) for text in (before, after))
    # The program says it before ld.so could complain about what is not there.
    result = launch("/usr/bin/env", LD_PRELOAD=before)
    assert f"LD_PRELOAD={after}" in result.stdout.splitlines()


def test_relative_paths_become_absolute(launch, tmp_path, certs):
    (tmp_path / "sub").mkdir()
    shutil.copytree(certs, tmp_path / "sub" / "keys")
    _, env = shown(launch(
        *SHOW, SECURE_ZMQ_CERTS="./sub/keys", SECURE_ZMQ_LOG="agent.log", SECURE_ZMQ_METRICS="m",
        SECURE_ZMQ_SERVER_CERT="sub/keys/server.key_secret", SECURE_ZMQ_SERVER_KEY="server.key"))
    assert {name: env[f"SECURE_ZMQ_{name}"] for name in
            ("CERTS", "LOG", "METRICS", "SERVER_CERT", "SERVER_KEY")} == {
        "CERTS": f"{tmp_path}/sub/keys", "LOG": f"{tmp_path}/agent.log",
        "METRICS": f"{tmp_path}/m", "SERVER_CERT": f"{tmp_path}/sub/keys/server.key_secret",
        "SERVER_KEY": "server.key"}


@pytest.mark.parametrize("sink", ("stderr", "SysLog", "none"))
def test_names_of_logs_are_no_paths(launch, sink):
    assert shown(launch(*SHOW, SECURE_ZMQ_LOG=sink))[1]["SECURE_ZMQ_LOG"] == sink


def test_exit_status(launch):
    assert launch("sh", "-c", "exit 37").returncode == 37


def test_signals_reach_the_program_itself(launch):
    agent = Agent(launch.command("sleep", "600"), launch.environment(), launch.directory)
    try:
        comm = f"/proc/{agent.process.pid}/comm"
        assert wait_until(lambda: open(comm, encoding="ascii").read() == "sleep\n")
        os.kill(agent.process.pid, signal.SIGTERM)
        assert agent.wait() == -signal.SIGTERM
    finally:
        agent.kill()


def test_off_runs_anything(launch, compile_c):
    static = compile_c("static", "-static")
    assert launch(static, SECURE_ZMQ="0", SECURE_ZMQ_BOGUS="x").returncode == 0


def test_audit_warns_and_runs(launch, compile_c):
    static = compile_c("static", "-static")
    result = launch("--audit", static)
    assert result.returncode == 0
    assert "would be refused" in result.stderr and "statically linked" in result.stderr


def test_agents_talk_in_curve(launch, theatre, certs):
    runtime = Runtime("launched", tuple(launch.command(*DEBIAN.command)), python=False)
    party = Party(runtime, launch.environment())
    exchange = theatre.play(party, party)
    assert_complete(exchange, "req-rep")
    assert_curve_on_the_wire(exchange.relay)


def test_on_a_read_only_root(launch, certs):
    command = ["unshare", "--mount", "sh", "-c",
               'mount -o remount,ro,bind / && ! touch /x 2>/dev/null && exec "$@"', "sh",
               *launch.command(*SHOW)]
    probe = subprocess.run(["unshare", "--mount", "mount", "-o", "remount,ro,bind", "/"],
                           capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this user may not remount /")
    result = subprocess.run(command, env=launch.environment(), cwd="/", text=True,
                            capture_output=True, check=False)
    assert shown(result)[1]["SECURE_ZMQ"] == "1"


def test_through_a_symbolic_link(launch, tmp_path):
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "run-secured"
    link.symlink_to(builds.REPOSITORY / "scripts" / "curveshim-run")
    env = launch.environment(PATH=f"{link.parent}:{os.environ['PATH']}")
    result = subprocess.run([*launch.shell, str(link), "--library", str(builds.SHIM), *SHOW],
                            env=env, text=True, capture_output=True, check=False)
    assert shown(result)[1]["LD_PRELOAD"] == str(builds.SHIM)


def test_warns_about_a_program_that_will_be_blocked(launch):
    """It runs, and nothing of its ZeroMQ gets out in clear: that is better said before."""
    program = builds.REPOSITORY / ".agents" / "c" / "static"
    if not program.exists():
        pytest.skip(f"agent static-libzmq: {program} is not there")
    result = launch(program)
    assert result.returncode == 2, "what the program says to a call without arguments"
    line, = result.stderr.splitlines()
    assert "warning" in line and "blocked" in line and "remedy: " in line


@pytest.mark.parametrize("prefix", ("usr", "opt/curveshim"))
def test_installed(launch, tmp_path, prefix):
    root = tmp_path / "root" / prefix
    for source, place in ((builds.SHIM, "lib/x86_64-linux-gnu"),
                          (builds.REPOSITORY / "scripts" / "curveshim-run", "bin"),
                          (builds.REPOSITORY / "scripts" / "run", "share/curveshim/run")):
        target = root / place / source.name if source.is_file() else root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copy if source.is_file() else shutil.copytree)(source, target)
    result = subprocess.run([*launch.shell, root / "bin" / "curveshim-run", *SHOW],
                            env=launch.environment(), text=True, capture_output=True, check=False)
    assert shown(result)[1]["LD_PRELOAD"] == f"{root}/lib/x86_64-linux-gnu/libcurveshim.so"
