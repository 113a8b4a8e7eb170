"""Who came in, from where, to which endpoint, and how long it took; and that a trouble is over."""

import re
import time

import pytest

from harness import certificates
from harness.agents import wait_until

from .scene import C, DEBIAN, NODE, WHEEL, moment

ENDLESS = 10 ** 9


def outcomes(log, result="ok"):
    return [e for e in log.events() if e["event"] == "handshake" and e["result"] == result]


def wait_for(scene, side, result="ok"):
    log = scene.logs[side]
    assert wait_until(lambda: outcomes(log, result)), scene.report()
    return outcomes(log, result)[0]


@pytest.mark.parametrize("binder, connecter", [(WHEEL, C), (C, NODE), (NODE, WHEEL)], ids=str)
def test_both_sides_tell_of_it(scene, binder, connecter):
    endpoint = scene.server(binder, scene.certs)
    scene.client(connecter, endpoint, scene.certs)
    came, went = wait_for(scene, "server"), wait_for(scene, "client")
    assert (came["name"], came["key"]) == ("client", scene.key("client.key"))
    assert re.fullmatch(r"tcp://127\.0\.0\.1:\d+", came["peer"]) and came["peer"] != endpoint
    assert came["address"] == went["address"] == "127.0.0.1"
    assert came["endpoint"] == went["peer"] == went["endpoint"] == endpoint
    assert came["server_key"] == went["server_key"] == scene.key("server.key")
    shown = certificates.curveshim_cert("show", scene.certs / "server.key").stdout
    assert came["fingerprint"] == went["fingerprint"] and went["fingerprint"] in shown
    assert went["source"] == str(scene.certs / "server.key") and "source" not in came
    assert 0 <= came["took_ms"] <= went["took_ms"] + 50 < 30000
    assert len(outcomes(scene.logs["server"])) == len(outcomes(scene.logs["client"])) == 1


def test_the_name_that_was_connected_to(scene):
    port = scene.server(WHEEL, scene.certs).rpartition(":")[2]
    scene.client(C, f"tcp://localhost:{port}", scene.certs)
    went = wait_for(scene, "client")
    assert (went["endpoint"], went["peer"]) == (f"tcp://localhost:{port}",
                                                f"tcp://127.0.0.1:{port}")


def test_the_key_of_a_known_server_is_named_by_its_line(scene):
    (scene.certs / "known_servers").write_text("# one\n\ntcp://127.0.0.1:*  server.key\n",
                                               encoding="ascii")
    scene.client(C, scene.server(WHEEL, scene.certs), scene.certs)
    assert wait_for(scene, "client")["source"] == str(scene.certs / "known_servers") + ":3"


def test_recovered(scene):
    listener, endpoint = scene.listener()
    listener.close()
    scene.client(WHEEL, endpoint, scene.certs)
    failed = wait_for(scene, "client", "failed")
    # At least one more attempt, which is counted and not logged.
    time.sleep(0.3)
    scene.server(DEBIAN, scene.certs, endpoint=endpoint)
    over = wait_for(scene, "client")
    words = re.fullmatch(r"recovered after (\d+) s, (\d+) failures", over["message"])
    assert words and over["level"] == "warning" and int(words[2]) >= 2
    assert abs(int(words[1]) - (moment(over) - moment(failed))) <= 1
    assert outcomes(scene.logs["client"], "failed") == [failed] and failed["count"] == 1


def test_a_trouble_that_comes_again_is_told_at_once(scene):
    endpoint = scene.server(DEBIAN, scene.certs, count=ENDLESS)
    scene.client(WHEEL, endpoint, scene.certs, count=ENDLESS)
    wait_for(scene, "client")
    scene.stage.agents[0].kill()
    assert wait_for(scene, "client", "failed")["reason"] == "connection refused (nobody listens)"
    scene.server(DEBIAN, scene.certs, endpoint=endpoint, count=ENDLESS)
    assert wait_until(lambda: len(outcomes(scene.logs["client"])) == 2), scene.report()
    scene.stage.agents[2].kill()
    assert wait_until(lambda: len(outcomes(scene.logs["client"], "failed")) == 2), scene.report()
    again = outcomes(scene.logs["client"], "failed")[1]
    assert again["count"] == 1 and "repeated" not in again
