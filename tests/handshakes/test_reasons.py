"""Every way in which two sides fail to come together, between unmodified agents: each side's log
names the reason within two seconds of the connect, and once for the whole burst of attempts."""

import contextlib
import dataclasses
import re
import subprocess
import typing

import pytest
import zmq

from harness import builds, ports
from wire import foreign

from .scene import C, NODE, WHEEL, Scene, moment

WITHIN = 2.0
# The next attempts of the same burst.
LONGER = 2.6
# Of the burst's time, so many seconds that the machine kept us waiting.
BUSY = 0.2
ATTEMPTS = 3

NOT_CURVE = r"peer speaks NULL|peer hung up at our greeting, as one that does not speak CURVE"


@dataclasses.dataclass(frozen=True)
class Case:
    """`server` and `client`: what each side says, in any order; None for a side that is not under
    the library."""
    name: str
    arrange: typing.Callable
    server: tuple = None
    client: tuple = None
    with_asan: bool = True
    # What a race may let it say first.
    perhaps: str = "never"

    def __str__(self):
        return self.name


def each_pair(name, arrange, server=None, client=None):
    """The three agents, each once as server and once as client; under a sanitizer all are one."""
    for binder, connecter in dict.fromkeys(((WHEEL, C), (C, NODE), (NODE, WHEEL))):
        yield Case(f"{name}-{binder}-{connecter}",
                   lambda scene, b=binder, c=connecter: arrange(scene, b, c), server, client)


def wrong_server_key(scene, binder, connecter):
    scene.client(connecter, scene.server(binder, scene.certs), scene.misled())


def wrong_known_server(scene):
    misled = scene.misled()
    (misled / "known_servers").write_text(
        f"# ours\ntcp://127.0.0.1:*  {scene.key('client.key')}\n", encoding="ascii")
    scene.client(WHEEL, scene.server(C, scene.certs), misled)


def unknown_client(scene, binder, connecter):
    scene.client(connecter, scene.server(binder, scene.certs), scene.stranger())


def revoked_client(scene):
    scene.client(C, scene.server(WHEEL, scene.revoked()), scene.certs)


def plain_client(scene, binder, connecter):
    scene.client(connecter, scene.server(binder, scene.certs))


def plain_server(scene, binder, connecter):
    scene.client(connecter, scene.server(binder), scene.certs)


def password_client(scene):
    client = scene.peer(zmq.REQ, plain_username=b"u", plain_password=b"p")
    scene.connect(client, scene.server(WHEEL, scene.certs))


def password_server(scene):
    server = scene.peer(zmq.REP, plain_server=True)
    scene.client(NODE, bound(server), scene.certs)


def bound(server):
    server.bind("tcp://127.0.0.1:*")
    return server.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()


def by_hand(scene, role):
    """The options of a CURVE socket that has nothing to do with bind and connect."""
    public, secret = zmq.curve_keypair()
    if role == "server":
        return {"curve_server": True, "curve_secretkey": secret}
    return {"curve_publickey": public, "curve_secretkey": secret,
            "curve_serverkey": scene.key("server.key").encode()}


def client_that_binds(scene):
    scene.client(WHEEL, bound(scene.peer(zmq.REP, **by_hand(scene, "client"))), scene.certs)


def server_that_connects(scene):
    server = scene.peer(zmq.REQ, **by_hand(scene, "server"))
    scene.connect(server, scene.server(NODE, scene.certs))


def server_of_another_stack_that_connects(scene):
    greeting = bytearray(foreign.greeting(b"CURVE"))
    greeting[32] = 1
    scene.say(scene.server(C, scene.certs), bytes(greeting))


def authenticator(scene, step):
    """By hand, beside a server by hand; `step`, which is given its socket, is repeated."""
    handler = scene.peer(zmq.REP, rcvtimeo=50)
    handler.bind("inproc://zeromq.zap.01")
    scene.meanwhile(lambda: step(handler))
    secret = re.search('secret-key = "(.*)"', (scene.certs / "server.key_secret").read_text())[1]
    server = scene.peer(zmq.REP, curve_server=True, curve_secretkey=secret.encode(),
                        zap_domain=b"test")
    scene.client(WHEEL, bound(server), scene.certs)


