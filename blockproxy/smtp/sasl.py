"""SASL through a proxy (RFC 4954): every response goes to the next hop as it came; we only read the login name.

A mechanism that is bound to the TLS channel cannot pass, because the channel ends here.
"""

import binascii
import re
from collections.abc import Callable, Mapping, Sequence

MAX_CHALLENGES = 8  # RFC 7628 and LOGIN need two, SCRAM needs three
MAX_ACCOUNT = 320  # characters; RFC 5321, section 4.5.3.1 allows addresses of 64 + 1 + 255

RESPONSE = re.compile(rb"[A-Za-z0-9+/]*={0,2}\Z")
CANCEL = b"*"


class Secret(bytes):
    """Octets that travel but do not show: passwords, SASL responses."""

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return "<secret>"


def _of_plain(responses: Sequence[bytes]) -> bytes:
    return responses[0].split(b"\0")[1]


def _of_login(responses: Sequence[bytes]) -> bytes:
    return responses[0]


def _of_cram_md5(responses: Sequence[bytes]) -> bytes:
    return responses[0].rpartition(b" ")[0]


def _of_xoauth2(responses: Sequence[bytes]) -> bytes:
    return responses[0].partition(b"user=")[2].partition(b"\x01")[0]


def _of_oauthbearer(responses: Sequence[bytes]) -> bytes:
    return responses[0].partition(b"a=")[2].partition(b",")[0]


def _of_scram(responses: Sequence[bytes]) -> bytes:
    name = responses[0].partition(b",n=")[2].partition(b",")[0]
    return name.replace(b"=2C", b",").replace(b"=3D", b"=")


MECHANISMS: Mapping[str, Callable[[Sequence[bytes]], bytes]] = {  # and where each has the login name
    "PLAIN": _of_plain,  # RFC 4616
    "LOGIN": _of_login,  # draft-murchison-sasl-login
    "CRAM-MD5": _of_cram_md5,  # RFC 2195
    "XOAUTH2": _of_xoauth2,  # Google, Microsoft
    "OAUTHBEARER": _of_oauthbearer,  # RFC 7628
    "SCRAM-SHA-1": _of_scram,  # RFC 5802
    "SCRAM-SHA-256": _of_scram,  # RFC 7677
    "SCRAM-SHA-512": _of_scram,  # draft-melnikov-scram-sha-512
}
HIDDEN = {  # known, refused, and why; what stands in neither table is hidden too
    "SCRAM-SHA-1-PLUS": "bound to a TLS channel that ends here",
    "SCRAM-SHA-256-PLUS": "the same",
    "SCRAM-SHA-512-PLUS": "the same",
    "EXTERNAL": "needs the client's own certificate",
    "GSSAPI": "bound to the host name of the server",
    "DIGEST-MD5": "bound to the host name of the server; obsolete since RFC 6331",
    "NTLM": "bound to the TLS channel where the server wants extended protection",
}


def offered(names: Sequence[str]) -> list[str]:
    """What a client is offered of a next hop's mechanisms.

    RFC 5802, section 6: a client that could bind to its channel, and sees no -PLUS, says so, and a server that has
    -PLUS must refuse it. So the plain SCRAM goes with its -PLUS, where another mechanism is left.
    """
    upper = {name.upper() for name in names}
    carried = [name for name in names if name.upper() in MECHANISMS]
    safe = [name for name in carried if f"{name.upper()}-PLUS" not in upper]
    return safe or carried


def account(mechanism: str, responses: Sequence[Secret]) -> str:
    """The login name that a client gave in its base64 `responses`, or an empty string where it cannot be read."""
    try:
        name = MECHANISMS[mechanism]([binascii.a2b_base64(response) for response in responses])
    except (binascii.Error, IndexError):
        return ""
    return name[:MAX_ACCOUNT].decode("utf-8", "replace")
