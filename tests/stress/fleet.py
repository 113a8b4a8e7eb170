"""The fleet's processes, and what is done to them. All in one thread: agents end with the thread
that started them."""

import dataclasses
import math
import os
import signal
import subprocess
import time

from harness import agents, certificates

from . import growth, ledger, plan

PATIENCE_MS = 4000  # of a REQ whose server may have been killed
SAMPLE_EVERY = 2
# The contract says a second; the rest is for agents that wait for a processor.
REVOCATION_MS = 3000
SETTLING = 40


@dataclasses.dataclass
class Process:
    popen: subprocess.Popen
    life: int


class Fleet:
    """`certs` is None for plain libzmq. `patient`: a REQ waits for its answer for ever."""

    def __init__(self, members, places, directory, certs, rate, patient):
        self.members = {m.name: m for m in members}
        self.places, self.directory, self.certs = places, directory, certs
        self.rate, self.patience = rate, 0 if patient else PATIENCE_MS
        self.logs, self.sockets = directory / "logs", directory / "s"
        for path in (self.logs, self.sockets, directory / "errors"):
            path.mkdir(parents=True)
        self.processes, self.lives = {}, {}
        self.revoked, self.renewed = {}, {}
        self.watch, self.counts = growth.Watch(), dict.fromkeys(
            ("kills", "rotations", "finished rotations", "revocations", "authorizations",
             "partitions", "server keys"), 0)

    def endpoint(self, member):
        if member.transport == "ipc":
            return f"ipc://{self.sockets}/{member.group}"
        binder = next(m for m in self.members.values() if m.binds and m.group == member.group)
        slow = member.transport == "slow" and not member.binds
        place = self.places.slow_link if slow else self.places[binder.place]
        return f"tcp://{place.address}:{member.port}"

    def start(self, name):
        member, life = self.members[name], self.lives.get(name, 0) + 1
        self.lives[name] = life
        variables = {"NODE_PATH": plan.NODE_MODULES}
        if self.certs and not member.binds:
            variables["SECURE_ZMQ_CLIENT_CERT"] = f"{name}.key_secret"
        env = agents.environment(shim=bool(self.certs), certs=self.certs, home=self.directory,
                                 **variables)
        command = [*member.runtime.command, name, str(life), str(self.logs / f"{name}.{life}"),
                   member.kind, "bind" if member.binds else "connect", str(self.rate),
                   str(self.patience), self.endpoint(member)]
        with open(self.directory / "errors" / name, "ab") as errors:
            # Not before exec: the helpers on the way are none of the fleet.
            assign = [f"{key}={value}" for key, value in env.items()]
            popen = subprocess.Popen(
                self.places[member.place].inside("env", "-i", *assign, *command),
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, cwd=self.directory)
        self.processes[name] = Process(popen, life)

    def start_all(self):
        for name in sorted(self.members, key=lambda n: not self.members[n].binds):
            self.start(name)
        assert agents.wait_until(lambda: all(self.is_open(n) for n in self.processes), 180), \
            f"not all agents are up: {self.report()}"

    def is_open(self, name):
        path = self.logs / f"{name}.{self.processes[name].life}"
        return path.exists() and path.stat().st_size > 0

    def signal(self, name, number):
        popen = self.processes[name].popen
        if popen.poll() is None:
            os.kill(popen.pid, number)

    def cert(self, *words):
        if self.certs:
            certificates.curveshim_cert(words[0], self.certs, *words[1:])

    def do(self, event):
        getattr(self, f"_{event.what}")(*event.whom)

    def _cut(self, place, other):
        self.places[place].part_from(self.places[other])
        self.counts["partitions"] += 1

    def _mend(self, place):
        self.places[place].part_from(None)

    def _kill(self, name):
        process = self.processes[name].popen
        process.kill()
        process.wait()
        self.counts["kills"] += 1

    def _start(self, name):
        self.start(name)

    def _rotate(self, name):
        self.cert("rotate", name)
        self.signal(name, signal.SIGHUP)
        self.renewed[name] = self.opened(name)
        self.counts["rotations"] += 1

    def opened(self, name):
        log = self.logs / f"{name}.{self.processes[name].life}"
        return log.read_text(encoding="ascii").count("O\n")

    def _finish(self, name):
        """When it no longer uses the old key, as an operator would."""
        if self.opened(name) > self.renewed[name]:
            self.cert("rotate", name, "--finish")
            self.counts["finished rotations"] += 1

    def _revoke(self, name):
        """Another one with a key of its own comes in its place."""
        old = self.members[name]
        new = dataclasses.replace(old, name=f"{name}-again")
        self.cert("revoke", name)
        self.revoked[name] = int(time.time() * 1000) + REVOCATION_MS
        self.counts["revocations"] += 1
        self.members[new.name] = new
        self.cert("new", new.name)
        self.cert("authorize", *([self.certs / f"{new.name}.key"] if self.certs else []))
        self.counts["authorizations"] += 1
        self.start(new.name)

    def _prepare(self):
        self.cert("rotate", "server", "--prepare")

    def _switch(self):
        self.cert("rotate", "server", "--switch")
        self.counts["server keys"] += 1

    def run(self, events, seconds):
        """Everything that is planned, with a look at the processes now and then."""
        began = time.monotonic()
        planned = sorted([*events, *(plan.Event(n * SAMPLE_EVERY, "look")
                                     for n in range(int(seconds / SAMPLE_EVERY)))])
        for event in planned:
            time.sleep(max(0, began + event.at - time.monotonic()))
            self.do(event)
        time.sleep(max(0, began + seconds - time.monotonic()))

    def _look(self):
        for name, process in self.processes.items():
            if process.popen.poll() is None:
                self.watch.look((name, process.life), process.popen.pid)

    def account(self):
        return ledger.account(self.members, sorted(self.logs.iterdir()),
                              self.revoked if self.certs else dict.fromkeys(self.revoked, math.inf))

    def unread_tail(self):
        return ledger.unsubscribed_tail(self.members, sorted(self.logs.iterdir()))

    def settle(self):
        """No more is sent, and what is on its way arrives, if it does."""
        for place in range(len(self.places)):
            self.places[place].part_from(None)
        for name in self.processes:
            self.signal(name, signal.SIGUSR2)
        end, before, quiet = time.monotonic() + SETTLING, None, 0
        while time.monotonic() < end and quiet < 3:
            time.sleep(1)
            now = sum(path.stat().st_size for path in self.logs.iterdir())
            quiet = quiet + 1 if now == before else 0
            before = now

    def dead(self):
        """Those that ended by themselves."""
        return [name for name, process in self.processes.items()
                if process.popen.poll() is not None]

    def report(self):
        tails = {path.name: path.read_text(encoding="utf-8", errors="replace")[-400:]
                 for path in (self.directory / "errors").iterdir()}
        return {name: text for name, text in tails.items()
                if name in self.dead() or not self.is_open(name)}

    def stop(self):
        for name in self.processes:
            self.signal(name, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.popen.wait(timeout=agents.PATIENCE)
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait()


class Places(list):
    """The network of a fleet: namespaces on a bridge, and one with the slow links."""

    def __init__(self, bridge, count, loss, members, seed, make):
        super().__init__(make(bridge, loss) for _ in range(count))
        self.slow_link = make(bridge, loss)
        links = [f"{m.port}:{self[m.place].address}:{m.port}:{plan.MOST_DELAY_MS}"
                 for m in members if m.binds and m.transport == "slow"]
        script = str(plan.HERE / "slow_link.py")
        self._relay = subprocess.Popen(
            self.slow_link.inside("/usr/bin/python3", script, str(seed), *links),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self._relay.stdout.readline() == "up\n", "no slow links"

    def close(self):
        self._relay.kill()
        self._relay.wait()
        self._relay.stdout.close()
        for place in (*self, self.slow_link):
            place.close()


def make_certificates(directory, members):
    """One directory for all, with a key for each that connects."""
    certificates.make(directory)
    names = [m.name for m in members if not m.binds]
    for name in names:
        certificates.curveshim_cert("new", directory, name)
    certificates.curveshim_cert("authorize", directory, *(directory / f"{n}.key" for n in names))
    return directory
