"""Runs of the scenario that reach what the plain one does not."""

import contextlib
import glob
import pathlib
import shutil
import subprocess
import time

from harness import bare_peer, builds

from . import runs


def says_error(code):
    """A server that refuses whoever comes."""
    return bare_peer.greeting_3(b"CURVE") + b"\x04\x0a\x05ERROR\x03" + code


class Handled(runs.Run):
    """A program with a ZAP handler of its own. Its secret keys are links to files that have settled,
    which are named by their public halves; nobody was ever revoked; after its first cycle its list of
    servers is gone."""

    arguments = ("handles",)
    environment = {"SECURE_ZMQ_CLIENT_CERT": "client.key", "SECURE_ZMQ_LOG": "syslog"}
    astray_says = says_error(b"400")

    @staticmethod
    def prepare(certs):
        (certs / "known_servers").write_text("tcp://127.0.0.1:*  server.key\n", encoding="utf-8")
        (certs / "revoked").rmdir()
        # What was changed just before is read anew each time.
        while time.time() - (certs / "client.key_secret").stat().st_ctime < 4:
            time.sleep(0.1)

    def set_up(self):
        for name in ("server.key_secret", "client.key_secret", "client.key"):
            (self.certs / name).unlink()
            (self.certs / name).symlink_to(self.settled / name)

    def answer(self, line):
        if line.startswith("authorise"):
            self.wait_for_watcher()
            shutil.copy(self.certs / "server.key", self.certs / "authorized_clients" / "server.key")
        if line.startswith("attack"):
            (self.certs / "known_servers").unlink(missing_ok=True)
        return super().answer(line)

    def wait_for_watcher(self):
        """From then on, what changes is told one by one. Not with all faults there is one."""
        end = time.monotonic() + 3
        while time.monotonic() < end and "inotify" not in str(descriptors_of(self.process.pid)):
            time.sleep(0.05)


def descriptors_of(pid):
    with contextlib.suppress(OSError):
        return [str(entry.readlink()) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    return []


class Rotated(runs.Run):
    """A server whose key is being rotated, and clients that know the next one, by endpoint. Its own
    pair comes late, others can read it, which is allowed here, and for a while write to revoked/;
    after its first cycle all of them are gone. Before it all, it loads a library that is not to see
    what the process has; and see do_odd_things of scenario.c."""

    arguments = ("odd",)
    environment = {"SECURE_ZMQ_LOG": "stderr", "SECURE_ZMQ_ALLOW": "127.0.0.0/8 ::1",
                   "SECURE_ZMQ_PLAINTEXT": "tcp://192.0.2.1:* tcp://127.0.0.2:* ipc://*",
                   "SECURE_ZMQ_IO_THREADS": "2", "SECURE_ZMQ_PERMISSIONS": "warn"}
    astray_says = says_error(b"300")

    @staticmethod
    def prepare(certs):
        subprocess.run([builds.CURVESHIM_CERT, "rotate", certs, "server"], check=True,
                       stdout=subprocess.DEVNULL)
        (certs / "known_servers").write_text("tcp://192.0.2.1:*  none.key\n"
                                             "tcp://127.0.0.1:*  server.next.key\n",
                                             encoding="utf-8")
        (certs / "revoked").mkdir(exist_ok=True)
        for secret in certs.glob("*secret"):
            secret.chmod(0o644)

    def set_up(self):
        # It needs others than the C library, which are not beside this name.
        (self.directory / "deep.so").symlink_to(glob.glob("/usr/lib/*/libstdc++.so.6")[0])
        self.late = self.certs / "server.key_secret"
        self.late.rename(self.directory / "late")

    def answer(self, line):
        word = line.split()[0]
        if word == "connect-astray" and (self.directory / "late").exists():
            (self.directory / "late").rename(self.late)
        if word in ("deauthorise", "authorise"):
            (self.certs / "revoked").chmod(0o777 if word == "deauthorise" else 0o755)
        if word == "attack" and self.certs.exists():
            self.certs.rename(self.directory / "vanished")
        return super().answer(line)


class Audited(runs.Run):
    """SECURE_ZMQ=audit, which changes nothing: all of it is in clear, and nobody is kept out."""

    arguments = ("audited",)
    environment = {"SECURE_ZMQ": "audit"}

    def attack(self):
        pass

    def judge_told(self, told, what):
        pass


VARIATIONS = {"handled": Handled, "rotated": Rotated, "audited": Audited}
