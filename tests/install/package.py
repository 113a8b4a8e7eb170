"""The tarball of `meson dist`, and the Debian package that is built from it."""

import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

from harness import builds

# They build everything and run the unit tests.
PATIENCE = 1200


def must(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True,
                          timeout=PATIENCE, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def require(*programs):
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def dist(directory):
    """Of the last commit, with meson's own test of it: configured, built, tested."""
    require("git")
    if not (builds.REPOSITORY / ".git").exists():
        pytest.skip("meson dist needs the git repository")
    # What is not committed yet is no part of it, and meson would ask about that.
    clone, build = directory / "clone", directory / "build"
    must("git", "clone", "--quiet", builds.REPOSITORY, clone)
    must("meson", "setup", build, clone)
    must("meson", "dist", "-C", build, "--formats", "gztar")
    tarball, = (build / "meson-dist").glob("*.tar.gz")
    return tarball


def build(tarball, directory):
    """The .changes file; the packages are beside it."""
    require("dpkg-buildpackage", "dh", "fakeroot")
    with tarfile.open(tarball) as tar:
        tar.extractall(directory)
    source, = (path for path in pathlib.Path(directory).iterdir() if path.is_dir())
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "LC_ALL": "C.UTF-8",
           "DEB_BUILD_OPTIONS": "parallel=2"}
    must("dpkg-buildpackage", "-b", "-uc", "-us", cwd=source, env=env)
    changes, = directory.glob("*.changes")
    return changes
