"""Which files an installation has, and what they say about where they are."""

import os
import pathlib
import re
import subprocess

from harness.builds import REPOSITORY
from install import options

# Below the prefix; LIBDIR is the build's own.
FILES = {
    "bin/curveshim-cert": 0o755,
    "bin/curveshim-check": 0o755,
    "bin/curveshim-run": 0o755,
    "LIBDIR/libcurveshim.so": 0o755,
    "LIBDIR/pkgconfig/curveshim.pc": 0o644,
    "share/bash-completion/completions/curveshim-cert": 0o644,
    "share/bash-completion/completions/curveshim-check": 0o644,
    "share/bash-completion/completions/curveshim-run": 0o644,
    "share/curveshim/curveshim-events.schema.json": 0o644,
    "share/curveshim/monitoring/curveshim-dashboard.json": 0o644,
    "share/curveshim/monitoring/curveshim-rules.yml": 0o644,
    "share/curveshim/run/certificates.sh": 0o644,
    "share/curveshim/run/configuration.sh": 0o644,
    "share/curveshim/run/program.sh": 0o644,
    "share/man/man1/curveshim-cert.1": 0o644,
    "share/man/man1/curveshim-check.1": 0o644,
    "share/man/man1/curveshim-run.1": 0o644,
    "share/man/man7/curveshim.7": 0o644,
}


def test_every_file_is_at_its_place(installed):
    found = {str(file.relative_to(installed.prefix)).replace(options.option("libdir") + "/", "LIBDIR/", 1):
             file.lstat().st_mode
             for file in installed.root.rglob("*") if not file.is_dir() or file.is_symlink()}
    regular = 0o100000
    assert found == {name: regular | mode for name, mode in FILES.items()}


def test_the_library_has_one_name(installed):
    """A preload is named by its file: no link and no version may be needed to find it."""
    said = subprocess.run(["readelf", "-d", installed.library], check=True, capture_output=True,
                          text=True).stdout
    assert re.findall(r"\(SONAME\).*\[(.*)\]", said) == ["libcurveshim.so"]
    assert re.findall(r"\((?:RPATH|RUNPATH)\)", said) == []


def test_the_loader_finds_it_by_its_bare_name(installed, tmp_path):
    """ldconfig, which has to know it unless it lies in a default directory."""
    cache, configuration = tmp_path / "cache", tmp_path / "ld.so.conf"
    configuration.write_text(f"{installed.libdir}\n", encoding="utf-8")
    ldconfig = ["/sbin/ldconfig", "-f", configuration, "-C", cache]
    subprocess.run([*ldconfig, "-X"], check=True, capture_output=True)
    known = subprocess.run([*ldconfig, "-p"], check=True, capture_output=True, text=True).stdout
    line, = (line for line in known.splitlines() if line.split()[0] == "libcurveshim.so")
    assert line.endswith(f"=> {installed.library}")


def test_pkg_config(installed):
    env = {"PATH": os.environ["PATH"], "PKG_CONFIG_LIBDIR": str(installed.libdir / "pkgconfig")}

    def ask(*arguments):
        return subprocess.run(["pkg-config", *arguments, "curveshim"], check=True, env=env,
                              capture_output=True, text=True).stdout.strip()

    assert ask("--modversion") == options.version()
    library = pathlib.PurePath(options.option("prefix"), options.option("libdir"), "libcurveshim.so")
    assert ask("--variable=preload") == str(library)
    # There is nothing to compile or to link with.
    assert ask("--cflags", "--libs") == ""


def test_one_version_everywhere(installed):
    version = options.version()
    changelog = (REPOSITORY / "debian" / "changelog").read_text(encoding="utf-8")
    assert changelog.startswith(f"curveshim ({version}) ")
    for tool in ("curveshim-cert", "curveshim-check", "curveshim-run"):
        said = subprocess.run([installed.tool(tool), "--version"], check=True, capture_output=True,
                              text=True).stdout
        assert said == f"{tool} {version}\n"
