"""Files that another program runs: scripts, and what java runs."""

import os
import shutil
import zipfile

import pytest

from .tool import NOT, SECURED, UNKNOWN, check, program, reasons


def script(tmp_path, first_line, name="agent"):
    path = tmp_path / name
    path.write_text(f"{first_line}\nimport zmq\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("line", (
    "#!{0}", "#! {0} -u", "#!/usr/bin/env {1}", "#!/usr/bin/env -S {1} -u",
    "#!/usr/bin/env -S -u HOME A=1 {1} -u", "#!/usr/bin/env -S{1}"))
def test_the_interpreter_decides(tmp_path, line):
    interpreter = tmp_path / "bin" / "interpreter"
    interpreter.parent.mkdir()
    env = {"PATH": str(interpreter.parent)}
    path = script(tmp_path, line.format(interpreter, interpreter.name))

    shutil.copy(program("check-dynamic"), interpreter)
    answer = check(path, env=env)
    assert (answer["status"], answer["kind"]) == (SECURED, "script")
    assert answer["details"]["runner"] == str(interpreter)

    shutil.copy(program("check-still-static"), interpreter)
    answer = check(path, env=env)
    assert (answer["status"], answer["verdict"]) == (NOT, "cannot be secured")


def test_an_interpreter_that_is_not_there(tmp_path):
    answer = check(script(tmp_path, "#!/nonexistent/python"))
    assert answer["status"] == UNKNOWN and "/nonexistent/python" in reasons(answer)
    answer = check(script(tmp_path, "#!/usr/bin/env nosuch"))
    assert answer["status"] == UNKNOWN and "nosuch" in answer["remedy"]
    assert check(script(tmp_path, "#!"))["status"] == UNKNOWN
    assert check(script(tmp_path, "#!/usr/bin/env -S"))["status"] == UNKNOWN


def test_a_script_that_runs_itself(tmp_path):
    answer = check(script(tmp_path, f"#!{tmp_path}/agent"))
    assert answer["status"] == UNKNOWN and "too many" in reasons(answer)


def test_a_set_id_script_is_no_set_id_program(tmp_path):
    path = script(tmp_path, f"#!{program('check-dynamic')}")
    os.chmod(path, 0o4755)
    assert check(path)["status"] == SECURED


def archive(path, *names):
    with zipfile.ZipFile(path, "w") as jar:
        for name in ("META-INF/MANIFEST.MF", *names):
            jar.writestr(name, "")
    return path


@pytest.fixture
def java(tmp_path):
    """A PATH in which java is a program that could be secured."""
    directory = tmp_path / "java"
    directory.mkdir()
    shutil.copy(program("check-dynamic"), directory / "java")
    return {"PATH": str(directory)}


def test_a_jar_with_jeromq_is_blocked(tmp_path, java):
    for names in (("org/zeromq/ZMQ.class", "zmq/Ctx.class"), ("BOOT-INF/lib/jeromq-0.5.3.jar",)):
        answer = check(archive(tmp_path / "app.jar", *names), env=java)
        assert (answer["status"], answer["verdict"]) == (NOT, "blocked")
        assert "JeroMQ" in reasons(answer) and answer["kind"] == "archive"


def test_other_jars_are_what_java_is(tmp_path, java):
    assert check(archive(tmp_path / "app.jar", "Main.class"), env=java)["status"] == SECURED


def test_a_class_file(tmp_path, java):
    path = tmp_path / "Agent.class"
    path.write_bytes(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10\x01\0\x16org/zeromq/ZContext")
    assert check(path, env=java)["verdict"] == "blocked"


def test_the_launcher_of_java():
    if shutil.which("java") is None:
        pytest.skip("java is not installed")
    answer = check("java")
    assert answer["status"] == SECURED and "JeroMQ" in reasons(answer)
