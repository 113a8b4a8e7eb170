"""A stream of requests goes through the rotation of every key, with rolling restarts: nothing is
lost, answered twice or refused."""

import json
import queue
import subprocess
import threading
import time

import pytest

from contract import program
from harness import builds

HERE = builds.REPOSITORY / "tests" / "rotation"
PYTHON = "/usr/bin/python3"
CLIENTS = {"python": (PYTHON, str(HERE / "stream_client.py")),
           "c": (str(builds.BUILD / "tests" / "rotation" / "stream_client"),)}


class Process:
    def __init__(self, command, env, directory):
        self.process = subprocess.Popen(command, env=env, cwd=directory, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def tell(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def line(self):
        line = self._lines.get(timeout=program.PATIENCE)
        assert line is not None, f"{self.process.args} ended with {self.process.wait()}"
        return line.strip()

    def account(self):
        """What it says at its end."""
        while not (line := self.line()).startswith("{"):
            pass
        assert self.process.wait(timeout=program.PATIENCE) == 0
        return json.loads(line)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


class Street:
    """Two servers, their clients and the operator, who drains what he restarts."""

    def __init__(self, directory, kinds, rate):
        self.directory = directory
        self.certs = directory / "certificates"
        self.kinds = kinds
        self.rate = rate
        self.logs = []
        self.accounts = []
        self.answered_by_servers = self.seen_again = 0
        self.endpoints = ["tcp://127.0.0.1:*", f"ipc://{directory}/s"]
        self.cert("init")
        for number in range(len(kinds)):
            self.cert("new", f"c{number}")
            self.cert("authorize", self.certs / f"c{number}.key")
        self.servers, self.clients = [None, None], [None] * len(kinds)

    def cert(self, command, *arguments):
        subprocess.run([str(builds.CURVESHIM_CERT), command, str(self.certs),
                        *map(str, arguments)], check=True, capture_output=True, timeout=60)

    def _start(self, command, **variables):
        path = self.directory / f"log-{len(self.logs)}"
        self.logs.append(program.Log(path))
        env = program.environment(self.certs, LOG=path, **variables)
        if command[0] != PYTHON:
            command = builds.checked(command, env)
        return Process(command, env, self.directory)

    def start_server(self, number):
        self.servers[number] = self._start((PYTHON, str(HERE / "stream_server.py"),
                                            self.endpoints[number]))
        self.endpoints[number] = json.loads(self.servers[number].line())["endpoint"]

    def start_client(self, number):
        self.clients[number] = self._start(
            (*CLIENTS[self.kinds[number]], f"c{number}-{len(self.logs)}", str(self.rate),
             *self.endpoints),
            CLIENT_CERT=f"c{number}.key_secret")
        assert self.clients[number].line() == "ready"

    def stop_server(self, number):
        self.servers[number].process.terminate()
        account = self.servers[number].account()
        self.servers[number].kill()
        self.answered_by_servers += account["answered"]
        self.seen_again += account["again"]

    def stop_client(self, number):
        self.clients[number].tell("stop")
        self.accounts.append(self.clients[number].account())
        self.clients[number].kill()

    def restart_servers(self):
        for number in range(2):
            for client in self.clients:
                client.tell(f"hold {number}")
            for client in self.clients:
                assert client.line() == f"held {number}"
            self.stop_server(number)
            self.start_server(number)
            for client in self.clients:
                client.tell(f"go {number}")

    def restart_clients(self):
        for number in range(len(self.clients)):
            self.stop_client(number)
            self.start_client(number)

    def events(self, name, **fields):
        return [event for log in self.logs for event in log.events(name, **fields)]

    def clear(self):
        for each in self.servers + self.clients:
            if each is not None:
                each.kill()


@pytest.fixture
def street(tmp_path):
    made = []

    def makes(*arguments):
        made.append(Street(tmp_path, *arguments))
        return made[-1]
    yield makes
    for each in made:
        each.clear()


def rotate_clients(street):
    for number in range(len(street.clients)):
        street.cert("rotate", f"c{number}")
    # The new keys count before they are used, and the old ones still do.
    street.restart_clients()
    assert street.events("auth", reason="superseded key", connection="live")
    for number in range(len(street.clients)):
        street.cert("rotate", f"c{number}", "--finish")


def trust_servers(street, *options):
    for endpoint in street.endpoints:
        street.cert("trust", endpoint, street.certs / "server.key", *options)


def rotate_server(street, known_servers):
    street.cert("rotate", "server")
    street.restart_servers()
    street.cert("rotate", "server", "--switch")
    if known_servers:
        trust_servers(street, "--replace")
    street.restart_clients()
    street.cert("rotate", "server", "--finish")
    street.restart_servers()


@pytest.mark.in_c
@pytest.mark.parametrize("kinds, rate, least, known_servers", [
    (["python", "c"], 150, 200, True),
    pytest.param(["python", "c", "python", "c"], 400, 1000, False, marks=pytest.mark.slow),
    pytest.param(["python", "c", "python", "c"], 400, 1000, True, marks=pytest.mark.slow)])
def test_nothing_is_lost_repeated_or_refused(street, kinds, rate, least, known_servers):
    street = street(kinds, rate)
    for number in range(2):
        street.start_server(number)
    if known_servers:
        trust_servers(street)
    began = time.monotonic()
    for number in range(len(kinds)):
        street.start_client(number)
    rotate_clients(street)
    rotate_server(street, known_servers)
    for number in range(len(kinds)):
        street.stop_client(number)
    elapsed = time.monotonic() - began
    for number in range(2):
        street.stop_server(number)

    sent, answered, again = (sum(account[what] for account in street.accounts)
                             for what in ("sent", "answered", "again"))
    print(f"{sent} requests in {elapsed:.1f} s, {sent / elapsed:.0f}/s")
    assert (sent - answered, again, street.seen_again) == (0, 0, 0)
    assert street.answered_by_servers == sent
    assert street.events("refused") == []
    assert street.events("auth", result="deny") == []
    # Clients do note that a server which is being restarted is not there, and servers that a client
    # hung up as it was restarted.
    assert [event for event in street.events("handshake", result="failed")
            if event["level"] != "info" and event["role"] == "server" or "key" in event["reason"]] == []
    if not builds.SLOWED:
        assert sent / elapsed >= least
