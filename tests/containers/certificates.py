"""What a stranger on the network has."""

from harness import certificates

DIRECTORY = "/etc/curveshim/certificates"


def forged(directory, fleet):
    """A mount: a pair that nobody authorised, and all that is public of the fleet's."""
    path = directory / "forged"
    if not path.exists():
        certificates.make(path)
        known = (file.read_text(encoding="utf-8") for file in fleet.glob("*/known_servers"))
        (path / "known_servers").write_text("".join(known), encoding="utf-8")
    return str(path), DIRECTORY, True
