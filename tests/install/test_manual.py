"""The man pages: well-formed, and complete about what the tools and the library understand."""

import os
import re
import shutil
import subprocess

import pytest

from harness.builds import REPOSITORY

PAGES = {page.name: page for directory in ("certs", "scripts", "shim")
         for page in (REPOSITORY / directory).glob("*.[1-8]")}
TOOLS = ("curveshim-cert", "curveshim-check", "curveshim-run")


def render(page, *options):
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("man-db with groff is not installed")
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}
    return subprocess.run(["man", *options, "-l", PAGES[page]], env=env, capture_output=True,
                          text=True, check=False)


def text(page):
    """As a reader sees it, without hyphenation and emphasis."""
    plain = re.sub(".\b", "", render(page, "-E", "UTF-8", "--nh").stdout)
    return plain.replace("\N{HYPHEN}", "-").replace("\N{MINUS SIGN}", "-")


def test_there_is_a_page_for_each_tool_and_one_for_all():
    assert set(PAGES) == {"curveshim.7", *(f"{tool}.1" for tool in TOOLS)}


@pytest.mark.parametrize("page", PAGES)
def test_no_warnings(page):
    result = render(page, "--warnings", "-E", "UTF-8", "-Tutf8", "-Z")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout


@pytest.mark.parametrize("page", PAGES)
def test_references_are_to_pages_that_exist(page):
    for name, section in re.findall(r"\b(curveshim[a-z-]*)\((\d)\)", text(page)):
        assert f"{name}.{section}" in PAGES


def test_every_variable_is_explained():
    source = (REPOSITORY / "shim" / "config.c").read_text(encoding="utf-8")
    variables = set(re.findall(r'"(SECURE_ZMQ(?:_[A-Z_]+)?)"', source))
    assert len(variables) > 15
    explained = re.findall(r"^ {7}(SECURE_ZMQ.*)$", text("curveshim.7"), re.MULTILINE)
    assert variables == {name for line in explained for name in re.findall(r"SECURE_ZMQ\w*", line)}


def test_every_event_is_explained():
    source = "".join(file.read_text(encoding="utf-8")
                     for file in (REPOSITORY / "shim").glob("*.c"))
    events = set(re.findall(r'event_init\([^,]+, [^,;]+, "([a-z]+)"', source))
    assert {"auth", "config", "handshake"} < events
    section = PAGES["curveshim.7"].read_text(encoding="utf-8").split("\n.SH EVENTS\n")[1]
    tags = re.findall(r"^\.TP\n\.BR? (.*)$", section.split("\n.SH ")[0], re.MULTILINE)
    assert events <= {name for tag in tags for name in re.findall("[a-z]+", tag)}
