"""A /dev/log of the test's own: programs are started with a /dev in which it leads to a socket of
the test's."""

import shutil
import subprocess

import pytest


def namespace(directory, socket):
    """A command that runs another one so. `directory` is a scratch directory."""
    old = f"{directory}/old-dev"
    command = ["unshare", "-m", "sh", "-c",
               f"mkdir -p {old} && mount --rbind /dev {old} && mount -t tmpfs tmpfs /dev && "
               f"for n in null zero full urandom; do touch /dev/$n && mount --bind {old}/$n /dev/$n; "
               f"done && ln -s {socket} /dev/log && exec \"$@\"", "sh"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    return command


CONFIGURATION = """
global(workDirectory="{directory}" parser.permitSlashInProgramName="on")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{socket}" CreatePath="off" UseSpecialParser="{special}"
      ParseHostname="on" RateLimit.Interval="0")
template(name="fields" type="list") {{
  constant(value="{{") property(name="jsonmesg") constant(value="}}\\n")
}}
template(name="each" type="string"
         string="%syslogfacility-text%.%syslogseverity-text%|%app-name%|%procid%|%msgid%|%structured-data%|%msg%\\n")
action(type="omfile" file="{directory}/messages" template="each")
action(type="omfile" file="{directory}/traditional" template="RSYSLOG_TraditionalFileFormat")
"""


class Rsyslogd:
    """The real one, with a socket of the test's. special: as rsyslogd does unless told otherwise."""

    def __init__(self, directory, socket, special=False):
        self.command = shutil.which("rsyslogd", path="/usr/sbin:/sbin")
        if self.command is None:
            pytest.skip("rsyslogd is not installed")
        self.directory = directory
        self.socket = socket
        self.configuration = directory / "rsyslog.conf"
        self.configuration.write_text(CONFIGURATION.format(
            directory=directory, socket=socket, special="on" if special else "off"),
            encoding="utf-8")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [self.command, "-n", "-i", "NONE", "-f", str(self.configuration)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        self.process = None

    def lines(self, name="messages"):
        file = self.directory / name
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
