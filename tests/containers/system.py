"""Containers of namespaces on one network, whatever file describes them."""

from . import certificates, container, image, wire


class System:
    """`up` and the rest are for those that know the file."""

    def __init__(self, context, release, base, directory, prebuilt=None):
        self.context, self.directory = context, directory
        (directory / "images").mkdir()
        built = image.Builder(context, release, base, directory / "images", prebuilt)
        self.images, self.last_image = built.stages, built.image
        self.bridge = container.Bridge()
        self.wire = wire.Wire(self.bridge, directory / "wire")
        self.addresses = {}  # by host name
        self.containers, self._all = {}, []

    def new(self, name, settings, address=None):
        """Without an address it has no network."""
        network = self.bridge.port(address) if address else None
        hosts = "".join(f"{address} {name}\n" for name, address in self.addresses.items())
        path = self.directory / f"container-{len(self._all)}-{name}"
        self._all.append(container.Container(name, settings, path, network, hosts))
        return self._all[-1]

    def stranger(self, code, poses_as=None, secured=False, mounts=()):
        """A container that nobody invited, on the same network: Python code in an image."""
        picture = self.images["secured" if secured else "agents"]
        settings = container.Settings(
            layers=picture.layers, command=[*picture.entrypoint, "python3", "-u", "-c", code],
            mounts=list(mounts))
        address = self.addresses[poses_as] if poses_as else self.bridge.address()
        return self.new("stranger", settings, address)

    def forged_certificates(self):
        return certificates.forged(self.directory, self.fleet())

    def fleet(self):
        """The directory with each agent's certificates."""
        raise NotImplementedError

    def down(self):
        for each in self._all:
            each.close()
        self.wire.close()
        self.bridge.close()
