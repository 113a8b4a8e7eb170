"""The installed files do their work, from wherever they were installed."""

import os
import subprocess

import pytest

from harness import runtimes
from harness.agents import environment
from harness.exchange import Party, assert_complete, assert_curve_on_the_wire
from install import machine as machines


def test_preloaded_by_bare_name(theatre, installed, certs):
    env = environment(certs=certs, LD_LIBRARY_PATH=installed.libdir, LD_PRELOAD="libcurveshim.so",
                      SECURE_ZMQ="1")
    party = Party(runtimes.DEBIAN, env)
    exchange = theatre.play(party, party)
    assert_complete(exchange, "req-rep")
    assert_curve_on_the_wire(exchange.relay)


def test_started_by_curveshim_run(theatre, installed, tmp_path):
    directory = tmp_path / "certificates"
    subprocess.run([installed.tool("curveshim-cert"), "init", directory], check=True,
                   capture_output=True)
    launched = runtimes.Runtime(
        "launched", (str(installed.tool("curveshim-run")), *runtimes.DEBIAN.command), python=False)
    party = Party(launched, environment(certs=directory))
    exchange = theatre.play(party, party)
    assert_complete(exchange, "req-rep")
    assert_curve_on_the_wire(exchange.relay)


def test_curveshim_run_takes_the_library_beside_it(installed, certs):
    env = environment(certs=certs, PATH=f"{installed.prefix}/bin:{os.environ['PATH']}")
    said = subprocess.run(["curveshim-run", "env"], check=True, env=env, capture_output=True,
                          text=True).stdout
    assert f"LD_PRELOAD={installed.library}" in said.splitlines()


def test_curveshim_check_knows_a_process_under_it(installed, certs):
    env = environment(certs=certs, LD_PRELOAD=installed.library, SECURE_ZMQ="1")
    bound = ("import os, zmq; s = zmq.Context().socket(zmq.REP); s.bind('tcp://127.0.0.1:*');"
             "print('bound', flush=True); os.read(0, 1)")
    with subprocess.Popen([runtimes.DEBIAN_PYTHON, "-c", bound], env=env, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "bound\n"
        result = subprocess.run([installed.tool("curveshim-check"), str(process.pid)],
                                capture_output=True, text=True, check=False)
    assert result.returncode == 0 and ": secured" in result.stdout, result


@pytest.mark.slow
def test_on_a_machine_of_its_own(installed, place):
    """Installed below /usr/local, and with no other step than ldconfig."""
    machine = machines.start(place / "machine", layers=[installed.root])
    try:
        machines.run(machine, "ldconfig")
        machines.use(machine)
    finally:
        machine.close()
