"""Contract, Certificates: what is read, and what is refused by name with what mends it."""

import os
import subprocess

import pytest
import zmq
import zmq.auth

from harness import builds

from .certs import Certificates, Pair, pair, text, write, write_secret

BIND = "bound('PULL')"
CONNECT = "connected('PUSH', 'tcp://127.0.0.1:9')"
NOBODY = 65534


def refusal(program, code=BIND):
    assert program.refused(code) == "EACCES"
    return program.log.events("refused")[-1]["message"]


def exchange(program):
    program("a = bound('PULL'); b = connected('PUSH', where(a))")
    return program("one_way(b, a)") == "ping"


@pytest.mark.parametrize("role, code", [("server", BIND), ("client", CONNECT)])
def test_missing_pair(start, certs, role, code):
    (certs.path / f"{role}.key_secret").unlink()
    message = refusal(start(), code)
    assert f"{certs}/{role}.key_secret" in message and "curveshim-cert init" in message


@pytest.mark.parametrize("role, code", [("server", BIND), ("client", CONNECT)])
def test_mismatched_pair(start, certs, role, code):
    write_secret(certs.path / f"{role}.key_secret", Pair(pair().public, certs.server.secret))
    assert f"{certs}/{role}.key_secret" in (message := refusal(start(), code))
    assert "do not belong together" in message


@pytest.mark.parametrize("keys", [Pair("0" * 40, "0" * 40), Pair(pair().public, "0" * 40)])
@pytest.mark.parametrize("role, code", [("server", BIND), ("client", CONNECT)])
def test_zero_key(start, certs, role, code, keys):
    write_secret(certs.path / f"{role}.key_secret", keys)
    assert f"{certs}/{role}.key_secret" in refusal(start(), code)


def test_zero_server_key(start, certs):
    write(certs.path / "server.key", Pair("0" * 40, ""))
    assert f"{certs}/server.key" in refusal(start(), CONNECT)


@pytest.mark.parametrize("mode, owner, accepted", [
    (0o600, 0, True), (0o400, 0, True), (0o640, 0, True), (0o440, 0, True),
    (0o644, 0, False), (0o604, 0, False), (0o602, 0, False), (0o620, 0, False),
    (0o660, 0, False), (0o666, 0, False),
    (0o600, NOBODY, True), (0o640, NOBODY, False), (0o644, NOBODY, False)])
@pytest.mark.parametrize("role, code", [("server", BIND), ("client", CONNECT)])
def test_secret_files_that_others_can_read(start, certs, role, code, mode, owner, accepted):
    file = certs.path / f"{role}.key_secret"
    file.chmod(mode)
    os.chown(file, owner, owner)
    program = start()
    if accepted:
        program(f"s = {code}")
        assert program.log.events("refused") == []
    else:
        message = refusal(program, code)
        assert f"chmod 600 {file}" in message and f"{mode:04o}" in message
        program = start(PERMISSIONS="warn")
        program(f"s = {code}")
        assert [e for e in program.log.events("config", level="warning")
                if str(file) in e["message"]]


@pytest.mark.parametrize("mode, owner, accepted", [
    (0o755, 0, True), (0o775, 0, True), (0o777, 0, False), (0o1777, 0, False), (0o757, 0, False),
    (0o755, NOBODY, True), (0o775, NOBODY, False)])
@pytest.mark.parametrize("code", [BIND, CONNECT])
def test_directories_that_others_can_write(start, certs, code, mode, owner, accepted):
    certs.path.chmod(mode)
    os.chown(certs.path, owner, owner)
    program = start()
    if accepted:
        program(f"s = {code}")
    else:
        message = refusal(program, code)
        assert str(certs) in message and "chmod" in message


def test_clients_directory_that_others_can_write(start, certs):
    certs.authorized.chmod(0o777)
    assert f"{certs}/authorized_clients" in refusal(start())


def namespace(certs):
    """A mount namespace in which the certificates lie on a read-only mount."""
    command = ["unshare", "-m", "sh", "-c",
               f"mount --bind {certs} {certs} && mount -o remount,bind,ro {certs} && exec \"$@\"",
               "sh"]
    try:
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
            return command
    except OSError:
        pass
    pytest.skip("no mount namespaces here")


