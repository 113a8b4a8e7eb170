"""scripts/docker/kubernetes.yaml: its pods, with volumes as a kubelet mounts them."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from harness import agents
from harness.mounted import contents

from . import container, kubernetes, stand_in
from .conftest import EXAMPLES

pytestmark = pytest.mark.xdist_group("containers")
FILE = EXAMPLES / "kubernetes.yaml"


@pytest.fixture
def cluster(place):
    running = []

    def cluster(change=lambda pod: None):
        container.require()
        directory = place / f"cluster-{len(list(place.iterdir()))}"
        context = shutil.copytree(EXAMPLES, directory / "docker")
        running.append(kubernetes.Cluster(context / FILE.name, stand_in.tarball(directory), "/",
                                          directory, change))
        return running[-1]

    yield cluster
    for each in running:
        each.down()


def flows(up):
    transcriber = up.containers["transcriber"]
    transcriber.says("heard: answer to question of recording", since=len(transcriber.lines))


def test_pods(cluster):
    up = cluster()
    up.up()
    for name in up.pods:
        assert agents.wait_until(lambda name=name: up.probe(name).returncode == 0), \
            up.probe(name).stdout + up.containers[name].report()
    done = up.probe("brain", "livenessProbe")
    assert done.returncode == 0, done.stderr
    flows(up)
    assert not [line for each in up.containers.values() for line in each.errors
                if line.startswith("curveshim-run")]
    assert up.wire.greeted("CURVE") and not up.wire.greeted("NULL")

    # One client less, and no restart.
    fleet = up.context / "fleet.conf"
    fleet.write_text(re.sub(r"(?ms)^\[display\].*?(?=^\[)", "", fleet.read_text(encoding="utf-8")),
                     encoding="utf-8")
    up.make_certificates()
    display, wake = up.containers["display"], up.containers["wake"]
    complaints = len(wake.errors)
    del up.volumes["display", "keys"]
    up.update_volumes()
    wake.complains(f'address="{display.address}"', since=complaints)
    shown = len(display.lines)
    flows(up)
    assert len(display.lines) == shown


@pytest.mark.slow
@pytest.mark.parametrize("change, complaint", [
    (lambda pod: pod["securityContext"].pop("fsGroup"), "Permission denied"),
    (lambda pod: pod["volumes"][1]["secret"].pop("defaultMode"), "others can read")])
def test_without_group_or_mode(cluster, change, complaint):
    agent = cluster(change).start("wake")
    assert agent.wait() == 125
    # The first line is what ends it: nothing misleading comes before.
    assert re.search(complaint, agent.errors[0]) and "server.key_secret" in agent.errors[0]
    assert "fsGroup" in agent.errors[0] and "defaultMode: 0440" in agent.errors[0]


@pytest.mark.slow
def test_commands_of_the_head(cluster):
    """kubectl makes of the certificates what the other tests mount."""
    if shutil.which("kubectl") is None:
        pytest.skip("Kubernetes: there is no kubectl")
    up = cluster()
    head = FILE.read_text(encoding="utf-8").partition("\n---")[0]
    script = re.search(r"(?ms)^#   (for .*?^#   done) ", head)[1].replace("\n#", "\n")
    done = subprocess.run(["sh", "-euc", script], cwd=up.directory, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    made = {each["metadata"]["name"]: each for each in yaml.safe_load_all(done.stdout) if each}
    named = set()
    for name, pod in up.pods.items():
        for volume in pod["volumes"][1:]:
            described = volume.get("secret") or volume["configMap"]
            named.add(described.get("secretName") or described["name"])
            kind = "Secret" if "secret" in volume else "ConfigMap"
            assert made[f"{name}-{volume['name']}"]["kind"] == kind
    assert set(made) == named
    assert sorted(made["brain-keys"]["data"]) == sorted(contents(up.fleet() / "brain"))
    assert json.dumps(made["wake-clients"]["data"]) == json.dumps(
        {name: text.decode() for name, text in
         contents(up.fleet() / "wake" / "authorized_clients").items()})
