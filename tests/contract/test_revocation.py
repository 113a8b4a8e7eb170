"""Contract, Certificates: revocation, removal, expiry and narrowing end live connections within a
second, and touch nobody else's."""

import datetime
import subprocess
import time

import pytest
import zmq

from harness import agents, builds, runtimes

from .certs import pair
from .crowd import Crowd
from .program import environment, wait_until
from .test_reload import as_secret

INNOCENTS = 50
SECOND = 1.0

SERVERS = [runtimes.C, runtimes.DEBIAN, runtimes.WHEEL[runtimes.WHEELS[-1]]]


@pytest.fixture
def crowd():
    crowd = Crowd()
    yield crowd
    crowd.clear()


@pytest.fixture
def serve(stage, certs):
    """A reference agent that answers until it is stopped; its endpoint."""
    def serves(runtime=runtimes.C, endpoint="tcp://127.0.0.1:*", pattern="router-dealer"):
        agent = stage.start(runtime, "--mode", "server", "--pattern", pattern, "--count", "0",
                            "--bind", endpoint, env=environment(certs))
        return agent, agent.endpoint()
    return serves


def authorize(certs, *names, **metadata):
    """Before the server starts, or their first attempt may come too early."""
    made = [pair() for _ in names]
    for name, keys in zip(names, made):
        certs.authorize(name, keys, **metadata)
    return made


def settled(clients):
    """All of them have been let in, and exchange."""
    counts = [c.received for c in clients]
    return wait_until(lambda: all(c.received > n + 5 for c, n in zip(clients, counts)))


def revoke(certs, name):
    """When the command has returned."""
    subprocess.run([str(builds.CURVESHIM_CERT), "revoke", str(certs), name], check=True,
                   capture_output=True)
    return time.monotonic()


def assert_ended_in_time(victims, moment):
    time.sleep(max(0.0, moment + 1.5 * SECOND - time.monotonic()))
    for victim in victims:
        assert victim.last < moment + SECOND + victim.crowd.lag
        assert victim.trouble()


def assert_undisturbed(clients):
    for client in clients:
        assert client.wrong == [] and client.received == client.sent
        assert client.trouble() == []
        assert client.received > 10


@pytest.mark.parametrize("runtime", SERVERS, ids=str)
def test_revoked_among_fifty(serve, certs, crowd, runtime):
    names = authorize(certs, "victim", *(f"innocent-{n}" for n in range(INNOCENTS)))
    _, endpoint = serve(runtime)
    victim, *innocents = (crowd.add(keys, certs.server.public, endpoint) for keys in names)
    crowd.may_stall.add(victim)
    crowd.start()
    assert settled(crowd.clients)
    begin, before = time.monotonic(), sum(c.received for c in innocents)
    time.sleep(SECOND)
    rate = (sum(c.received for c in innocents) - before) / (time.monotonic() - begin)
    moment = revoke(certs, "victim")
    begin, before = time.monotonic(), sum(c.received for c in innocents)
    assert_ended_in_time([victim], moment)
    later = (sum(c.received for c in innocents) - before) / (time.monotonic() - begin)
    crowd.stop()
    assert_undisturbed(innocents)
    assert later > rate / 5


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def remove(certs, name, _):
    (certs.authorized / f"{name}.key").unlink()
    return time.monotonic()


def narrow(**metadata):
    def narrows(certs, name, keys):
        certs.authorize(name, keys, **metadata)
        return time.monotonic()
    return narrows


HOW = {
    "revoked": (lambda certs, name, _: revoke(certs, name), "revoked"),
    "removed": (remove, "unknown key"),
    "other key in its file": (lambda certs, name, _: narrow()(certs, name, pair()), "unknown key"),
    "endpoints": (narrow(endpoints="tcp://192.0.2.1:*"), "endpoint not allowed"),
    "addresses": (narrow(addresses="192.0.2.0/24"), "address not allowed"),
    "expires set": (narrow(expires="2026-01-31T00:00:00Z"), "expired"),
    "not-before set": (narrow(not_before="2126-01-31T00:00:00Z"), "not yet valid"),
}


def test_what_ends_a_live_connection(start, certs, crowd):
    """Each in its way, all at once; the first has two connections."""
    keys = dict(zip(HOW, authorize(certs, *(how.replace(" ", "-") for how in HOW))))
    first, *_ = HOW
    keys_of_other, = authorize(certs, "other")
    server = start()
    server(ECHO)
    owners = [first, *HOW]
    victims = [crowd.add(keys[how], certs.server.public, server("to")) for how in owners]
    innocent = crowd.add(keys_of_other, certs.server.public, server("to"))
    crowd.may_stall.update(victims)
    crowd.start()
    assert settled(crowd.clients)
    for how, (change, _) in HOW.items():
        moment = change(certs, how.replace(" ", "-"), keys[how])
    assert_ended_in_time(victims, moment)
    crowd.stop()
    assert_undisturbed([innocent])
    for how, (_, reason) in HOW.items():
        ended = server.log.wait("auth", connection="ended", key=keys[how].public)
        assert (ended["result"], ended["reason"], ended["level"]) == ("deny", reason, "warning")
        assert (ended["address"], ended["endpoint"]) == ("127.0.0.1", server("to"))
    assert len(server.log.events("auth", result="allow")) == len(owners) + 1


