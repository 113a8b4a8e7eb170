"""Contract, Certificates: keys as container platforms mount them, or refused with what mends it.

The program runs as an unprivileged user in a mount namespace of its own, in which the directory is
bound read-only, as container engines do it."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import builds
from harness.mounted import Mounted, contents

from .certs import pair, text, write_secret

USER = 10001
GROUP = 10002
BIND = "bound('PULL')"
CONNECT = "connected('PUSH', 'tcp://127.0.0.1:9')"
PLACE = "/mnt/certificates"
CLIENTS = "/mnt/clients"
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={GROUP}",
           "--bounding-set=-all", "--no-new-privs", "--"]


def inside(mounts, *more):
    """The command that runs another where each of (source, target) is mounted read-only."""
    steps = ["mount -t tmpfs none /mnt"]
    for source, target in mounts:
        make = f"mkdir -p {target}" if os.path.isdir(source) else \
            f"mkdir -p {os.path.dirname(target)} && touch {target}"
        steps += [make, f"mount --bind {source} {target}", f"mount -o remount,bind,ro {target}"]
    return ["unshare", "-m", "sh", "-c", " && ".join([*steps, *more, 'exec "$@"']), "sh", *AS_USER]


@pytest.fixture
def tmpfs():
    """A directory on a tmpfs that every user reaches."""
    probe = [*inside([]), "test", "-r", str(pathlib.Path(__file__).with_name("interactive.py"))]
    if os.geteuid() != 0 or subprocess.run(probe, check=False).returncode != 0:
        pytest.skip("mounted secrets: no mount namespaces here, or a clone that is root's alone")
    directory = tempfile.mkdtemp(prefix="curveshim-", dir="/dev/shm")
    os.chmod(directory, 0o755)
    yield pathlib.Path(directory)
    shutil.rmtree(directory)


@pytest.fixture
def run(start, tmpfs):
    """A program that sees only what is mounted."""
    def run(mounts, *more, **variables):
        return start(certs=PLACE, command=inside(mounts, *more), **variables)
    return run


def launcher_says(mounts, *more, **variables):
    """What curveshim-run finds out beforehand: (it would start the program, what it says)."""
    env = {"PATH": os.environ["PATH"], "SECURE_ZMQ_CERTS": PLACE, **variables}
    done = subprocess.run(
        [*inside(mounts, *more), str(builds.REPOSITORY / "scripts" / "curveshim-run"),
         "--library", str(builds.SHIM), "--check"],
        env=env, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def works(program):
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    return program("one_way(b, a)") == "ping"


def refusals(program):
    """The messages for a bind and a connect that are both refused for their keys."""
    for code in (BIND, CONNECT):
        assert program.refused(code) == "EACCES"
    return [event["message"] for event in program.log.events("refused")]


def secret(tmpfs, certs, mode, group):
    return Mounted(tmpfs / "secret", contents(certs.path), mode, group)


def clients(tmpfs, certs, group=GROUP):
    return Mounted(tmpfs / "clients", contents(certs.authorized), 0o644, group, sticky=False)


@pytest.fixture
def pod(run, tmpfs, certs):
    """A program with a Secret and a ConfigMap, mounted as scripts/docker/kubernetes.yaml says."""
    def pod(mode=0o440, group=GROUP, **variables):
        pod.keys, pod.clients = secret(tmpfs, certs, mode, group), clients(tmpfs, certs, group)
        pod.mounts = [(pod.keys.path, PLACE), (pod.clients.path, CLIENTS)]
        return run(pod.mounts, SECURE_ZMQ_AUTHORIZED=CLIENTS, **variables)
    return pod


def test_kubernetes_with_group_and_mode(pod):
    program = pod()
    assert pod.keys.path.stat().st_mode & 0o7777 == 0o3777
    assert works(program)
    assert program.log.events("config", level="warning") == []
    starts, said = launcher_says(pod.mounts, SECURE_ZMQ_AUTHORIZED=CLIENTS)
    assert starts, said


@pytest.mark.parametrize("mode, group, what", [
    (0o440, None, "Permission denied"), (0o400, None, "Permission denied"),
    (0o644, None, "others can read"), (0o644, GROUP, "others can read"),
    (0o666, GROUP, "others can read")])
def test_kubernetes_otherwise_with_the_remedy(pod, mode, group, what):
    messages = refusals(pod(mode, group))
    assert [name for name in ("server", "client") for message in messages
            if f"{PLACE}/{name}.key_secret" in message] == ["server", "client"]
    for message in messages:
        assert what in message and "defaultMode: 0440" in message and "fsGroup" in message
    starts, said = launcher_says(pod.mounts, SECURE_ZMQ_AUTHORIZED=CLIENTS)
    assert not starts and f"{PLACE}/server.key_secret" in said, said


def test_kubernetes_read_by_all_where_the_operator_says_so(pod):
    program = pod(0o644, None, PERMISSIONS="warn")
    assert works(program)
    assert len(program.log.events("config", level="warning")) == 2


def test_kubernetes_swaps_the_clients(pod, certs, peers):
    program = pod()
    program("a = bound('PULL')")
    where, late = program("where(a)"), pair()
    peer = peers.client("PUSH", where, late, certs.server.public)
    peer.send(b"late")
    program.log.wait("auth", result="deny", key=late.public)
    before = contents(certs.authorized)
    pod.clients.update({**before, "late.key": text(late, name="late").encode()})
    assert program("a.recv().decode()") == "late"
    pod.clients.update(before)
    program.log.wait("reload", count=2)
    peers.client("PUSH", where, late, certs.server.public).send(b"again")
    program.log.wait("auth", count=2, result="deny", key=late.public)


def test_kubernetes_swaps_the_keys(pod, certs, peers):
    program = pod()
    program("a = bound('PULL')")
    other = pair()
    write_secret(certs.path / "server.key_secret", other)
    pod.keys.update(contents(certs.path))
    program("b = bound('PULL')")
    for name, key in (("a", certs.server), ("b", other)):
        peers.client("PUSH", program(f"where({name})"), certs.client, key.public).send(b"x")
        assert program(f"{name}.recv().decode()") == "x"


def files(tmpfs, certs, mode, owner):
    """A file for each secret, as Docker and Swarm mount them into a directory."""
    source = tmpfs / "secrets"
    source.mkdir()
    for name, content in contents(certs.path).items():
        (source / name).write_bytes(content)
        (source / name).chmod(mode)
        os.chown(source / name, owner, owner)
    shutil.copytree(certs.authorized, tmpfs / "clients")
    os.chmod(tmpfs / "clients", 0o755)
    return [*((source / name, f"{PLACE}/{name}") for name in contents(certs.path)),
            (tmpfs / "clients", f"{PLACE}/authorized_clients")]


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_docker_and_swarm_with_mode_and_owner(run, tmpfs, certs, mode):
    owner = 0 if mode == 0o440 else USER
    mounts = files(tmpfs, certs, mode, owner)
    if owner == 0:
        for source, _ in mounts[:-1]:
            os.chown(source, 0, GROUP)
    assert works(run(mounts))
    starts, said = launcher_says(mounts)
    assert starts, said


@pytest.mark.parametrize("mode, owner", [(0o444, 0), (0o644, USER), (0o440, USER)])
def test_docker_and_swarm_otherwise_with_the_remedy(run, tmpfs, certs, mode, owner):
    """Swarm's default is 0444 and root."""
    mounts = files(tmpfs, certs, mode, owner)
    for message in refusals(run(mounts)):
        assert "others can read" in message and "Docker: uid, mode" in message
        assert "chmod" not in message
    starts, said = launcher_says(mounts)
    assert not starts and "others can read" in said, said


@pytest.mark.parametrize("read_only", [True, False])
def test_a_whole_tmpfs_of_secrets(run, tmpfs, certs, read_only):
    """Mode 1777 as the kubelet's, in the container's own mount: only read-only will do."""
    source = certs.path
    fill = [f"mkdir -p {PLACE}", f"mount -t tmpfs -o mode=1777 none {PLACE}",
            f"cp -r {source}/. {PLACE}", f"chmod 1777 {PLACE}", f"chown {USER} {PLACE}/*"]
    if read_only:
        fill.append(f"mount -o remount,ro {PLACE}")
    program = run([], *fill)
    if read_only:
        assert works(program)
    else:
        for message in refusals(program):
            assert "others can write this directory" in message
