"""Settings and certificates that the library would refuse at the first bind are refused at once."""

import re
import shutil

import pytest

from harness import builds

TRUE = "/bin/true"


@pytest.fixture(params=("with-curveshim-cert", "alone"))
def anywhere(request, launch, tmp_path, monkeypatch):
    """The launcher with and without curveshim-cert beside the library."""
    if request.param == "with-curveshim-cert":
        return launch
    (tmp_path / "lib").mkdir()
    library = shutil.copy(builds.SHIM, tmp_path / "lib" / "libcurveshim.so")
    monkeypatch.setattr(builds, "SHIM", library)
    return launch


@pytest.mark.parametrize("name, value", [
    ("SECURE_ZMQ", "2"), ("SECURE_ZMQ_CERT", "x"), ("SECURE_ZMQ_secret", ""),
    ("SECURE_ZMQ_HANDSHAKE_TIMEOUT", "-1"), ("SECURE_ZMQ_HANDSHAKE_TIMEOUT", "3s"),
    ("SECURE_ZMQ_MAX_MESSAGE_SIZE", "0"), ("SECURE_ZMQ_MAX_MESSAGE_SIZE", "9" * 30),
    ("SECURE_ZMQ_IO_THREADS", "2000"), ("SECURE_ZMQ_PERMISSIONS", "lax"),
    ("SECURE_ZMQ_ALLOW", "localhost"), ("SECURE_ZMQ_DENY", "10.0.0.0/33"),
    ("SECURE_ZMQ_ALLOW", "10.0.0.0/8, 10.0.0"), ("SECURE_ZMQ_PLAINTEXT", "127.0.0.1:5555"),
])
def test_values(launch, name, value):
    assert name.replace("DENY", "ALLOW or _DENY") in launch.refused(125, TRUE, **{name: value})


@pytest.mark.parametrize("variables", [
    {"SECURE_ZMQ": "Yes"}, {"SECURE_ZMQ_ALLOW": "10.0.0.0/8,::1 192.0.2.1"},
    {"SECURE_ZMQ_PLAINTEXT": "tcp://127.0.0.1:5555 *:99"}, {"SECURE_ZMQ_PERMISSIONS": "Strict"},
    {"SECURE_ZMQ_HANDSHAKE_TIMEOUT": "0", "SECURE_ZMQ_IO_THREADS": "4"},
    {"SECURE_ZMQ_MAX_MESSAGE_SIZE": str(2**63 - 1)}, {"SECURE_ZMQ_LOG_LEVEL": ""},
    {"OTHER": "x\nexport SECURE_ZMQ_BOGUS='1'\n"},
])
def test_good_values(launch, variables):
    result = launch(TRUE, **variables)
    assert (result.returncode, result.stderr) == (0, "")


def test_no_certificates(anywhere, tmp_path):
    line = anywhere.refused(125, TRUE, SECURE_ZMQ_CERTS=tmp_path / "none")
    assert f"curveshim-cert init {tmp_path}/none" in line and "--certs DIR" in line


def test_secret_that_others_can_read(anywhere, certs):
    (certs / "server.key_secret").chmod(0o644)
    assert f"chmod 600 {certs}/server.key_secret" in anywhere.refused(125, TRUE)
    assert anywhere(TRUE, SECURE_ZMQ_PERMISSIONS="warn").returncode == 0


def test_authorized_clients_elsewhere(anywhere, certs, tmp_path):
    """As with a ConfigMap beside a Secret: that there are none in the usual place is no fault."""
    (certs / "authorized_clients").rename(tmp_path / "clients")
    assert f"{certs}/authorized_clients" in anywhere.refused(125, TRUE)
    result = anywhere(TRUE, SECURE_ZMQ_AUTHORIZED=tmp_path / "clients")
    assert (result.returncode, result.stderr) == (0, "")


def test_directory_that_others_can_write(anywhere, certs):
    certs.chmod(0o777)
    assert "write" in anywhere.refused(125, TRUE)


def test_broken_certificate(anywhere, certs):
    (certs / "client.key_secret").write_text("metadata\ncurve\n    public-key = \"short\"\n")
    assert str(certs / "client.key_secret") in anywhere.refused(125, TRUE)


def test_nobody_to_let_in(anywhere, certs):
    shutil.rmtree(certs / "authorized_clients")
    assert "authorized_clients" in anywhere.refused(125, TRUE)


def test_no_server_to_know(anywhere, certs):
    (certs / "server.key").unlink()
    assert "server.key" in anywhere.refused(125, TRUE)


@pytest.mark.parametrize("kept", ("server", "client"))
def test_one_role_is_enough(anywhere, certs, kept):
    if kept == "server":
        (certs / "client.key_secret").unlink()
    else:
        (certs / "server.key_secret").unlink()
        shutil.rmtree(certs / "authorized_clients")
    result = anywhere(TRUE)
    assert (result.returncode, result.stderr) == (0, "")


def test_files_elsewhere(anywhere, certs, tmp_path):
    shutil.move(certs / "server.key_secret", tmp_path / "mine")
    shutil.move(certs / "client.key_secret", tmp_path / "other")
    variables = {"SECURE_ZMQ_SERVER_CERT": tmp_path / "mine", "SECURE_ZMQ_CLIENT_CERT": "./other"}
    assert anywhere(TRUE, **variables).returncode == 0
    (tmp_path / "mine").chmod(0o604)
    assert "chmod 600" in anywhere.refused(125, TRUE, **variables)


def test_a_bad_client_keeps_nobody_else_out(launch, certs):
    (certs / "authorized_clients" / "bad.key").write_text("nonsense")
    result = launch(TRUE)
    assert result.returncode == 0 and "bad.key" in result.stderr


def test_usage(launch):
    for arguments in ((), ("--bogus", TRUE), ("--certs",)):
        assert "--help" in launch.refused(125, *arguments)
    assert "usage: curveshim-run" in launch("--help").stdout
    version, = re.findall(r"^  version: '(.*)'", (builds.REPOSITORY / "meson.build").read_text(),
                          re.MULTILINE)
    assert launch("--version").stdout == f"curveshim-run {version}\n"
