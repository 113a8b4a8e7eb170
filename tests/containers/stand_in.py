"""What was built for this machine's own C library, packed as scripts/dist packs a release."""

import platform
import shutil
import tarfile

import pytest

from harness import builds

ARCH = platform.machine()
VERSION = "0.1.0"


def tarball(directory):
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
    packed = directory / f"{tree.name}.tar.gz"
    with tarfile.open(packed, "w:gz", compresslevel=1) as tar:
        tar.add(tree, tree.name)
    return packed
