"""Contract, Certificates: an authorised certificate is the policy for its holder."""

import datetime
import statistics
import time

import pytest
import zmq
import zmq.utils.z85
from zmq.utils.monitor import recv_monitor_message

from harness import builds

from .certs import pair
from .peer import gets


def moment(seconds):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def knock(peers, certs):
    """A client by hand that sends one message; what the server's log says of it."""
    def knocks(program, keys=None, socket="a", kind="PUSH", endpoint=None, **options):
        seen = len(program.log.events("auth"))
        client = peers.client(kind, endpoint or program(f"where({socket})"), keys or certs.client,
                              certs.server.public, **options)
        client.send(b"x")
        return program.log.wait("auth", count=seen + 1)
    return knocks


@pytest.mark.parametrize("metadata, reason", [
    ({}, None),
    ({"endpoints": "*"}, None),
    ({"endpoints": "tcp://127.0.0.1:*"}, None),
    ({"endpoints": "tcp://10.0.0.1:* tcp://127.*"}, None),
    ({"endpoints": "tcp://10.0.0.1:*"}, "endpoint not allowed"),
    ({"endpoints": "ipc://*"}, "endpoint not allowed"),
    ({"endpoints": ""}, "endpoint not allowed"),
    ({"addresses": "127.0.0.0/8"}, None),
    ({"addresses": "10.0.0.0/8 127.0.0.1"}, None),
    ({"addresses": "10.0.0.0/8"}, "address not allowed"),
    ({"addresses": ""}, "address not allowed"),
    ({"expires": moment(3600)}, None),
    ({"expires": moment(-1)}, "expired"),
    ({"expires": "2020-01-31T00:00:00+02:00"}, "expired"),
    ({"not_before": moment(-1)}, None),
    ({"not_before": moment(3600)}, "not yet valid"),
    ({"not_before": moment(-9), "expires": moment(9999), "addresses": "127.0.0.1",
      "endpoints": "*"}, None),
    ({"favourite_colour": "blue"}, None),
])
def test_metadata_at_each_handshake(start, certs, knock, metadata, reason):
    certs.authorize("client", certs.client, **metadata)
    program = start()
    program("a = bound('PULL')")
    event = knock(program)
    assert event["result"] == ("deny" if reason else "allow")
    assert reason is None or event["reason"] == reason
    assert bool(program("a.poll(%d)" % (200 if reason else 20000))) == (reason is None)


def test_each_use_of_a_superseded_key_is_named(start, certs, peers, knock):
    newer = pair()
    certs.authorize("client", certs.client, name="anna", superseded="2026-11-20T10:00:00Z")
    certs.authorize("client~2", newer, name="anna")
    program = start(LOG_LEVEL="warning")
    program("a = bound('PULL')")
    for _ in range(3):
        event = knock(program)
        assert (event["result"], event["reason"]) == ("allow", "superseded key")
        assert (event["level"], event["name"]) == ("warning", "anna")
        assert event["key"] == certs.client.public
        assert program("a.poll(20000)") and program("a.recv().decode()") == "x"
    peers.client("PUSH", program("where(a)"), newer, certs.server.public).send(b"new")
    assert program("a.recv().decode()") == "new"
    assert len([e for e in program.log.events("auth") if "connection" not in e]) == 3


def test_a_live_connection_whose_key_is_superseded_is_named(start, certs, peers):
    program = start(LOG_LEVEL="warning")
    program("a = bound('PULL')")
    client = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
    client.send(b"x")
    program("a.recv()")
    certs.authorize("client", certs.client, superseded="2026-11-20T10:00:00Z")
    event = program.log.wait("auth")
    assert (event["result"], event["reason"]) == ("allow", "superseded key")
    assert event["connection"] == "live"
    client.send(b"y")
    assert program("a.recv().decode()") == "y"


@pytest.mark.parametrize("metadata", [{"expires": "tomorrow"}, {"addresses": "10.0.0.0/40"},
                                      {"not_before": "2026-13-01T00:00:00Z"}])
def test_metadata_that_is_not_understood_authorises_nobody(start, certs, knock, metadata):
    certs.authorize("client", certs.client, **metadata)
    program = start()
    program("a = bound('PULL')")
    assert knock(program)["result"] == "deny"
    named = program.log.wait("reload", level="error", patience=10)
    assert named["file"] == f"{certs}/authorized_clients/client.key"


def test_endpoints_are_compared_as_passed_and_as_resolved(start, certs, knock):
    certs.authorize("client", certs.client, endpoints="tcp://lo:*")
    other = pair()
    certs.authorize("other", other, endpoints="tcp://127.0.0.1:*")
    program = start()
    program("a = bound('PULL', 'tcp://lo:*')")
    assert knock(program)["result"] == "allow"
    assert knock(program, other)["result"] == "allow"


