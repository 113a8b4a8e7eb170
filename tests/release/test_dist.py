"""scripts/dist: what is in a release, and that the same sources make the same bytes."""

import gzip
import os
import shutil
import subprocess
import tarfile

import pytest

from install import options
from install.test_layout import FILES
from release import dist

pytestmark = pytest.mark.slow

EPOCH = 1700000000
ARCHES = ("x86_64", "aarch64")
TOOLS = {"bin/curveshim-cert", "bin/curveshim-check"}
SCRIPTS = {"bin/curveshim-run"}
TEXTS = {
    "LICENSE", "README.md", "SECURITY.md", "SHA256SUMS",
    "share/doc/curveshim/LICENSE.libsodium", "share/doc/curveshim/LICENSE.musl",
    *(name for name in FILES if name.startswith("share/")),
}


@pytest.fixture(scope="module", params=ARCHES)
def arch(request):
    return request.param


@pytest.fixture(scope="module")
def made(arch):
    return dist.tarball(arch)


@pytest.fixture(scope="module")
def tree(made, tmp_path_factory):
    return dist.unpack(made, tmp_path_factory.mktemp("release"))


def libraries(arch):
    return {f"lib/curveshim/{arch}-{c_library}/libcurveshim.so" for c_library in ("glibc", "musl")}


def test_layout(made, arch):
    name = f"curveshim-{options.version()}-linux-{arch}"
    assert made.name == f"{name}.tar.gz"
    with tarfile.open(made) as tar:
        members = tar.getmembers()
    modes = {m.name.removeprefix(f"{name}/"): m.mode for m in members if m.isfile()}
    assert modes == {**dict.fromkeys(libraries(arch) | TOOLS | SCRIPTS, 0o755),
                     **dict.fromkeys(TEXTS, 0o644)}
    assert {m.mode for m in members if m.isdir()} == {0o755}
    assert all(m.isfile() or m.isdir() for m in members)
    assert {(m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, "", "")}


def test_checksums(tree):
    said = dist.said("sha256sum", "--check", "SHA256SUMS", cwd=tree)
    files = {str(file.relative_to(tree)) for file in tree.rglob("*") if file.is_file()}
    assert {line.removesuffix(": OK") for line in said.splitlines()} == files - {"SHA256SUMS"}


def test_checksums_of_the_archives(made):
    said = dist.said("sha256sum", "--check", "SHA256SUMS", cwd=made.parent)
    assert f"{made.name}: OK" in said.splitlines()


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_tools_are_static(tree, arch, tool):
    elf = dist.Elf(tree / tool)
    assert "INTERP" not in elf.readelf("-l") and elf.needed() == set()
    assert {"x86_64": "X86-64", "aarch64": "AArch64"}[arch] in elf.machine()


def test_nothing_of_this_machine_is_in_it(tree):
    for file in tree.rglob("*"):
        if file.is_file():
            assert str(dist.REPOSITORY).encode() not in file.read_bytes(), file


def copy_of_the_sources(directory):
    """What is in the repository, elsewhere, and with what only scripts/setup-* can get."""
    for name in dist.said("git", "-C", dist.REPOSITORY, "ls-files", "-z").split("\0")[:-1]:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(dist.REPOSITORY / name, directory / name)
    for name in (".venvs", ".agents"):
        (directory / name).symlink_to(dist.REPOSITORY / name)
    return directory


def test_two_builds_are_the_same(tmp_path):
    """In two places, one long, with another umask and output, and nothing cached in common."""
    dist.require_zig()
    made = []
    for number, place in enumerate((tmp_path / "a", tmp_path / "somewhere" / "much" / "deeper")):
        sources = copy_of_the_sources(place)
        output = tmp_path / f"output-{number}"
        subprocess.run(["sh", "-c", f"umask 0{number}7{7 * number} && exec scripts/dist --arch x86_64 --output {output}"],
                       cwd=sources, check=True, capture_output=True, text=True,
                       env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH),
                            "ZIG_GLOBAL_CACHE_DIR": str(tmp_path / f"zig-{number}")})
        made.append(next(output.glob("*.tar.gz")))
    first, second = (file.read_bytes() for file in made)
    assert gzip.decompress(first) and first == second
    with tarfile.open(made[0]) as tar:
        assert {m.mtime for m in tar.getmembers()} == {EPOCH}
