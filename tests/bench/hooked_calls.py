"""What the library adds to each call that it hooks."""

import subprocess

from harness import builds

from . import counting, profiles, variants

PROGRAMS = [str(builds.BUILD / "tests" / "bench" / name) for name in ("hooked_calls", "hooked_zmq_calls")]
COUNTED = (20, 220)
FEW = {"zmq_socket": 100, "zmq_ctx_new": 100}  # timed; of others many
MANY, TIMES = 20_000, 5


def names(program):
    """{function: what it calls}."""
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines)


def counted(program, env, file):
    """{function: instructions of each call}; of all in one run, as callgrind takes long to start."""
    totals = []
    for count in COUNTED:
        subprocess.run([*profiles.counted(file), program, "all", str(count)],
                       env=dict(env, PATH="/usr/bin:/bin"), check=True, capture_output=True)
        totals.append(profiles.with_callees(file))
    return {function: (totals[1][function] - totals[0][function]) / (COUNTED[1] - COUNTED[0])
            for function in names(program)}


def nanoseconds(program, call, envs):
    """Of each call, in turns: the least, as nothing makes a call shorter than it is."""
    count = next((few for start, few in FEW.items() if call.startswith(start)), MANY)
    times = [[] for _ in envs]
    for _ in range(TIMES):
        for env, found in zip(envs, times):
            found.append(float(subprocess.run([program, call, str(count)], env=env, check=True,
                                              capture_output=True, text=True).stdout))
    return [round(min(found)) for found in times]


def costs(directory):
    """{call: {"instructions more", "ns", "ns, under the library"}}, in a process that is secured."""
    envs = [variant.environment(directory) for variant in (variants.NULL, variants.SHIM)]
    work = [(program, env, directory / f"hooked-calls-{number}") for number, (program, env) in
            enumerate((program, env) for program in PROGRAMS for env in envs)]
    counts = counting.at_once(lambda one: counted(*one), work)
    found = {}
    for program, plain, under in zip(PROGRAMS, counts[::2], counts[1::2]):
        for function, call in names(program).items():
            times = nanoseconds(program, call, envs)
            found[call] = {"instructions more": round(under[function] - plain[function]),
                           "ns": times[0], "ns, under the library": times[1]}
    return found
