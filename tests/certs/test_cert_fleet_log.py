"""A fleet file from the logs of SECURE_ZMQ=audit: fleet --from-log."""

import json
import random

import pytest

from certtool import key_of


def event(name, endpoint, **fields):
    """An event as the library logs it; fields of None are left out."""
    values = {"time": "2026-01-01T00:00:00.000Z", "level": "info", "event": name, "pid": 7,
              "program": "python3", "endpoint": endpoint, "call": f"zmq_{name}",
              "audit": "refuse", "host": "vm", "error": "EACCES", "message": "…", **fields}
    return json.dumps({k: v for k, v in values.items() if v is not None}, separators=(",", ":"),
                      ensure_ascii=False)


def bind(endpoint, resolved=None, **fields):
    return event("bind", endpoint, resolved=resolved, addresses="10.0.0.5", **fields)


def connect(endpoint, **fields):
    return event("connect", endpoint, **fields)


class Draft:
    def __init__(self, text, notes):
        self.text = text
        self.notes = notes
        self.sections = {}
        for line in text.splitlines():
            if line.startswith("["):
                section = self.sections.setdefault(line[1:-1], [])
            elif line and not line.startswith("#"):
                section.append(line.partition("    #")[0])

    def marked(self, mark):
        return [line for line in self.text.splitlines() if mark in line and "logs. Read" not in line]


@pytest.fixture
def draft(cert, tmp_path):
    """Writes logs, {name: lines}, and drafts; what counts in the draft must make a fleet."""
    def run(**logs):
        for name, lines in logs.items():
            (tmp_path / f"{name}.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
        outcome = cert("fleet", "--from-log", *(f"{name}.json" for name in logs))
        assert outcome.status == 0, outcome
        drafted = Draft(outcome.out, outcome.err)
        if drafted.sections:
            (tmp_path / "fleet.conf").write_text(outcome.out, encoding="utf-8")
            cert.done("fleet", "fleet.conf", "fleet")
            assert set(drafted.sections) == {p.name for p in (tmp_path / "fleet").iterdir()
                                             if p.is_dir() and p.name != "removed"}
        return drafted
    return run


def test_names_ports_and_keys(draft, tmp_path):
    drafted = draft(all=[
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", script="/srv/brain/main.py"),
        bind("tcp://*:5556", "tcp://0.0.0.0:5556", script="/srv/brain/main.py"),
        connect("tcp://localhost:5556", script="/srv/ear/main.py")])
    assert drafted.sections == {"brain": ["bind tcp://*:5555", "bind tcp://*:5556"],
                                "ear": ["connect brain tcp://localhost:5556"]}
    assert drafted.notes == ""
    server = key_of(tmp_path / "fleet" / "brain" / "server.key")
    assert f"tcp://localhost:5556  {server}" in (tmp_path / "fleet/ear/known_servers").read_text()


def test_forty_services_that_are_all_called_python3(draft):
    names = [f"service-{n}" for n in range(40)]
    drafted = draft(all=[line for n, name in enumerate(names) for line in (
        bind(f"tcp://*:{5000 + n}", f"tcp://0.0.0.0:{5000 + n}", pid=n, script=f"/srv/{name}/main.py"),
        connect(f"tcp://127.0.0.1:{5000 + (n + 1) % 40}", pid=n, script=f"/srv/{name}/main.py"))])
    assert list(drafted.sections) == names
    for n, name in enumerate(names):
        after = (n + 1) % 40
        assert drafted.sections[name] == [f"bind tcp://*:{5000 + n}",
                                          f"connect {names[after]} tcp://127.0.0.1:{5000 + after}"]


def test_containers_with_one_command_are_told_apart_by_their_logs(draft):
    """Docker's host names are numbers, and each image has its /app/main.py."""
    where = {"script": "/app/main.py"}
    drafted = draft(brain=[bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="3f2a9c81d0b7", **where)],
                    ear=[connect("tcp://brain:5555", host="aaaaaaaaaaaa", **where),
                         # the container was made anew
                         connect("tcp://brain:5555", host="bbbbbbbbbbbb", **where)])
    assert drafted.sections == {"brain": ["bind tcp://*:5555"],
                                "ear": ["connect brain tcp://brain:5555"]}
    assert drafted.notes == ""


