"""Machines for the fleet: network namespaces on the bridge, with links that lose and part."""

import json
import subprocess
import sys

import pytest

from containers import container, network

RULES = """
flush table inet stress
table inet stress {{
    chain lossy {{
        type filter hook input priority 0; policy accept;
        iifname "lo" accept
        {cut}
        meta l4proto tcp numgen random mod 1000 < {loss} drop
    }}
}}
"""


class Place:
    """One of them. Links lose `loss` packets in a thousand."""

    def __init__(self, bridge, loss):
        self.address, self._loss = bridge.address(), loss
        self.process = subprocess.Popen(
            [*container.WITH_US, "unshare", "--net", sys.executable, network.__file__,
             json.dumps(bridge.port(self.address))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n", "no network namespace"
        self._enter = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]
        self.part_from(None)

    def inside(self, *command):
        """What runs that command in here, and ends with the tests."""
        return [*container.WITH_US, *self._enter, *command]

    def part_from(self, other):
        """Nothing comes from that place any more, till None is said."""
        cut = f"ip saddr {other.address} drop" if other else ""
        rules = "add table inet stress\n" + RULES.format(cut=cut, loss=self._loss)
        subprocess.run([*self._enter, "nft", "-f", "-"], input=rules, text=True, check=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def require():
    """Skips where they can't be made."""
    container.require()
    probe = ["unshare", "--net", "nft", "add table inet t; add chain inet t c "
             "{ type filter hook input priority 0; }; add rule inet t c "
             "numgen random mod 1000 < 2 drop"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"stress: {error}")
    if done.returncode != 0:
        pytest.skip(f"stress: no nftables in network namespaces: {done.stderr.strip()}")