def test_on_a_read_only_mount_that_is_accepted(start, certs):
    """As container secrets are mounted: mode 1777, links into a directory that is swapped."""
    data = certs.path / "..2026"
    data.mkdir()
    for file in [*certs.path.glob("*.key*")]:
        file.rename(data / file.name)
        file.symlink_to(f"..data/{file.name}")
    (certs.path / "..data").symlink_to("..2026")
    certs.path.chmod(0o1777)
    assert str(certs) in refusal(start())
    assert exchange(start(command=namespace(certs)))


@pytest.mark.parametrize("owner, accepted", [(0, True), (NOBODY, False)])
def test_the_default_directory_must_belong_to_root_or_the_user(start, certs, tmp_path, owner,
                                                               accepted):
    os.chown(certs.path, owner, owner)
    program = start(SECURE_ZMQ_CERTS=None, cwd=tmp_path)
    if accepted:
        assert exchange(program)
    else:
        for code in (BIND, CONNECT):
            message = refusal(program, code)
            assert "SECURE_ZMQ_CERTS" in message and str(certs) in message
        # Named by the operator it is trusted.
        assert exchange(start())


PLACES = ["server.key_secret", "client.key_secret", "server.key", "known_servers"]


KINDS = ["fifo", "device", "endless", "directory", "huge", "empty", "binary", "loop", "dangling"]


# By default known_servers need not be there.
@pytest.mark.parametrize("place, kind", [
    (p, k) for p in PLACES for k in KINDS if (p, k) != ("known_servers", "dangling")])
def test_what_is_no_certificate_is_refused_and_never_hangs(start, certs, place, kind):
    file = certs.path / place
    file.unlink(missing_ok=True)
    make = {"fifo": lambda: os.mkfifo(file, 0o600),
            "device": lambda: file.symlink_to("/dev/tty"),
            "endless": lambda: file.symlink_to("/dev/zero"),
            "directory": file.mkdir,
            "huge": lambda: os.truncate(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), 1 << 40),
            "empty": lambda: file.touch(0o600),
            "binary": lambda: file.write_bytes(bytes(range(256)) * 20),
            "loop": lambda: file.symlink_to(file),
            "dangling": lambda: file.symlink_to("nowhere")}[kind]
    make()
    if kind == "binary":
        file.chmod(0o600)
    program = start()
    code = BIND if place == "server.key_secret" else CONNECT
    program.tell(code)
    with pytest.raises(Exception, match="EACCES"):
        program.outcome(patience=10)
    assert str(file) in program.log.events("refused")[0]["message"]


@pytest.mark.parametrize("kind", ["fifo", "endless", "directory", "huge"])
def test_nor_does_it_among_the_authorised(start, certs, kind):
    file = certs.authorized / "0.key"
    {"fifo": lambda: os.mkfifo(file, 0o600), "endless": lambda: file.symlink_to("/dev/zero"),
     "directory": file.mkdir,
     "huge": lambda: os.truncate(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), 1 << 40)}[kind]()
    program = start()
    assert exchange(program)
    assert str(file) in program.log.wait("reload", level="error", patience=10)["file"]


@pytest.mark.parametrize("broken", [
    "curve\n    public-key = \"short\"\n", "public-key = \"{p}\"\n",
    "curve\n    public-key = \"{p}x\"\n    secret-key = \"{s}\"\n",
    "curve\n    secret-key = \"{s}\"\n", "curve\n    public-key = \"{p}\"\n",
    "curve\n    public-key = \"{p}\n    secret-key = \"{s}\"\n",
    "other\n    public-key = \"{p}\"\n    secret-key = \"{s}\"\n"])
def test_broken_files_are_named(start, certs, broken):
    file = certs.path / "server.key_secret"
    file.write_text(broken.format(p=certs.server.public, s=certs.server.secret), encoding="utf-8")
    message = refusal(start())
    assert str(file) in message and certs.server.secret not in message


def test_errors_give_the_line(start, certs):
    file = certs.path / "server.key_secret"
    file.write_text("# one\n# two\ncurve\n    public-key = \"short\"\n", encoding="utf-8")
    assert f"{file}:4" in refusal(start())


def with_character(character):
    for _ in range(2000):
        keys = pair()
        if character in keys.public and character in keys.secret:
            return keys
    raise AssertionError("luck")


@pytest.mark.parametrize("style", ["double", "single", "bare tabs", "crlf", "comments"])
def test_zpl_as_others_write_it(start, certs, style):
    keys = with_character("#") if style in ("double", "single", "comments") else certs.server
    content = text(keys, secret=True, name="x # y")
    content = {"double": content, "single": content.replace('"', "'"),
               "bare tabs": content, "crlf": content.replace("\n", "\r\n"),
               "comments": "# c\n\n" + content.replace("metadata\n", "metadata   # section\n")
               }[style]
    file = certs.path / "server.key_secret"
    file.write_bytes(content.encode())
    file.chmod(0o600)
    write(certs.path / "server.key", keys)
    assert exchange(start())


