"""Becomes the first process of a container, or one more process of it: `inside.py SPEC`.

SPEC is a JSON file that container.py wrote. Started by root, in new namespaces for the first
process; everything that is needed is loaded before the root directory changes."""

import ctypes
import json
import os
import signal
import sys

import network

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 32
MS_BIND, MS_REC, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPABILITIES = 64  # more than there are
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def mount(source, target, kind=None, flags=0, data=None):
    source, target, kind, data = (text and text.encode() for text in (source, target, kind, data))
    check(libc.mount(source, target, kind, ctypes.c_ulong(flags), data), f"mount on {target}")


def bind(source, target, read_only):
    mount(source, target, flags=MS_BIND)
    if read_only:
        mount(None, target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def make_root(spec):
    root = spec["mount_point"]
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    writable = "" if spec["read_only"] else f",upperdir={spec['upper']},workdir={spec['work']}"
    mount("overlay", root, "overlay", data=f"lowerdir={':'.join(spec['layers'])}{writable}")
    mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV)
    mount("tmpfs", f"{root}/dev", "tmpfs", MS_NOSUID, "mode=755")
    for name in DEVICES:
        open(f"{root}/dev/{name}", "wb").close()
        bind(f"/dev/{name}", f"{root}/dev/{name}", False)
    for target in spec["tmpfs"]:
        mount("tmpfs", root + target, "tmpfs", MS_NOSUID | MS_NODEV)
    for source, target, read_only in spec["mounts"]:
        bind(source, root + target, read_only)
    os.chdir(root)
    check(libc.syscall(SYS_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    check(libc.umount2(b".", MNT_DETACH), "umount")
    os.chdir("/")


def join(pid):
    """The namespaces of a container that runs; the caller goes on as a process in them."""
    for name in ("uts", "ipc", "net", "pid", "mnt"):
        with open(f"/proc/{pid}/ns/{name}", "rb") as namespace:
            check(libc.setns(namespace.fileno(), 0), f"setns {name}")
    child = os.fork()
    if child != 0:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256)


def drop_privileges(spec):
    for capability in range(CAPABILITIES):
        if spec["drop_capabilities"]:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups(spec["groups"])
    os.setresgid(spec["gid"], spec["gid"], spec["gid"])
    os.setresuid(spec["uid"], spec["uid"], spec["uid"])
    if spec["no_new_privileges"]:
        check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    # Another user's process has forgotten what unshare asked for.
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "pdeathsig")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    if spec["join"]:
        join(spec["join"])
    else:
        # This /proc is still the outer one: there the process has its outer number.
        number = os.readlink("/proc/self").encode()
        ready = os.open(spec["pid_file"], os.O_WRONLY | os.O_CLOEXEC)
        if spec["network"]:
            network.plug_in(spec["network"])
        check(libc.sethostname(spec["name"].encode(), len(spec["name"])), "sethostname")
        make_root(spec)
        os.write(ready, number)
    drop_privileges(spec)
    os.execvpe(spec["command"][0], spec["command"], spec["environment"])


main()
