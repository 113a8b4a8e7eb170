"""A Secret or ConfigMap as the kubelet lays it out: files are links through `..data`, and that link
is what an update swaps."""

import itertools
import os
import pathlib
import shutil


class Mounted:
    """`mode` is its defaultMode, `group` the pod's fsGroup. Made by root."""

    numbers = itertools.count()

    def __init__(self, path, files, mode=0o644, group=None, sticky=True):
        """Secrets lie on a tmpfs (mode 1777), ConfigMaps do not. `files`: contents by name."""
        self.path, self.mode, self.group = pathlib.Path(path), mode, group
        self.path.mkdir()
        self.path.chmod(0o1777 if sticky else 0o777)
        self._give(self.path, 0o2550)
        self.update(files)

    def _give(self, path, mode):
        """What the kubelet does to every file for fsGroup: it only ever adds."""
        if self.group is not None:
            os.chown(path, 0, self.group)
            path.chmod(path.stat().st_mode & 0o7777 | mode)

    def update(self, files):
        before = self.path / "..data"
        old = before.resolve() if before.is_symlink() else None
        data = self.path / f"..2026_11_25_07_00_00.{next(self.numbers)}"
        data.mkdir(mode=0o755)
        for name, content in files.items():
            (data / name).write_bytes(content)
            (data / name).chmod(self.mode)
            self._give(data / name, 0o440)
        self._give(data, 0o2550)
        (self.path / "..data_tmp").symlink_to(data.name)
        (self.path / "..data_tmp").rename(before)
        for name in files:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"..data/{name}")
        for link in self.path.iterdir():
            if not link.name.startswith("..") and link.name not in files:
                link.unlink()
        if old is not None:
            shutil.rmtree(old)


def contents(directory, pattern="*"):
    """What `kubectl create --from-file=DIRECTORY` takes: regular files, no directories."""
    return {path.name: path.read_bytes() for path in sorted(directory.glob(pattern))
            if path.is_file()}
