"""The release that images are built with: the one in build-dist, else a stand-in of its layout."""

import platform
import shutil
import subprocess
import tarfile

import pytest

from harness import builds

ARCH = platform.machine()
VERSION = "0.1.0"


def find():
    """The newest release tarball for this machine, or None."""
    made = builds.REPOSITORY.glob(f"build-dist/curveshim-*-linux-{ARCH}.tar.gz")
    return max(made, key=lambda path: path.stat().st_mtime, default=None)


def stand_in(directory):
    """What was built for this machine's own libc, packed as a release is."""
    tree = directory / f"curveshim-{VERSION}-linux-{ARCH}"
    scripts = builds.REPOSITORY / "scripts"
    files = {"bin/curveshim-run": scripts / "curveshim-run",
             "bin/curveshim-check": builds.BUILD / "shim" / "curveshim-check",
             "bin/curveshim-cert": builds.CURVESHIM_CERT,
             f"lib/curveshim/{ARCH}-glibc/libcurveshim.so": builds.SHIM}
    for name, source in files.items():
        if not source.exists():
            pytest.skip(f"{source} is not built")
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, tree / name)
    shutil.copytree(scripts / "run", tree / "share" / "curveshim" / "run")
    (tree / "lib" / "curveshim" / "libcurveshim.so").symlink_to(f"{ARCH}-glibc/libcurveshim.so")
    tarball = directory / f"{tree.name}.tar.gz"
    with tarfile.open(tarball, "w:gz", compresslevel=1) as tar:
        tar.add(tree, tree.name)
    return tarball