def test_services_of_docker_compose_logs(draft):
    drafted = draft(all=[
        "brain-1  | " + bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="3f2a9c81d0b7", program="x"),
        "ear-1    | some other output",
        "ear-1    | " + connect("tcp://brain:5555", host="aaaaaaaaaaaa", program="x"),
        "ear-2    | " + connect("tcp://brain:5555", host="bbbbbbbbbbbb", program="x")])
    assert drafted.sections == {"brain": ["bind tcp://*:5555"],
                                "ear": ["connect brain tcp://brain:5555"]}


def test_an_agent_is_called_what_the_others_call_it(draft):
    where = {"script": "/app/main.py"}
    drafted = draft(all=[
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="3f2a9c81d0b7", **where),
        connect("tcp://brain:5555", host="aaaaaaaaaaaa", **where)])
    assert set(drafted.sections) == {"brain", "python3"}
    assert drafted.sections["python3"] == ["connect brain tcp://brain:5555"]
    assert len(drafted.marked("# CHECK: nothing but the port")) == 1


def test_two_of_a_name_on_two_machines(draft):
    drafted = draft(all=[
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="a.example", script="/srv/brain.py"),
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="b.example", script="/srv/brain.py"),
        connect("tcp://b.example:5555", host="c", script="/srv/ear.py"),
        connect("tcp://a:5555", host="c", script="/srv/ear.py"),
        connect("tcp://127.0.0.1:5555", host="a.example", script="/srv/mouth.py")])
    assert set(drafted.sections) == {"brain-a", "brain-b", "ear", "mouth"}
    assert drafted.sections["ear"] == ["connect brain-b tcp://b.example:5555",
                                       "connect brain-a tcp://a:5555"]
    assert drafted.sections["mouth"] == ["connect brain-a tcp://127.0.0.1:5555"]


def test_two_of_a_name_in_two_directories_and_just_two(draft):
    drafted = draft(all=[
        bind("tcp://*:1", script="/srv/brain/server.py"),
        bind("tcp://*:2", script="/srv/ear/server.py"),
        bind("tcp://*:3", program="listen"), bind("tcp://*:4", program="Listen")])
    assert list(drafted.sections) == ["brain-server", "ear-server", "listen-vm", "Listen-vm-2"]


def test_what_runs_in_one_container_is_one_agent(draft):
    """It shares what is mounted there, as a health check does."""
    main, check = {"script": "/app/main.py"}, {"script": "/app/check.py"}
    drafted = draft(
        brain=[bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="3f2a9c81d0b7", **main),
               connect("tcp://127.0.0.1:5555", host="3f2a9c81d0b7", **check)],
        all=["ear-1 | " + connect("tcp://brain:5555", host="bbbbbbbbbbbb", **main),
             "ear-1 | " + connect("tcp://127.0.0.1:6666", host="bbbbbbbbbbbb", **check),
             "eye-1 | " + bind("tcp://*:6666", "tcp://0.0.0.0:6666", host="cccccccccccc", **main)])
    assert drafted.sections == {
        "brain": ["bind tcp://*:5555", "connect brain tcp://127.0.0.1:5555"],
        "ear": ["connect brain tcp://brain:5555", "connect eye tcp://127.0.0.1:6666"],
        "eye": ["bind tcp://*:6666"]}


def test_units_tell_agents_of_one_script_apart(draft):
    drafted = draft(all=[
        bind("tcp://*:5000", script="/srv/voice/run.py", unit="voice@brain.service"),
        bind("tcp://*:5001", script="/srv/voice/run.py", unit="voice@mouth.service"),
        connect("tcp://127.0.0.1:5001", script="/srv/ear.py", unit="ear-of-voice.service"),
        connect("tcp://127.0.0.1:5000", program="python3", unit="eye.service")])
    assert drafted.sections == {
        "voice@brain": ["bind tcp://*:5000"], "voice@mouth": ["bind tcp://*:5001"],
        "ear": ["connect voice@mouth tcp://127.0.0.1:5001"],
        "eye": ["connect voice@brain tcp://127.0.0.1:5000"]}
    assert drafted.notes == ""