# A server that answers in a thread of its own, and can still be told what to do.
ECHO = """
    a = bound('ROUTER'); to = where(a); end = False
    def answer():
        while not end:
            if a.poll(100): a.send_multipart(a.recv_multipart())
    thread = threading.Thread(target=answer, daemon=True); thread.start()
"""


def test_the_time_is_up(start, certs, crowd):
    moment = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    moment += datetime.timedelta(seconds=4)
    soon, = authorize(certs, "soon", expires=rfc3339(moment))
    later, = authorize(certs, "later", expires=rfc3339(moment + datetime.timedelta(hours=1)))
    server = start()
    server(ECHO)
    victim, innocent = (crowd.add(k, certs.server.public, server("to")) for k in (soon, later))
    crowd.may_stall.add(victim)
    crowd.start()
    assert settled(crowd.clients)
    left = (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert left > 0
    up = time.monotonic() + left
    assert_ended_in_time([victim], up)
    assert victim.last > up - SECOND
    assert server.log.wait("auth", connection="ended")["reason"] == "expired"
    crowd.stop()
    assert_undisturbed([innocent])


@pytest.mark.in_c
def test_in_every_process_that_serves_it(serve, certs, crowd):
    keys, other = authorize(certs, "victim", "other")
    to = [serve(runtime)[1] for runtime in (runtimes.C, runtimes.DEBIAN)]
    victims = [crowd.add(keys, certs.server.public, endpoint) for endpoint in to]
    innocents = [crowd.add(other, certs.server.public, endpoint) for endpoint in to]
    crowd.may_stall.update(victims)
    crowd.start()
    assert settled(crowd.clients)
    assert_ended_in_time(victims, revoke(certs, "victim"))
    crowd.stop()
    assert_undisturbed(innocents)


@pytest.mark.parametrize("runtime", SERVERS[::2], ids=str)
def test_over_ipc_where_all_come_from_one_process(serve, certs, crowd, short, runtime):
    victim_keys, *others = authorize(certs, "victim", *(f"other-{n}" for n in range(9)))
    _, endpoint = serve(runtime, f"ipc://{short}/s", "req-rep")
    victim, *innocents = (crowd.add(keys, certs.server.public, endpoint, zmq.REQ)
                          for keys in (victim_keys, *others))
    crowd.may_stall.add(victim)
    crowd.start()
    assert settled(crowd.clients)
    assert_ended_in_time([victim], revoke(certs, "victim"))
    crowd.stop()
    assert_undisturbed(innocents)


def test_narrowed_to_one_endpoint_of_two(start, certs, crowd):
    keys, = authorize(certs, "client")
    server = start()
    server("""
        both = [bound('ROUTER') for _ in range(2)]
        def answer():
            while True:
                for s in both:
                    if s.poll(10): s.send_multipart(s.recv_multipart())
        threading.Thread(target=answer, daemon=True).start()
    """)
    kept, lost = (crowd.add(keys, certs.server.public, server(f"where(both[{n}])"))
                  for n in range(2))
    crowd.may_stall.add(lost)
    crowd.start()
    assert settled(crowd.clients)
    certs.authorize("client", keys, endpoints=server("where(both[0])"))
    assert_ended_in_time([lost], time.monotonic())
    crowd.stop()
    assert_undisturbed([kept])


def test_removed_and_authorised_again(start, certs, crowd):
    """Every refusal but revocation leaves the client a way back."""
    keys, = authorize(certs, "client")
    server = start()
    server(ECHO)
    client = crowd.add(keys, certs.server.public, server("to"), zmq.DEALER)
    crowd.start()
    assert settled([client])
    remove(certs, "client", keys)
    server.log.wait("auth", connection="ended")
    stopped = client.received
    certs.authorize("client", keys)
    # What was under way to it or from it is lost with the connection: it asks again.
    assert wait_until(lambda: server.log.events("auth", result="allow")[1:])
    client.sent = client.received = stopped
    assert settled([client])


def test_a_revoked_client_gives_up(start, certs, peers):
    server = start()
    server(ECHO)
    client = peers.client("DEALER", server("to"), certs.client, certs.server.public)
    monitor = client.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    client.send(b"x")
    assert client.recv() == b"x"
    revoke(certs, "client")
    assert monitor.poll(10000)
    refused = server.log.wait("auth", reason="revoked", connection=None)
    assert refused["result"] == "deny"
    time.sleep(SECOND)
    assert len(server.log.events("auth", reason="revoked", connection=None)) == 1


@pytest.mark.parametrize("kinds", ["PULL PUSH", "SUB PUB", "DEALER DEALER"])
def test_nothing_that_a_revoked_client_sent_arrives(start, certs, peers, kinds):
    """Patterns in which the clients talk: numbers that stop, and numbers that don't."""
    bound, connecting = kinds.split()
    keys, other = authorize(certs, "victim", "other")
    server = start()
    server(f"""
        a = bound({bound!r}); to = where(a); seen = {{'v': [], 'o': []}}
        if a.type == zmq.SUB: a.subscribe(b'')
        def listen():
            while True:
                text = a.recv_multipart()[-1].decode()
                seen[text[0]].append(int(text[1:]))
        threading.Thread(target=listen, daemon=True).start()
    """)
    victim, innocent = (peers.client(connecting, server("to"), k, certs.server.public)
                        for k in (keys, other))
    clients = {"v": victim, "o": innocent}
    sent = {"v": 0, "o": 0}

    def talk():
        for who, client in clients.items():
            try:
                client.send(f"{who}{sent[who]}".encode(), zmq.DONTWAIT)
                sent[who] += 1
            except zmq.Again:
                pass

    def talk_until(condition, patience):
        def attempt():
            talk()
            return condition()
        return wait_until(attempt, patience)

    assert talk_until(lambda: all(len(server("seen")[w]) > 20 for w in "vo"), 20)
    moment = revoke(certs, "victim")
    talk_until(lambda: time.monotonic() > moment + SECOND, 10)
    stopped = server("seen")["v"]
    talk_until(lambda: time.monotonic() > moment + 1.5 * SECOND, 10)
    last = sent["o"]
    assert wait_until(lambda: server("seen")["o"][-1:] == [last - 1], 10)
    seen = server("seen")
    assert seen["v"] == stopped
    first = seen["o"][0]
    assert seen["o"] == list(range(first, last)) and last - first > 50


def test_revoked_where_everybody_may_connect(start, certs, crowd):
    server = start(AUTHORIZED="any", SERVER_CERT=certs.path / "server.key_secret")
    server(ECHO)
    keys = pair()
    victim, innocent = (crowd.add(k, certs.server.public, server("to")) for k in (keys, pair()))
    crowd.may_stall.add(victim)
    crowd.start()
    assert settled(crowd.clients)
    certs.revoke("victim", keys)
    assert_ended_in_time([victim], time.monotonic())
    crowd.stop()
    assert_undisturbed([innocent])


def test_removed_where_links_are_polled(start, certs, crowd):
    """As Kubernetes mounts a Secret: all names link to a directory that is replaced as a whole."""
    keys = {name: pair() for name in ("client", "victim", "other")}
    as_secret(certs, keys, 1)
    server = start()
    server(ECHO)
    one, victim, other = (crowd.add(k, certs.server.public, server("to")) for k in keys.values())
    crowd.may_stall.add(victim)
    crowd.start()
    assert settled(crowd.clients)
    del keys["victim"]
    as_secret(certs, keys, 2)
    assert_ended_in_time([victim], time.monotonic())
    crowd.stop()
    assert_undisturbed([one, other])


@pytest.mark.parametrize("reused", [False, True])
def test_a_program_that_closes_descriptors_that_it_does_not_know(start, certs, peers, reused):
    """Among them is what tells the library of revocations; their numbers then stand for others."""
    (keys,) = authorize(certs, "client-1")
    program = start()
    program("""
        import contextlib
        server = bound("PULL")
        def watcher():
            for fd in os.listdir("/proc/self/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/self/fd/{fd}") == "anon_inode:inotify":
                        return int(fd)
    """)
    client = peers.client("PUSH", program("where(server)"), keys, certs.server.public)
    client.send(b"before")
    assert program("server.recv().decode()") == "before"
    assert wait_until(lambda: program("watcher()"))
    program(f"""
        os.closerange(watcher(), watcher() + 3)
        mine = [os.pipe() for _ in range({150 if reused else 0})]
        for reader, writer in mine:
            os.write(writer, b"the program's own")
    """)
    revoke(certs, "client-1")
    assert program.log.wait("auth", result="deny", key=keys.public)
    client.send(b"after")
    assert not program("server.poll(300)")
    assert program("all(os.read(reader, 99) == b\"the program's own\" for reader, _ in mine)")
    program("server.close(); ctx.term(); [os.close(fd) for pair in mine for fd in pair]")
