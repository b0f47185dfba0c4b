"""Ways to write octets as a token of a URL. One row is one way.

As in "I never signed up for this!" (PETS 2018, section 4.1) and "Leaky Forms" (USENIX Security 2022, section 4).
What compresses is written in base64url, as URLs need it.
"""

import base64
import gzip
import zlib
from collections.abc import Callable

from blockproxy.detect.identity import lz_string

Encoding = Callable[[bytes], str]

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_GROUP = 58**10  # ten digits at once: a division of long numbers costs the same for one

# An alphabet of its own: a script that "Leaky Forms" came across writes the address in it.
_STANDARD = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ITS_OWN = "kibp8A4EWRMKHa7gvyz1dOPt6UI5xYD3nqhVwZBXfCcFeJmrLN20lS9QGsjTuo"
SHUFFLED = "another alphabet"
_SHUFFLE = str.maketrans(_STANDARD, _ITS_OWN)


def shuffled(text: str) -> str:
    """`text` in the other alphabet; what is no letter and no digit stays."""
    return text.translate(_SHUFFLE)


def base58(octets: bytes) -> str:
    """In the alphabet of Bitcoin, without a checksum."""
    number = int.from_bytes(octets, "big")
    digits: list[str] = []
    while number:
        number, group = divmod(number, _GROUP)
        for _ in range(10):
            group, digit = divmod(group, 58)
            digits.append(_BASE58[digit])
    leading = len(octets) - len(octets.lstrip(b"\0"))
    return "1" * leading + "".join(reversed(digits)).lstrip("1")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii")


def _deflated(octets: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(octets) + deflate.flush()


# `base64` comes last: what looks the same in both alphabets is called by this name.
ENCODINGS: dict[str, Encoding] = {
    "hexadecimal": lambda octets: octets.hex(),
    "base32": lambda octets: base64.b32encode(octets).decode("ascii"),
    "base58": base58,
    "percent": lambda octets: octets.decode("latin-1").replace("@", "%40").replace("+", "%2B"),
    "character reference": lambda octets: octets.decode("latin-1").replace("@", "&#64;"),
    SHUFFLED: lambda octets: shuffled(octets.decode("latin-1")),
    "deflate": lambda octets: _base64url(_deflated(octets)),
    "zlib": lambda octets: _base64url(zlib.compress(octets)),
    "gzip": lambda octets: _base64url(gzip.compress(octets, mtime=0)),
    "LZ-string": lambda octets: lz_string.compress(octets.decode("latin-1")),
    "base64url": _base64url,
    "base64": lambda octets: base64.b64encode(octets).decode("ascii"),
}

# Not for the octets of a digest, which are no text.
OF_TEXT = frozenset({"percent", "character reference", SHUFFLED, "LZ-string"})