def test_one_script_that_is_many_agents_is_told(draft):
    drafted = draft(all=[bind(f"tcp://*:{port}", pid=port, script="/srv/service.py")
                         for port in (5000, 5001)])
    assert drafted.sections == {"service": ["bind tcp://*:5000", "bind tcp://*:5001"]}
    assert "1 lines are not certain" in drafted.notes
    assert drafted.marked("# CHECK: not all of this is bound by one process")
    # Started anew it is one.
    again = draft(again=[bind("tcp://*:5000", pid=pid, script="/srv/service.py") for pid in (1, 2)])
    assert again.notes == "" and "2 processes" in again.text


def test_logs_with_more_than_one_agent_name_them_too(draft):
    drafted = draft(brain=[bind("tcp://*:5555", script="/app/main.py", host="a"),
                           connect("tcp://a:5555", script="/app/check.py", host="a")],
                    ear=[connect("tcp://a:5555", script="/app/main.py", host="b")])
    assert set(drafted.sections) == {"brain", "check", "ear"}


def test_pods_of_a_deployment_are_one_agent(draft):
    drafted = draft(all=[
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="brain-6d4cf56db6-x7k2p", program="x"),
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="mouth-6d4cf56db6-x7k2p", program="x"),
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", host="mouth-6d4cf56db6-b2c4d", program="x"),
        connect("tcp://mouth.voice.svc:5555", host="ear-0", program="ear")])
    assert drafted.sections == {"brain": ["bind tcp://*:5555"], "mouth": ["bind tcp://*:5555"],
                                "ear": ["connect mouth tcp://mouth.voice.svc:5555"]}
    assert drafted.notes == ""


def test_by_address(draft):
    listener = {"program": "brain", "host": "one"}
    drafted = draft(all=[
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", **listener),
        bind("tcp://eth0:6666", "tcp://10.0.0.5:6666", **listener),
        bind("tcp://[::]:7777", **listener) .replace("10.0.0.5", "10.0.0.5 fd00::5"),
        bind("tcp://127.0.0.1:8888", **listener),
        bind("tcp://*:5555", "tcp://0.0.0.0:5555", program="other", host="two")
        .replace("10.0.0.5", "10.0.0.6"),
        *(connect(endpoint, program="ear", host="three") for endpoint in (
            "tcp://10.0.0.5:5555", "tcp://10.0.0.6:5555", "tcp://10.0.0.5:6666",
            "tcp://[fd00:0::5]:7777", "tcp://10.0.0.7:6666", "tcp://10.0.0.5:8888"))])
    assert drafted.sections["ear"] == [
        "connect brain tcp://10.0.0.5:5555", "connect other tcp://10.0.0.6:5555",
        "connect brain tcp://10.0.0.5:6666", "connect brain tcp://[fd00:0::5]:7777"]
    assert not drafted.marked("CHECK")
    unmatched = drafted.marked("# UNMATCHED connect ")
    assert [line.split()[3] for line in unmatched] == ["tcp://10.0.0.7:6666", "tcp://10.0.0.5:8888"]
    assert "2 connects have no bind" in drafted.notes


def test_ports_and_paths_that_the_system_chooses(draft):
    brain, ear = {"program": "brain"}, {"program": "ear"}
    drafted = draft(all=[
        bind("tcp://*:*", "tcp://0.0.0.0:40001", **brain), bind("tcp://*:5555", **brain),
        bind("tcp://*:*", "tcp://0.0.0.0:40003", **brain),
        bind("ipc://*", "ipc:///tmp/tmpAbCdEf/socket", **brain),
        bind("tcp://127.0.0.1:0", "tcp://127.0.0.1:40002", program="other"),
        bind("tcp://*:61234", "tcp://0.0.0.0:61234", program="other"),
        connect("ipc:///tmp/tmpAbCdEf/socket", **ear), connect("tcp://vm:40001", **ear),
        connect("tcp://vm:40003", **ear), connect("tcp://vm:5555", **ear),
        connect("tcp://vm:40002", **ear), connect("tcp://127.0.0.1:40002", **ear)])
    assert drafted.sections["brain"] == ["bind tcp://*:*", "bind tcp://*:5555", "bind ipc://*"]
    # First what is exact: the first match counts in known_servers.
    assert drafted.sections["ear"] == [
        "connect brain tcp://vm:5555", "connect brain ipc:///tmp/tmp??????/socket",
        "connect brain tcp://vm:*", "connect other tcp://127.0.0.1:* tcp://127.0.0.1:0"]
    assert [line.split()[3] for line in drafted.marked("UNMATCHED")] == ["tcp://vm:40002"]
    assert len(drafted.marked("CHECK: if each start has another port")) == 1


