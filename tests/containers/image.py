"""Builds the images of a Dockerfile as directories to overlay, without an engine.

Understands what scripts/docker uses. The base image is the file system that the caller names,
whatever FROM says, and what `apt-get install` would fetch has to be in it."""

import dataclasses
import json
import pathlib
import shutil
import tarfile

from . import container


@dataclasses.dataclass
class Image:
    layers: list  # the topmost first
    entrypoint: list = dataclasses.field(default_factory=list)

    def find(self, path):
        """Where a file of the image lies."""
        for layer in self.layers:
            if (found := pathlib.Path(layer) / path.lstrip("/")).exists():
                return found
        raise FileNotFoundError(path)


def instructions(dockerfile):
    text = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, rest = line.split(maxsplit=1)
            yield word, rest


class Builder:
    def __init__(self, context, release, base, directory, prebuilt=None):
        """`release`: the tarball that the user puts into the context; `prebuilt`: images by name.
        Afterwards `stages` has those of this file too, and `image` is the last."""
        self.context, self.release, self.base = context, release, base
        self.directory = pathlib.Path(directory)
        self.stages, self._runs = dict(prebuilt or {}), 0
        for word, rest in instructions(context / "Dockerfile"):
            getattr(self, f"_{word.lower()}")(rest)

    def _from(self, rest):
        base, _, name = rest.partition(" AS ")
        known = self.stages.get(base) or Image([self.base])
        # A layer for all that the stage adds.
        layer = self.directory / (name or "last")
        layer.mkdir()
        self.image = self.stages[name] = Image([str(layer), *known.layers], known.entrypoint)

    def _target(self, target, source):
        path = pathlib.Path(self.image.layers[0]) / target.lstrip("/")
        return path / source.name if target.endswith("/") else path

    def _add(self, rest):
        pattern, target = rest.split()
        assert self.release.match(pattern), f"{pattern} is not the name of a release"
        with tarfile.open(self.release) as tar:
            tar.extractall(self._target(target, self.release).parent)

    def _copy(self, rest):
        *options, source, target = rest.split()
        if options:
            source = self.stages[options[0].removeprefix("--from=")].find(source)
        else:
            source = self.context / source
        place = self._target(target, source)
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)

    def _run(self, rest):
        if rest.startswith("apt-get"):
            packages = rest.partition(" install ")[2].partition("&&")[0]
            rest = "dpkg-query -W " + " ".join(p for p in packages.split() if p[0] != "-")
        settings = container.Settings(
            layers=self.image.layers[1:], upper=self.image.layers[0], command=["sh", "-c", rest])
        self._runs += 1
        done = container.Container("build", settings, self.directory / f"run-{self._runs}")
        assert done.wait() == 0, f"RUN {rest}: {done.report()}"
        done.close()

    def _entrypoint(self, rest):
        self.image.entrypoint = json.loads(rest)
