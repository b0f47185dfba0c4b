"""One certificate authority for each test session, and a certificate for localhost that it signed."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority's certificate, the server's chain and its key."""

    authority: Path
    chain: Path
    key: Path

    def trusting(self) -> ssl.SSLContext:
        """What a client uses that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.authority))


def issue(folder: Path) -> Certificates:
    """Write a new authority and a certificate for `localhost` and 127.0.0.1 into `folder`."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    server = authority.issue_cert("localhost", "127.0.0.1", key_type=trustme.KeyType.ECDSA)
    files = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(files.authority)
    server.private_key_pem.write_to_path(files.key)
    for index, certificate in enumerate(server.cert_chain_pems):
        certificate.write_to_path(files.chain, append=index > 0)
    return files