def test_each_endpoint_of_a_socket_counts_for_itself(start, certs, knock, short):
    certs.authorize("client", certs.client, endpoints="ipc://*")
    program = start()
    program(f"a = bound('PULL'); to = where(a); a.bind('ipc://{short}/s')")
    assert knock(program, endpoint=f"ipc://{short}/s")["result"] == "allow"
    assert knock(program, endpoint=program("to"))["reason"] == "endpoint not allowed"


def test_addresses_do_not_apply_to_ipc(start, certs, knock, short):
    certs.authorize("client", certs.client, addresses="192.0.2.1")
    program = start()
    program(f"a = bound('PULL', 'ipc://{short}/s')")
    assert knock(program, endpoint=f"ipc://{short}/s")["result"] == "allow"


@pytest.mark.parametrize("bound, addresses, reason", [
    ("tcp://[::1]:*", "::1", None),
    ("tcp://[::1]:*", "192.0.2.0/24 ::/64", None),
    ("tcp://[::1]:*", "2001:db8::/32", "address not allowed"),
    ("tcp://[::1]:*", "0.0.0.0/0", "address not allowed"),
    # A listener on all addresses sees IPv4 clients as ::ffff:127.0.0.1.
    ("tcp://*:*", "127.0.0.0/8", None),
    ("tcp://*:*", "::1 192.0.2.0/24", "address not allowed"),
    ("tcp://*:*", "::/0", "address not allowed"),
])
def test_addresses_of_both_families(start, certs, knock, bound, addresses, reason):
    certs.authorize("client", certs.client, addresses=addresses)
    program = start()
    program(f"a = bound('PULL', {bound!r}, ipv6=True)")
    to = program("where(a)")
    if bound == "tcp://*:*":
        to = f"tcp://127.0.0.1:{to.rpartition(':')[2]}"
    event = knock(program, endpoint=to, ipv6=True)
    assert (event["result"], event["reason"]) == (("deny", reason) if reason
                                                  else ("allow", "authorised"))


def test_application_sees_user_id_and_name(start, certs, peers):
    certs.authorize("client", certs.client, name="Café \u2713 1")
    program = start()
    program("a = bound('PULL')")
    peers.client("PUSH", program("where(a)"), certs.client, certs.server.public).send(b"x")
    program("m = a.recv(copy=False)")
    assert program("m.get('User-Id')") == certs.client.public
    assert program("m.get('Name')") == "Café \u2713 1"
    assert program.log.events("auth")[0]["name"] == "Café \u2713 1"


def test_without_a_name_the_file_name_stands_for_it(start, certs, peers):
    program = start()
    program("a = bound('PULL')")
    peers.client("PUSH", program("where(a)"), certs.client, certs.server.public).send(b"x")
    assert program("a.recv(copy=False).get('Name')") == "client"


def test_a_client_cannot_claim_an_identity(start, certs, peers):
    program = start(AUTHORIZED="any")
    program("a = bound('PULL')")
    mine = pair()
    client = peers.socket("PUSH", curve_publickey=mine.public.encode(),
                          curve_secretkey=mine.secret.encode(),
                          curve_serverkey=certs.server.public.encode())
    try:
        for claim in (b"X-Claim:yes", b"User-Id:root", b"Name:root"):
            client.setsockopt(zmq.METADATA, claim)
    except zmq.ZMQError:
        pass
    client.connect(program("where(a)"))
    client.send(b"x")
    program("m = a.recv(copy=False)")
    assert program("m.get('User-Id')") == mine.public
    assert program("m.get('Name')") == ""


@pytest.mark.parametrize("binder, connector", [("REQ", "REP"), ("REQ", "ROUTER"), ("REP", "REQ"),
                                               ("ROUTER", "DEALER"), ("PUB", "SUB"),
                                               ("XPUB", "XSUB"), ("PAIR", "PAIR"),
                                               ("SUB", "PUB"), ("DEALER", "REP")])
def test_every_socket_type_binds(start, binder, connector):
    program = start()
    program(f"a = bound({binder!r}); b = connected({connector!r}, where(a))")
    program.log.wait("auth", result="allow")
    if binder == "REQ":
        program("a.send(b'q'); q = b.recv_multipart(); b.send_multipart([*q[:-1], b'answer'])")
        assert program("a.recv().decode()") == "answer"


def test_req_socket_that_binds_still_shows_a_name(start, certs):
    program = start()
    program("a = bound('REQ'); b = connected('REP', where(a)); a.send(b'q'); b.recv()")
    program("b.send(b'a'); m = a.recv(copy=False)")
    assert program("m.get('Name')") == "client"