def test_listeners_that_only_their_ports_could_tell_apart(draft):
    drafted = draft(all=[
        bind("tcp://*:*", "tcp://0.0.0.0:40001", program="brain"),
        bind("tcp://*:*", "tcp://0.0.0.0:40002", program="mouth"),
        connect("tcp://vm:40001", program="ear"), connect("tcp://vm:40002", program="ear")])
    assert drafted.sections["ear"] == ["connect brain tcp://vm:*"]
    line, = drafted.marked("UNMATCHED")
    assert "tcp://vm:40002" in line and "mouth binds it" in line


def test_ipc_on_one_machine_and_across_containers(draft):
    drafted = draft(all=[
        bind("ipc:///run/a b#,c.sock", "ipc:///run/a b#,c.sock", program="brain", host="one"),
        connect("ipc:///run/a b#,c.sock", program="ear", host="one"),
        connect("ipc:///run/a b#,c.sock", program="eye", host="two"),
        connect("ipc:///run/other.sock", program="ear", host="one")])
    assert drafted.sections == {
        "brain": ["bind ipc:///run/a?b#?c.sock"],
        "ear": ["connect brain ipc:///run/a?b#?c.sock"],
        "eye": ["connect brain ipc:///run/a?b#?c.sock"]}
    assert len(drafted.marked("CHECK")) == 1 and len(drafted.marked("UNMATCHED")) == 1


def test_nothing_is_left_out(draft):
    """What can't be a line of the file is a comment, and an agent without any is one too."""
    drafted = draft(all=[
        bind("tcp://*:5555", program="brain"), bind("tcp://*:5555", program="brain2"),
        connect("tcp://gone:1234", program="ear"), connect("tcp://vm:5555", program="ear"),
        bind("ws://*:80", program="web", error="EPROTONOSUPPORT"),
        bind("tcp://*:90", program="web", audit="own-curve", error=None),
        bind("tcp://*:91", program="web", failed="Address already in use"),
        bind("tcp://*:92", program="web", failed="Address already in use"),
        bind("tcp://*:92", program="web"),
        bind("tcp://*:93", program="web", audit="plaintext", error=None),
        bind("inproc://x", program="web"), event("auth", "tcp://*:5555", program="web")])
    assert drafted.sections == {"brain": ["bind tcp://*:5555"], "brain2": ["bind tcp://*:5555"],
                                "web": ["bind tcp://*:92", "bind tcp://*:93"]}
    assert "# [ear]" in drafted.text.splitlines()
    for comment in ("# UNMATCHED connect tcp://gone:1234    # nobody in the logs binds it",
                    "# UNMATCHED connect tcp://vm:5555    # 2 agents may be meant, brain is one",
                    "# UNPROTECTED bind ws://*:80", "# bind tcp://*:90: the program secures it",
                    "# FAILED bind tcp://*:91: Address already in use"):
        assert any(line.startswith(comment) for line in drafted.text.splitlines()), comment
    assert "# FAILED bind tcp://*:92" not in drafted.text and "inproc" not in drafted.text


def test_lines_of_a_secured_process_count_too(draft):
    secured = {"audit": None, "error": None, "message": "secured"}
    drafted = draft(all=[
        bind("tcp://*:1", program="brain", **secured, role="server"),
        event("plaintext", "tcp://*:2", program="brain", call="zmq_bind", **secured),
        event("refused", "tcp://vm:1", program="ear", call="zmq_connect", audit=None),
        event("refused", "tcp://vm:3", program="ear", call="zmq_connect", audit=None,
              error="EPROTONOSUPPORT")])
    assert drafted.sections == {"brain": ["bind tcp://*:1", "bind tcp://*:2"],
                                "ear": ["connect brain tcp://vm:1"]}
    assert len(drafted.marked("UNPROTECTED")) == 1


