"""What the built library exports and needs. Changed together with the script."""

import re
import subprocess

import pytest

from harness import builds

EXPORTS = sorted("""
__read_chk __recv_chk __recvfrom_chk
accept accept4 close connect dlopen dlsym dlvsym dup dup2 dup3 epoll_ctl fcntl fcntl64 getaddrinfo
getnameinfo getpeername getsockname getsockopt listen read readv recv recvfrom recvmsg send sendmsg
sendto socket socketpair sodium_allocarray sodium_free sodium_malloc write writev zmq_bind zmq_close zmq_connect
zmq_connect_peer zmq_ctx_destroy zmq_ctx_get zmq_ctx_get_ext
zmq_ctx_new zmq_ctx_set zmq_ctx_set_ext zmq_ctx_term zmq_disconnect zmq_getsockopt zmq_init
zmq_msg_gets zmq_setsockopt zmq_socket zmq_term zmq_unbind
""".split())

pytestmark = pytest.mark.skipif(builds.SANITIZED, reason="sanitizers add their own")


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, str(builds.SHIM)], check=True,
                          capture_output=True, text=True).stdout


def symbols():
    for line in readelf("--dyn-syms").splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit():
            yield fields


def test_exports_exactly_these():
    exported = sorted(f[7].partition("@")[0] for f in symbols()
                      if f[6] != "UND" and f[4] in ("GLOBAL", "WEAK") and f[6] != "ABS")
    script = (builds.REPOSITORY / "shim" / "curveshim.map").read_text(encoding="utf-8")
    listed = re.findall(r"^\s+(\w+);", script.partition("local:")[0], re.MULTILINE)
    assert exported == EXPORTS
    assert sorted(listed) == EXPORTS


def test_needs_the_c_library_only():
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d"))
    assert [n for n in needed if n != "libpthread.so.0" and n != "libdl.so.2"] == ["libc.so.6"]
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("-d"))


def test_no_symbol_of_libzmq_or_libsodium_is_wanted():
    wanted = [f[7] for f in symbols() if f[6] == "UND" and len(f) > 7]
    assert [name for name in wanted if re.match(r"zmq_|crypto_|sodium_", name)] == []


def test_nothing_that_could_end_the_agent_is_called():
    wanted = {f[7].partition("@")[0] for f in symbols() if f[6] == "UND" and len(f) > 7}
    assert wanted & {"exit", "_exit", "abort", "__assert_fail", "__assert", "quick_exit", "raise",
                     "kill", "err", "errx", "printf", "puts", "putchar", "getenv", "system",
                     "perror", "syslog", "openlog"} == set()


def test_relocations_are_read_only_and_no_stack_is_executable():
    segments = readelf("-l")
    assert "GNU_RELRO" in segments
    stack, = [line for line in segments.splitlines() if "GNU_STACK" in line]
    assert " RW " in stack and "RWE" not in stack
    dynamic = readelf("-d")
    assert re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW", dynamic)
    assert "TEXTREL" not in dynamic
    assert not re.search(r"LOAD.* RWE ", segments)


def test_no_destructor():
    assert not re.search(r"\.dtors", readelf("-S"))
    fini = re.search(r"FINI_ARRAYSZ\)\s+(\d+)", readelf("-d"))
    # The compiler's own entry (__do_global_dtors_aux).
    assert fini is None or int(fini.group(1)) <= 8


def test_thread_local_storage_leaves_room():
    """dlopen and small stacks: what the library takes is taken from every thread."""
    tls = re.search(r"TLS\s+0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x(\w+)", readelf("-l"))
    assert tls is None or int(tls.group(1), 16) <= 256