def test_unknown_key_is_refused_with_300_and_recovers_once_it_is_added(start, certs, peers):
    program = start(HANDSHAKE_TIMEOUT=300)
    program("a = bound('PULL')")
    newcomer = pair()
    client = peers.client("PUSH", program("where(a)"), newcomer, certs.server.public)
    client.send(b"patient")
    assert program.log.wait("auth", result="deny")["reason"] == "unknown key"
    assert program("a.poll(100)") == 0
    certs.authorize("newcomer", newcomer)
    assert program("a.recv().decode()") == "patient"


def test_revoked_key_gets_400_and_gives_up_for_good(start, certs, peers):
    certs.revoke("gone", certs.client)
    interval = 2000 if builds.WITH_TSAN else 200
    program = start(HANDSHAKE_TIMEOUT=interval)
    program("a = bound('PULL')")
    client = peers.socket("PUSH", curve_publickey=certs.client.public.encode(),
                          curve_secretkey=certs.client.secret.encode(),
                          curve_serverkey=certs.server.public.encode())
    monitor = client.get_monitor_socket()
    client.connect(program("where(a)"))
    client.send(b"x")
    event = program.log.wait("auth")
    assert (event["result"], event["reason"], event["name"]) == ("deny", "revoked", "gone")
    seen = []
    # A client that comes back would do so at each handshake interval.
    end = time.monotonic() + 7.5 * interval / 1000
    while (left := end - time.monotonic()) > 0:
        if monitor.poll(left * 1000):
            seen.append(recv_monitor_message(monitor))
    failed = [e for e in seen if e["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH]
    assert [e["value"] for e in failed] == [400]
    assert sum(e["event"] == zmq.EVENT_CONNECTED for e in seen) == 1
    assert program("a.poll(0)") == 0


def test_revoked_wins_over_authorised_and_over_any(start, certs, knock):
    certs.revoke("client", certs.client)
    for variables in ({}, {"AUTHORIZED": "any"}):
        program = start(**variables)
        program("a = bound('PULL')")
        assert knock(program)["reason"] == "revoked"


def test_with_duplicate_keys_the_first_file_name_wins(start, certs, knock):
    certs.authorize("b-second", certs.client, name="second")
    certs.authorize("a-first", certs.client, name="first", addresses="192.0.2.1")
    program = start()
    program("a = bound('PULL')")
    event = knock(program)
    assert (event["name"], event["reason"]) == ("first", "address not allowed")
    (certs.authorized / "a-first.key").unlink()
    program.log.wait("reload", authorised=2)
    assert knock(program)["name"] == "second"


def test_only_key_files_count(start, certs, knock):
    (certs.authorized / "client.key").rename(certs.authorized / "client.key.bak")
    (certs.authorized / "README").write_text("who may connect\n", encoding="utf-8")
    program = start()
    program("a = bound('PULL')")
    assert knock(program)["reason"] == "unknown key"


def test_the_answer_takes_the_same_time_however_many_are_authorised(start, certs, peers):
    template = (certs.authorized / "client.key").read_text(encoding="utf-8")
    for n in range(3000):
        key = zmq.utils.z85.encode(n.to_bytes(4, "big") * 8).decode()
        (certs.authorized / f"c{n}.key").write_text(
            template.replace(certs.client.public, key), encoding="utf-8")
    (alone := certs.path.with_name("alone")).mkdir(mode=0o755)
    (alone / "client.key").write_text(template, encoding="utf-8")
    took = {}
    programs = {"few": start(AUTHORIZED=alone), "many": start()}
    for name, program in programs.items():
        program("a = bound('PULL')")
        took[name] = []
    # In turns, so that what else the machine does weighs on both.
    for _ in range(15):
        for name, program in programs.items():
            begin = time.monotonic()
            client = peers.client("PUSH", program("where(a)"), certs.client, certs.server.public)
            client.send(b"x")
            assert program("a.recv().decode()") == "x"
            took[name].append(time.monotonic() - begin)
            client.close(0)
    # Looking at 3000 files each time would take some 20 ms.
    assert statistics.median(took["many"]) < 2 * statistics.median(took["few"]) + 0.008


def test_nobody_unknown_gets_a_message_out_either(start, certs, peers):
    program = start()
    program("a = bound('PUB'); d = bound('PUSH', sndtimeo=0)")
    sub = peers.client("SUB", program("where(a)"), pair(), certs.server.public, subscribe=b"")
    pull = peers.client("PULL", program("where(d)"), pair(), certs.server.public)
    program.log.wait("auth", count=2, result="deny")
    program("[a.send(b'news') for _ in range(20)]")
    assert program("attempt(d.send, b'work')") == "EAGAIN"
    assert gets(sub, 0.3) is None and gets(pull, 0.1) is None
