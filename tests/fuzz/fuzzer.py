"""Runs one fuzz target and reads what libFuzzer says."""

import dataclasses
import json
import pathlib
import re
import subprocess

from harness import builds

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = builds.BUILD / "tests" / "fuzz"
FLAGS = ("-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
STATISTICS = {"executions": "number_of_executed_units", "inputs": "new_units_added",
              "peak MiB": "peak_rss_mb"}


def targets():
    """The fuzzers of this build: none, if libFuzzer is not to be had with its compiler."""
    return sorted(path.name[len("fuzz_"):] for path in PROGRAMS.glob("fuzz_*") if path.is_file())


@dataclasses.dataclass
class Outcome:
    target: str
    status: int
    output: str
    finding: pathlib.Path

    def statistics(self):
        """Each number, or 0 where libFuzzer ended before it said it."""
        patterns = {name: rf"stat::{key}:\s+(\d+)" for name, key in STATISTICS.items()}
        patterns["features"] = r"\bft: (\d+)"
        found = {name: re.findall(pattern, self.output) for name, pattern in patterns.items()}
        return {name: int(numbers[-1]) if numbers else 0 for name, numbers in found.items()}


def fuzz(target, program, seconds, directory):
    """Inputs that are new go into directory, and the one that fails."""
    new = directory / "inputs"
    new.mkdir(parents=True, exist_ok=True)
    finding = directory / "finding"
    finding.unlink(missing_ok=True)
    done = subprocess.run(
        [program, f"-max_total_time={seconds}", f"-dict={HERE / target}.dict", "-max_len=4096",
         "-print_final_stats=1", "-timeout=10", "-rss_limit_mb=1024",
         f"-exact_artifact_path={finding}", new, HERE / "corpus" / target],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return Outcome(target, done.returncode, done.stdout, finding)


def sources(target):
    """What the build compiles for a target, relative to the repository."""
    commands = json.loads((builds.BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    return sorted({(pathlib.Path(command["directory"]) / command["file"]).resolve()
                   .relative_to(builds.REPOSITORY) for command in commands
                   if command["output"].startswith(f"tests/fuzz/fuzz_{target}.p/")})


def build_planted(plant, directory):
    """The target with the bug in it, from sources in a directory of their own."""
    copies = []
    for source in sources(plant.target):
        copy = directory / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = (builds.REPOSITORY / source).read_text(encoding="utf-8")
        if str(source) == plant.file:
            assert text.count(plant.right) == 1, f"{plant.file} no longer says: {plant.right}"
            text = text.replace(plant.right, plant.wrong)
        copy.write_text(text, encoding="utf-8")
        copies.append(copy)
    program = directory / "planted"
    subprocess.run(["clang", "-std=gnu11", "-D_GNU_SOURCE", *FLAGS, f"-I{builds.REPOSITORY}",
                    *copies, "-o", program], check=True)
    return program
