from contract.conftest import certs, peers, start  # noqa: F401