def test_rotated_logs_are_one(cert, tmp_path):
    (tmp_path / "brain.json.1").write_text(bind("tcp://*:1", script="/app/main.py") + "\n")
    (tmp_path / "brain.json").write_text(bind("tcp://*:2", script="/app/main.py") + "\n")
    (tmp_path / "ear.json").write_text(connect("tcp://vm:2", script="/app/main.py") + "\n")
    said = cert.done("fleet", "--from-log", "brain.json.1", "brain.json", "ear.json")
    assert Draft(said, "").sections == {"brain": ["bind tcp://*:1", "bind tcp://*:2"],
                                        "ear": ["connect brain tcp://vm:2"]}


def test_from_stdin(cert):
    said = cert.done("fleet", "--from-log", "-", input=bind("tcp://*:1", program="brain"))
    assert Draft(said, "").sections == {"brain": ["bind tcp://*:1"]}


def test_text_lines_and_no_lines_are_told(cert, tmp_path):
    (tmp_path / "text").write_text("2026-01-01T00:00:00.000Z brain[7] info bind: audit, nothing was "
                                   'changed: SECURE_ZMQ=1 would refuse this endpoint="tcp://*:1"\n')
    assert "SECURE_ZMQ_LOG_FORMAT=json" in cert.failed("fleet", "--from-log", "text")
    assert "1 events are in the text format" in cert.failed("fleet", "--from-log", "text")
    assert "SECURE_ZMQ=audit" in cert.failed("fleet", "--from-log", "/dev/null")
    assert "absent: No such file" in cert.failed("fleet", "--from-log", "absent")
    assert "directory" in cert.failed("fleet", "--from-log", ".")
    cert.usage("fleet", "--from-log")


def test_no_line_of_the_draft_can_be_forged(draft):
    evil = "tcp://x:1\n[evil]\nbind tcp://*:9\r\x1b[2J\u202e"
    drafted = draft(all=[
        bind("tcp://*:5555\n[evil]", program="brain"), bind("tcp://*:1", program="x\n[evil]"),
        bind("ipc:///a\n[evil]\nbind\ttcp://*:9", program="removed", host="a\n[evil]"),
        connect(evil, program="[evil]", script="/x\n[evil]"),
        bind("tcp://*:3", program="brain", failed="x\n[evil]"),
        bind("tcp://*:2", program="..", script="/../../etc/passwd\n"),
        bind("tcp://*:4", program="revoked", host=""), bind("tcp://*:5", program="a.key")])
    assert "evil" not in drafted.sections
    assert not any("tcp://*:9" in line for lines in drafted.sections.values() for line in lines
                   if not line.startswith("bind ipc:"))
    assert "\x1b" not in drafted.text and "\r" not in drafted.text
    assert ["bind ipc:///a?[evil]?bind?tcp://*:9"] in drafted.sections.values()
    assert {"removed", "revoked", "..", "a.key"}.isdisjoint(drafted.sections)


def test_hostile_lines(cert, tmp_path):
    """Lines cut, mixed and made up: a draft comes of them that a fleet can be made of."""
    chance = random.Random(20260101)
    lines = [bind("tcp://*:5555", "tcp://0.0.0.0:5555", program="brain"),
             bind("tcp://*:*", "tcp://0.0.0.0:40001", program="brain"),
             bind("ipc://*", "ipc:///tmp/tmpAbCdEf/socket", program="mouth"),
             connect("tcp://vm:5555", program="ear"), connect("tcp://vm:40001", program="ear"),
             connect("ipc:///tmp/tmpAbCdEf/socket", program="ear")]
    for run in range(12):
        made = []
        for _ in range(80):
            line = bytearray(chance.choice(lines).encode())
            for _ in range(chance.randrange(4)):
                at = chance.randrange(len(line))
                line[at:at + chance.randrange(3)] = bytes(
                    chance.choice(b'":,{}[]\\/.*?#;\0\n \xff09azn-') for _ in range(chance.randrange(3)))
            made.append(bytes(line))
        made.append(b'{"time":"' + b"x" * 100000)
        log, conf = tmp_path / f"{run}.json", tmp_path / f"{run}.conf"
        log.write_bytes(b"\n".join(made))
        outcome = cert("fleet", "--from-log", log)
        assert outcome.status == 0 and "can't be read" in outcome.err, outcome
        conf.write_text(outcome.out, encoding="utf-8")
        if Draft(outcome.out, "").sections:
            cert.done("fleet", conf, f"fleet{run}")