def test_files_of_pyzmq(start, certs):
    for name in ("server", "client"):
        public, secret = zmq.auth.create_certificates(certs.path, name, {"name": "from pyzmq"})
        os.chmod(secret, 0o600)
    public, _ = zmq.auth.load_certificate(certs.path / "client.key")
    (certs.authorized / "client.key").write_bytes((certs.path / "client.key").read_bytes())
    program = start()
    assert exchange(program)
    event = program.log.events("auth")[0]
    # pyzmq 24 writes metadata into the secret file only: the file's name stands for it.
    assert (event["key"], event["name"]) == (public.decode(), "client")


def test_czmq_names_the_secret_file_after_the_public_one(start, certs):
    for role in ("server", "client"):
        (certs.path / f"{role}.key_secret").rename(certs.path / f"{role}_secret")
        (certs.path / f"{role}.key").rename(certs.path / role)
    assert exchange(start(SERVER_CERT="server", CLIENT_CERT="client", SERVER_KEY="server"))


def test_czmq_secret_file_is_checked_as_well(start, certs):
    (certs.path / "server.key_secret").rename(certs.path / "server_secret")
    (certs.path / "server_secret").chmod(0o644)
    (certs.path / "server.key").rename(certs.path / "server")
    assert f"{certs}/server_secret" in refusal(start(SERVER_CERT="server"))


def test_keys_are_read_again_at_each_bind(start, certs, peers):
    program = start()
    program("a = bound('PULL')")
    other = pair()
    write_secret(certs.path / "server.key_secret", other)
    program("b = bound('PULL')")
    for name, key in (("a", certs.server), ("b", other)):
        peers.client("PUSH", program(f"where({name})"), certs.client, key.public).send(b"x")
        assert program(f"{name}.recv().decode()") == "x"


def test_keys_are_kept_where_the_files_have_gone(start, certs):
    program = start()
    assert exchange(program)
    for file in certs.path.iterdir():
        if file.is_file():
            file.unlink()
    assert exchange(program)


@pytest.mark.skipif(builds.WITH_TSAN, reason="no report of the sanitizer can be opened in there")
def test_keys_are_kept_after_chroot_and_loss_of_privilege(start, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    jail = tmp_path / "jail"
    jail.mkdir()
    program = start()
    program("sock('PULL').close()")
    program(f"os.chroot({str(jail)!r}); os.chdir('/'); os.setgid({NOBODY}); os.setuid({NOBODY})")
    assert exchange(program)


def test_a_file_that_turned_bad_is_refused_although_it_was_good(start, certs):
    program = start()
    assert exchange(program)
    (certs.path / "server.key_secret").chmod(0o644)
    assert "chmod 600" in refusal(program)


def test_the_servers_own_certificate_authorises_nobody(start, certs, peers):
    program = start()
    program("a = bound('PULL')")
    peers.client("PUSH", program("where(a)"), certs.server, certs.server.public).send(b"x")
    assert program.log.wait("auth", result="deny")["reason"] == "unknown key"


def test_two_directories_at_once(start, tmp_path):
    """Agents with certificates of their own that know each other."""
    one, two = Certificates(tmp_path / "one"), Certificates(tmp_path / "two")
    one.authorize("two", two.client)
    write(two.path / "server.key", one.server)
    server, client = start(certs=one), start(certs=two)
    server("a = bound('PULL')")
    client("b = connected('PUSH', %r); b.send(b'x')" % server("where(a)"))
    assert server("a.recv().decode()") == "x"


def test_start_up_line_shows_the_directory_and_the_number_authorised(start, certs):
    for n in range(3):
        certs.authorize(f"c{n}", pair())
    program = start()
    program(f"a = {BIND}")
    assert f"certificates {certs}, 4 authorised" in program.log.events("config")[0]["message"]


def test_message_of_zmq_for_a_newcomer(start, short):
    """Without any certificates: permission denied, at once, with the command that creates them."""
    program = start(SECURE_ZMQ_CERTS=None, cwd=short)
    assert "curveshim-cert init" in refusal(program)
    assert "curveshim-cert init" in refusal(program, CONNECT)
    assert zmq.ZMQError(13).strerror == "Permission denied"
