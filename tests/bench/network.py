"""Two network namespaces that are joined by a veth pair, as two machines would be. WireGuard needs
them; what it is compared with runs across them too. They end with the context manager.

Needs root (or CAP_SYS_ADMIN and CAP_NET_ADMIN) and, for wireguard-go, /dev/net/tun."""

import contextlib
import functools
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import time

from . import processes

# Of a process that nobody else would end, were the measurement killed.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")

NUMBERS = itertools.count()  # several may be there at a time

SERVER, CLIENT = "10.213.0.1", "10.213.0.2"


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Pair:
    """`server` and `client` are how commands are started at either end; `address` is the server's."""

    address = SERVER

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        number = next(NUMBERS)
        self.names = [f"curveshim-bench-{os.getpid()}-{number}{end}" for end in ("s", "c")]
        self.server, self.client = (("ip", "netns", "exec", name) for name in self.names)

    def __enter__(self):
        try:
            for name in self.names:
                ip("netns", "add", name)
            ip("-n", self.names[0], "link", "add", "veth", "type", "veth", "peer", "name", "veth",
               "netns", self.names[1])
            for name, address in zip(self.names, (SERVER, CLIENT)):
                ip("-n", name, "address", "add", f"{address}/24", "dev", "veth")
                for device in ("lo", "veth"):
                    ip("-n", name, "link", "set", device, "up")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        pass

    def cpu_seconds(self):
        """So far, of what carries the messages besides the agents."""
        return 0.0

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


@functools.cache
def kernel_has_wireguard():
    with contextlib.suppress(OSError, subprocess.CalledProcessError), Pair(".") as pair:
        ip("-n", pair.names[0], "link", "add", "probe", "type", "wireguard")
        return True
    return False


def wireguard_kind():
    return ("the kernel's, whose CPU time is nobody's and is not counted" if kernel_has_wireguard()
            else "wireguard-go")


class WireGuard(Pair):
    """The kernel's, else wireguard-go, which needs nothing of it but tun."""

    address = "10.214.0.1"

    def start(self):
        self.processes = []
        self.directory.mkdir(parents=True, exist_ok=True)
        keys = [subprocess.run(["wg", "genkey"], check=True, capture_output=True, text=True).stdout
                for _ in self.names]
        public = [subprocess.run(["wg", "pubkey"], check=True, capture_output=True, text=True,
                                 input=key).stdout.strip() for key in keys]
        for end, (name, key) in enumerate(zip(self.names, keys)):
            # The namespace does not separate wireguard-go's control sockets: one device name each.
            device, other = f"wgb{os.getpid() % 1000000}{'sc'[end]}", 1 - end
            file = self.directory / f"private-{end}"
            file.touch(0o600)
            file.write_text(key, encoding="ascii")
            if kernel_has_wireguard():
                ip("-n", name, "link", "add", device, "type", "wireguard")
            else:
                self.start_process(name, device)
            subprocess.run(
                ["ip", "netns", "exec", name, "wg", "set", device, "listen-port", "51820",
                 "private-key", file, "peer", public[other], "allowed-ips", "10.214.0.0/24",
                 "endpoint", f"{(SERVER, CLIENT)[other]}:51820"], check=True, capture_output=True)
            ip("-n", name, "address", "add", f"10.214.0.{end + 1}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")

    def start_process(self, name, device):
        with open(self.directory / "wireguard.log", "ab") as log:
            self.processes.append(subprocess.Popen(
                [*ENDS_WITH_US, "ip", "netns", "exec", name, "wireguard-go", "-f", device],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "LOG_LEVEL": "error",
                     "WG_PROCESS_FOREGROUND": "1"}))
        self.until_there(device, self.processes[-1])

    @staticmethod
    def until_there(device, process, patience=20):
        end, control = time.monotonic() + patience, pathlib.Path("/var/run/wireguard")
        while not (control / f"{device}.sock").exists():
            if process.poll() is not None or time.monotonic() > end:
                raise TimeoutError("wireguard-go does not start: see wireguard.log")
            time.sleep(0.01)

    def cpu_seconds(self):
        return sum(processes.cpu_seconds(process.pid) for process in self.processes)

    def __exit__(self, *_):
        for process in getattr(self, "processes", []):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            process.wait()
        super().__exit__()


def remove_left_over():
    """What a measurement that was killed could not take away."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        found = re.fullmatch(r"curveshim-bench-(\d+)-\d*[sc]", name)
        if found and not os.path.exists(f"/proc/{found[1]}"):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


@functools.cache
def lacking():
    """Why there are no namespaces here; "" where there are."""
    remove_left_over()
    try:
        with Pair("."):
            return ""
    except (OSError, subprocess.CalledProcessError) as failed:
        return f"no network namespaces ({getattr(failed, 'stderr', None) or failed})".replace("\n", " ")


@functools.cache
def wireguard_lacks():
    if shutil.which("wg") is None:
        return "wg is not installed"
    if lacking() or kernel_has_wireguard():
        return lacking()
    if shutil.which("wireguard-go") is None:
        return "wireguard-go is not installed"
    return "" if os.access("/dev/net/tun", os.R_OK | os.W_OK) else "no /dev/net/tun"
