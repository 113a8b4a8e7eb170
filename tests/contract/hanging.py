"""A directory that hangs whoever looks into it, as one on a file server that has gone does: a FUSE
mount whose server never answers."""

import ctypes
import os
import pathlib

import pytest

MNT_DETACH = 2


class HangingDirectory:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self._libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            pytest.skip(f"/dev/fuse: {error.strerror}")
        options = f"fd={self._server},rootmode=40000,user_id=0,group_id=0"
        if self._libc.mount(b"hanging", bytes(self.directory), b"fuse", 0, options.encode()) != 0:
            os.close(self._server)
            pytest.skip(f"no FUSE mounts here: {os.strerror(ctypes.get_errno())}")

    def release(self):
        """Whoever hangs gets an error."""
        self._libc.umount2(bytes(self.directory), MNT_DETACH)
        os.close(self._server)
