"""With what the agents are secured: nothing, by hand, the library, a tunnel."""

import dataclasses

from harness import builds

from . import network, tunnels


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str
    security: str = "none"  # BENCH_SECURITY
    shim: tuple = ()        # variables, with the library preloaded
    tunnel: type = None
    network: type = None    # between two namespaces, instead of on loopback
    agents: tuple = ("c", "pyzmq")
    handshakes: bool = True  # it has an authenticator, or none is asked for
    reads_slowly: bool = False     # all certificates, at its start
    reads_each_time: bool = False  # and at each handshake

    def environment(self, directory):
        """directory has the certificates, and room for logs."""
        env = {"PATH": "/usr/bin:/bin", "BENCH_SECURITY": self.security, "LANG": "C.UTF-8",
               "BENCH_CERTS": str(directory / "certificates")}
        if self.shim:
            env["LD_PRELOAD"] = str(builds.SHIM)
            env["SECURE_ZMQ_CERTS"] = str(directory / "certificates")
            env.update((name, value.format(directory=directory)) for name, value in self.shim)
        return env


NULL = Variant("NULL")
HAND = Variant("CURVE by hand", "curve")
ZAUTH = Variant("by hand, zauth", "zauth", agents=("c",), reads_slowly=True,
                reads_each_time=True)
THREAD = Variant("by hand, ThreadAuthenticator", "thread", agents=("pyzmq",),
                 reads_slowly=True)
SHIM = Variant("curveshim", shim=(("SECURE_ZMQ", "1"),))
ALL = Variant("curveshim, everything on", shim=(
    ("SECURE_ZMQ", "1"), ("SECURE_ZMQ_LOG", "{directory}/log"), ("SECURE_ZMQ_LOG_LEVEL", "info"),
    ("SECURE_ZMQ_LOG_FORMAT", "json"), ("SECURE_ZMQ_METRICS", "{directory}/metrics"),
    ("SECURE_ZMQ_ALLOW", "127.0.0.0/8"), ("SECURE_ZMQ_DENY", "10.0.0.0/8"),
    ("SECURE_ZMQ_HANDSHAKE_TIMEOUT", "20000"), ("SECURE_ZMQ_MAX_MESSAGE_SIZE", "100000000")))
OFF = Variant("curveshim, off", shim=(("SECURE_ZMQ", "0"),))
STUNNEL = Variant("stunnel", tunnel=tunnels.Stunnel, handshakes=False)
SPIPED = Variant("spiped", tunnel=tunnels.Spiped, handshakes=False)
SSH = Variant("ssh -L", tunnel=tunnels.Ssh, handshakes=False)

# WireGuard needs two network stacks; what it is compared with has them as well.
NULL_ACROSS = Variant("NULL, across a veth pair", network=network.Pair, handshakes=False)
SHIM_ACROSS = Variant("curveshim, across a veth pair", shim=SHIM.shim, network=network.Pair,
                      handshakes=False)
WIREGUARD = Variant("WireGuard, across a veth pair", network=network.WireGuard, handshakes=False)

EVERY = (NULL, HAND, ZAUTH, THREAD, SHIM, ALL, OFF, STUNNEL, SPIPED, SSH, NULL_ACROSS, SHIM_ACROSS,
         WIREGUARD)
QUICK = (NULL, HAND, ZAUTH, SHIM)


def reference(cell):
    """What the library is held against: CURVE by hand with an authenticator."""
    return ZAUTH if cell.agents == "c" else THREAD


def variants_of(cell, among=EVERY):
    """Tunnels have their own handshakes, which happen once and not for each client."""
    return [v for v in among if cell.agents in v.agents
            and (cell.pattern != "handshakes" or v.handshakes)
            and (v.network is None or cell.is_across) and not cell.outlasts(v) and not lacking(v)]


def lacking(variant):
    """Why a variant cannot be measured on this machine; "" where it can."""
    if variant.tunnel is not None and not variant.tunnel.is_here():
        return f"{variant.tunnel.program} is not installed"
    if variant.network is network.WireGuard:
        return network.wireguard_lacks()
    return network.lacking() if variant.network is not None else ""
