"""The calling process's network namespace, plugged into a bridge in another one.

Imported by inside.py, and runs as `network.py JSON`: a namespace that stays until its standard
input is closed."""

import json
import subprocess
import sys


def ip(*words, where=None):
    enter = ["nsenter", f"--net={where}"] if where else []
    subprocess.run([*enter, "ip", *words], check=True)


def plug_in(network):
    """A veth pair to the bridge, in the network namespace that the bridge is in."""
    bridge = network["namespace"]
    ip("link", "set", "lo", "up")
    # As Docker does it: who takes an address over is found at once.
    mac = "02:42:" + ":".join(f"{int(part):02x}" for part in network["address"].split("."))
    ip("link", "add", "eth0", "address", mac, "type", "veth",
       "peer", "name", network["port"], "netns", bridge)
    ip("link", "set", network["port"], "master", "bridge", "up", where=bridge)
    ip("address", "add", f"{network['address']}/24", "dev", "eth0")
    ip("link", "set", "eth0", "up")


if __name__ == "__main__":
    plug_in(json.loads(sys.argv[1]))
    print("up", flush=True)
    sys.stdin.read()