def silent_authenticator(scene):
    authenticator(scene, lambda handler: handler.poll(50, zmq.POLLERR))


def failing_authenticator(scene):
    """libzmq says nothing to the client; whether it hangs up depends on who is faster."""
    def refuse(handler):
        with contextlib.suppress(zmq.Again):
            request = handler.recv_multipart()
            handler.send_multipart([b"1.0", request[1], b"300", b"", b"", b""])

    authenticator(scene, refuse)


def old_server(scene):
    server = foreign.Foreign(foreign.OLD)
    scene.sockets.append(server)
    scene.client(C, f"tcp://127.0.0.1:{server.port}", scene.certs)


def old_client(scene):
    scene.say(scene.server(NODE, scene.certs), foreign.OLD)


def web_server(scene):
    server = foreign.Foreign(foreign.HTTP)
    scene.sockets.append(server)
    scene.client(NODE, f"tcp://127.0.0.1:{server.port}", scene.certs)


def web_client(scene):
    scene.say(scene.server(WHEEL, scene.certs), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")


def hung_server(scene):
    _, endpoint = scene.listener()
    scene.client(WHEEL, endpoint, scene.certs)


def hung_client(scene):
    scene.say(scene.server(C, scene.certs), b"")


def hung_after_its_greeting(scene):
    listener, endpoint = scene.listener()

    def greet():
        with contextlib.suppress(TimeoutError):
            made, _ = listener.accept()
            scene.sockets.append(made)
            made.sendall(foreign.greeting(b"CURVE"))

    scene.meanwhile(greet)
    scene.client(C, endpoint, scene.certs)


def proxy_without_a_server(scene):
    listener, endpoint = scene.listener()

    def hang_up():
        with contextlib.suppress(TimeoutError):
            listener.accept()[0].close()

    scene.meanwhile(hang_up)
    scene.client(NODE, endpoint, scene.certs)


def nobody(scene):
    scene.client(WHEEL, f"tcp://127.0.0.1:{ports.lasting()}", scene.certs)


def nobody_at_a_path(scene):
    scene.client(C, "ipc:///nonexistent/socket", scene.certs)


def in_network(commands):
    """The words before a command that put it into a network of its own, set up so."""
    before = ("unshare", "-n", "sh", "-c", f"{commands} && exec \"$@\"", "sh")
    if subprocess.run([*before, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespaces here")
    return before


def no_route(scene):
    scene.client(WHEEL, "tcp://192.0.2.1:5555", scene.certs, before=in_network("true"))


def no_answer(scene):
    scene.client(NODE, "tcp://192.0.2.1:5555", scene.certs, before=in_network(
        "ip link add v0 type veth peer name v1 && ip link set v1 up && ip link set v0 up && "
        "ip address add 192.0.2.2/24 dev v0 && "
        "ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev v0"))


def itself(scene):
    """The port that clients get is the one that is connected to; and then it is used up."""
    scene.client(C, "tcp://127.0.0.1:5600", scene.certs, before=in_network(
        "ip link set lo up && echo 5600 5600 >/proc/sys/net/ipv4/ip_local_port_range"))


def no_such_name(scene):
    scene.client(C, "tcp://nobody.invalid:5555", scene.certs)


CASES = (
    *each_pair("wrong-server-key", wrong_server_key,
               server=(r"wrong server key \(the peer's HELLO cannot be opened\)",),
               client=(r"wrong server key \(the peer closed at our HELLO\)",)),
    Case("wrong-known-server", wrong_known_server, server=("wrong server key .*",),
         client=("wrong server key .*",)),
    *each_pair("unknown-client", unknown_client, server=("unknown key",),
               client=(r"refused by the peer's authenticator \(it closed the connection\)",)),
    Case("revoked-client", revoked_client, server=("revoked",),
         client=(r"refused by the peer's authenticator \(400\)",
                 r"refused for good by the peer's authenticator \(400\)")),
    *each_pair("plain-client", plain_client, server=(NOT_CURVE,)),
    *each_pair("plain-server", plain_server, client=(NOT_CURVE,)),
    Case("password-client", password_client,
         server=("peer speaks PLAIN|" + NOT_CURVE,)),
    Case("password-server", password_server,
         client=("peer speaks PLAIN|" + NOT_CURVE,)),
    Case("client-that-binds", client_that_binds, client=("peer is a CURVE client itself",),
         perhaps="wrong server key .*"),
    Case("server-that-connects", server_that_connects,
         server=("peer is a CURVE server itself .*",)),
    Case("server-of-another-stack", server_of_another_stack_that_connects,
         server=("peer is a CURVE server itself .*",)),
    Case("silent-authenticator", silent_authenticator,
         client=(r"refused by the peer's authenticator \(no answer\)",)),
    Case("failing-authenticator", failing_authenticator,
         client=(r"refused by the peer's authenticator \((no answer|it closed the connection)\)",)),
    Case("old-server", old_server, client=("peer speaks ZMTP 1 or 2",)),
    Case("old-client", old_client, server=("peer speaks ZMTP 1 or 2",)),
    Case("web-server", web_server, client=("peer does not speak ZMTP 3",), with_asan=False),
    Case("web-client", web_client, server=("peer does not speak ZMTP 3",), with_asan=False),
    Case("hung-server", hung_server,
         client=(r"timeout \(peer took the connection and says nothing\)",)),
    Case("hung-client", hung_client, server=(r"timeout \(peer connected and says nothing\)",)),
    Case("hung-after-its-greeting", hung_after_its_greeting,
         client=(r"timeout \(peer has greeted and does not answer our HELLO\)",)),
    Case("proxy-without-a-server", proxy_without_a_server,
         client=("peer hung up without a greeting",)),
    Case("nobody", nobody, client=(r"connection refused \(nobody listens\)",)),
    Case("nobody-at-a-path", nobody_at_a_path, client=(r"connection refused \(nobody listens\)",)),
    Case("no-route", no_route, client=(r"unreachable \(Network is unreachable\)",)),
    Case("no-answer", no_answer, client=(r"unreachable \(no answer\)",)),
    Case("itself", itself, client=("connected to itself", r"unreachable \(.*\)")),
    Case("no-such-name", no_such_name, client=(r"the host's name cannot be resolved \(.*\)",)),
)


def play(scene, case):
    case.arrange(scene)
    seen = scene.burst(LONGER)
    start = scene.start_of()
    assert set(seen) == {side for side in ("server", "client") if getattr(case, side)}
    for side, complaints in seen.items():
        expected = getattr(case, side)
        complaints = [e for e in complaints if not re.fullmatch(case.perhaps, e["reason"])]
        assert len(complaints) == len(expected), scene.report()
        for pattern in expected:
            matching = [e for e in complaints if re.fullmatch(pattern, e["reason"])]
            assert len(matching) == 1, scene.report()
            assert named(matching[0]), scene.report()
            assert moment(matching[0]) - start <= WITHIN + scene.late, scene.report()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_sides_name_the_reason_once(scene, stage, tmp_path, case):
    if builds.WITH_ASAN and not case.with_asan:
        pytest.skip("libasan stands between libzmq and the observer, which can't tell who reads")
    for attempt in range(ATTEMPTS):
        try:
            return play(scene, case)
        except AssertionError:
            # On a machine that lets its processes wait, a peer does hang.
            if scene.late < BUSY or attempt == ATTEMPTS - 1:
                raise
        finally:
            stage.clear()
            scene.close()
        (tmp_path / f"again-{attempt}").mkdir()
        scene = Scene(stage, tmp_path / f"again-{attempt}")
    return None


def named(event):
    """Who, where, and the remedy."""
    if event["event"] == "auth":
        return event["address"] == "127.0.0.1" and len(event["key"]) == 40
    assert event["count"] >= 1 and event["since"] and event["endpoint"]
    assert event["message"].startswith(event["reason"] + ": ")
    return event["peer"].startswith(("tcp://", "ipc://"))
