"""The pods of a manifest in containers of namespaces, with volumes as the kubelet mounts them."""

import os
import shutil

import yaml

from harness import certificates
from harness.mounted import Mounted, contents

from . import container, system

IMAGES = {"curveshim": "curveshim", "voice-agents": "agents"}  # the stages they are built from
CONFINED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}


def load(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


class Cluster(system.System):
    """`change(pod)` may alter the pods' specifications."""

    def __init__(self, path, release, base, directory, change=lambda pod: None):
        super().__init__(path.parent, release, base, directory)
        self.pods, self.ports = {}, {}
        for document in load(path):
            name = document["metadata"]["name"]
            if document["kind"] == "Service":
                assert document["spec"]["selector"] == {"app": name}
                self.ports[name] = [port["port"] for port in document["spec"]["ports"]]
            else:
                self.pods[name] = document["spec"]["template"]["spec"]
                change(self.pods[name])
        self._pod_addresses = {name: self.bridge.address() for name in self.pods}
        # Each service has one pod, so its name may as well stand for that.
        self.addresses.update({name: self._pod_addresses[name] for name in self.ports})
        self.volumes = {}
        self.make_certificates()

    def fleet(self):
        return self.directory / "certificates"

    def make_certificates(self):
        certificates.curveshim_cert("fleet", self.context / "fleet.conf", self.fleet())

    def _source(self, name, volume):
        """The contents of a Secret or ConfigMap, as the manifest's head makes them."""
        secret = volume.get("secret", {}).get("secretName")
        directory = self.fleet() / name
        if secret is None:
            assert volume["configMap"] == {"name": f"{name}-clients"}
            directory /= "authorized_clients"
        else:
            assert secret == f"{name}-keys"
        return contents(directory)

    def _volume(self, name, volume, group):
        place = self.directory / f"volume-{name}-{volume['name']}"
        if "emptyDir" in volume:
            place.mkdir()
            os.chown(place, 0, group or 0)
            place.chmod(0o2777)
            return place
        mode = volume.get("secret", {}).get("defaultMode", 0o644)
        mounted = Mounted(place, self._source(name, volume), mode, group, "secret" in volume)
        self.volumes[name, volume["name"]] = mounted
        return mounted.path

    def update_volumes(self):
        """As the kubelet does after a change of the Secrets and ConfigMaps."""
        for (name, volume), mounted in self.volumes.items():
            described, = (each for each in self.pods[name]["volumes"] if each["name"] == volume)
            mounted.update(self._source(name, described))

    def _settings(self, pod, described, volumes):
        assert described["securityContext"] == CONFINED
        user = pod["securityContext"]
        group = user.get("fsGroup")
        picture = self.images[IMAGES[described["image"]]]
        return container.Settings(
            layers=picture.layers, command=described["command"],
            environment={each["name"]: each["value"] for each in described.get("env", [])},
            uid=user["runAsUser"], gid=user["runAsGroup"], groups=(group,) if group else (),
            read_only=True, drop_capabilities=True, no_new_privileges=True,
            mounts=[(str(volumes[each["name"]]), each["mountPath"], each.get("readOnly", False))
                    for each in described["volumeMounts"]])

    def start(self, name):
        pod = self.pods[name]
        volumes = {each["name"]: self._volume(name, each, pod["securityContext"].get("fsGroup"))
                   for each in pod["volumes"]}
        for described in pod["initContainers"]:
            first = self.new(described["name"], self._settings(pod, described, volumes))
            assert first.wait() == 0, first.report()
        described, = pod["containers"]
        settings = self._settings(pod, described, volumes)
        self.containers[name] = self.new(name, settings, self._pod_addresses[name])
        return self.containers[name]

    def restart(self, name):
        self.containers[name].stop()
        for volume in self.pods[name]["volumes"]:
            shutil.rmtree(self.directory / f"volume-{name}-{volume['name']}")
        return self.start(name)

    def up(self):
        for name in self.pods:
            self.start(name)

    def probe(self, name, kind="readinessProbe"):
        described, = self.pods[name]["containers"]
        return self.containers[name].run(*described[kind]["exec"]["command"])
