"""Where libcurveshim calls what can fail, and what is done there."""

import dataclasses
import errno
import functools
import subprocess

from harness import builds

# What each function fails with: first the likeliest, then others that its caller may treat otherwise.
ERRORS = {
    "malloc": ["ENOMEM"], "calloc": ["ENOMEM"], "realloc": ["ENOMEM"], "strdup": ["ENOMEM"],
    "pthread_create": ["EAGAIN"], "pthread_attr_init": ["ENOMEM"],
    "pthread_attr_setstacksize": ["EINVAL"], "__register_atfork": ["ENOMEM"],
    "mmap64": ["ENOMEM"], "mlock": ["ENOMEM"], "madvise": ["EINVAL"],
    "mprotect": ["ENOMEM"], "syscall": ["EMFILE", "ENOSYS"],
    "eventfd": ["EMFILE"], "inotify_init1": ["EMFILE"], "inotify_add_watch": ["ENOSPC", "ENOENT"],
    "open64": ["EMFILE", "ENOENT", "EACCES", "EINTR"],
    "openat64": ["EMFILE", "ENOENT", "EACCES", "EINTR", "EROFS", "ENOSPC"],
    "opendir": ["EMFILE", "ENOENT"], "fdopendir": ["ENOMEM"], "readdir64": ["EIO"],
    "fstat64": ["EIO"], "stat64": ["ENOENT", "EACCES"], "lstat64": ["ENOENT", "EACCES"],
    "fstatat64": ["ENOENT", "EACCES"], "statfs64": ["EIO"], "statvfs64": ["EIO"],
    "fstatvfs64": ["EIO"], "access": ["ENOENT", "EACCES"], "faccessat": ["ENOENT", "EACCES"],
    "readlink": ["EACCES"], "__realpath_chk": ["ENOENT"], "getcwd": ["ENOENT"],
    "gethostname": ["ENAMETOOLONG"], "getifaddrs": ["EMFILE"], "fchmod": ["EPERM"],
    "ftruncate64": ["ENOSPC"], "renameat": ["ENOSPC", "EROFS"], "unlinkat": ["ENOENT", "EROFS"],
    "utimensat": ["EROFS"], "posix_fadvise64": ["EINVAL"], "ioctl": ["ENOTTY"], "poll": ["EINTR"],
    "nanosleep": ["EINTR"], "read": ["EIO", "EINTR"], "pread64": ["EIO", "EINTR"],
    "write": ["ENOSPC", "EINTR"],
    "fcntl": ["EMFILE"], "fcntl64": ["EMFILE"], "socket": ["EMFILE"], "send": ["ECONNRESET"],
    "recv": ["ECONNRESET"], "accept4": ["EMFILE"], "shutdown": ["ENOTCONN"],
    "zmq_ctx_new": ["EMFILE"], "zmq_ctx_set": ["EINVAL"], "zmq_ctx_get": ["EINVAL"],
    "zmq_socket": ["EMFILE"], "zmq_bind": ["EADDRINUSE"], "zmq_connect": ["EMFILE"],
    "zmq_setsockopt": ["EINVAL", "EINTR"], "zmq_getsockopt": ["EINVAL", "EINTR"],
    "zmq_send": ["EAGAIN", "EHOSTUNREACH", "EINTR", "ENOMEM"], "zmq_msg_init": ["ENOMEM"],
    "zmq_msg_recv": ["EINTR", "EAGAIN", "ENOMEM"], "zmq_msg_gets": ["EINVAL"],
    "zmq_poll": ["EINTR", "ENOMEM"], "zmq_has": ["EINVAL"], "zmq_curve_public": ["EINVAL"],
}
# What these ask cannot fail on Linux: about a descriptor that is open, and to wake who waits for a
# word of the process's own memory (libc's own locks rest on the same); and a connection that is not
# connected has ended.
IMPOSSIBLE = {("fstat64", "observer_inode"), ("fstat64", "is_ours"), ("fstat64", "inode_of"),
              ("ioctl", "is_watcher"), ("syscall", "give"), ("shutdown", "observer_end"),
              ("syscall", "wake_is_there")}


@dataclasses.dataclass(frozen=True)
class Site:
    """A call in the library's code, and how often a run without faults comes by."""
    function: str
    place: str
    hits: int


@dataclasses.dataclass(frozen=True)
class Fault:
    site: Site
    hit: int
    action: str = "fail"
    error: str = "ENOMEM"
    for_ever: bool = False
    # What it takes to get there: another fault.
    first: "Fault | None" = None

    def variable(self):
        number = getattr(errno, self.error)
        own = f"{self.site.place}:{self.hit}{'+' * self.for_ever}:{self.action}:{number}"
        return own if self.first is None else f"{own};{self.first.variable()}"

    def __str__(self):
        what = self.error if self.action == "fail" else self.action
        from_then = " and all later ones" if self.for_ever else ""
        own = f"{self.site.function} at {self.site.place}, call {self.hit}{from_then}: {what}"
        return own if self.first is None else f"{own}, after {self.first}"


def read(path):
    """{(function, place): (hits, fired)}"""
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {(function, place): (int(hits), int(fired)) for function, place, hits, fired in rows}


def sites(path):
    return [Site(*key, hits) for key, (hits, _) in sorted(read(path).items())]


def hits(site):
    """The first, a middle and the last call at a place: later ones find other states."""
    return sorted({1, (site.hits + 1) // 2, site.hits})


def can_fail(site):
    asked = {function for function, _ in IMPOSSIBLE}
    return site.function not in asked or \
        (site.function, name(site.place).split()[0]) not in IMPOSSIBLE


def failures(found):
    """One call, with each error; and, with the likeliest error, all calls from the first on."""
    for site in found:
        if not can_fail(site):
            continue
        for error in ERRORS[site.function]:
            for hit in hits(site) if error == ERRORS[site.function][0] else [1]:
                yield Fault(site, hit, "fail", error)
        if site.hits > 1:
            yield Fault(site, 1, "fail", ERRORS[site.function][0], True)


def events(found, action, once=False):
    return [Fault(site, hit, action) for site in found for hit in ([1] if once else hits(site))]


@functools.cache
def name(place):
    """Function and line of an offset in the library: of the repository's own, not of a header's."""
    lines = subprocess.run(["addr2line", "-i", "-f", "-e", builds.SHIM, hex(int(place, 16) - 1)],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    for function, where in zip(lines[::2], lines[1::2]):
        if where.split(":")[0].endswith(".c"):
            return f"{function} ({where.rsplit('/', 1)[-1].split(' ')[0]})"
    return place
