"""No real tokens in examples: a token that was copied out of somebody's mail identifies that person for ever.

A long token is obviously fake when little is left of it without the words and runs that nobody's key has, or when it
decodes to text of which that is true.
"""

import binascii
import re
import zlib
from base64 import b64decode
from urllib.parse import unquote

MAX_TOKEN = 24  # characters; a shorter one is a name, a number, or too little to find a person by
MAX_LEFT = 8  # characters that may be left between two obviously fake pieces
MAX_DECODED = 4  # encodings in one another
MIN_TEXT = 0.7  # share of visible ASCII in what a token decodes to; chance gives 0.37

FAKES = ("fake", "example", "token", "reader", "newsletter", "sample", "deadbeef", "0123456789", "123456789", "abcdef")

_TOKEN = re.compile(rf"[A-Za-z0-9_+~-]{{{MAX_TOKEN + 1},}}={{0,2}}")
_FAKE = re.compile("|".join(FAKES) + r"|(.)\1{3,}", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{1,14}\d{0,4}|[A-Z][a-z]{1,13}|\d{1,6}")


def real_looking(text: str, depth: int = MAX_DECODED) -> str | None:
    """The first token in `text` that could be somebody's, or None."""
    for found in _TOKEN.finditer(unquote(unquote(text))):
        token = found.group()
        if _obviously_fake(token):
            continue
        # Some senders put a letter in front of what they encode, to say what it is.
        if not (depth and any(_decodes_to_a_fake(text, depth) for text in (token, token[1:]))):
            return token
    return None


def _decodes_to_a_fake(token: str, depth: int) -> bool:
    decoded = _decoded(token)
    return decoded is not None and real_looking(decoded, depth - 1) is None


def _obviously_fake(token: str) -> bool:
    """Made of fakes and short rests, or of words: `opening-hours-of-the-museum`."""
    if all(len(piece) <= MAX_LEFT for piece in re.split("[-_=~+]", _FAKE.sub("-", token))):
        return _FAKE.search(token) is not None or _words(token)
    return _words(token)


def _words(token: str) -> bool:
    return all(_WORD.fullmatch(piece) for piece in re.split("[-_=~+]", token) if piece)


def _decoded(token: str) -> str | None:
    core = token.rstrip("=~").replace("-", "+").replace("_", "/")
    try:
        octets = b64decode(core + "=" * (-len(core) % 4), validate=True)
        if octets[:1] == b"\x78":
            octets = zlib.decompressobj().decompress(octets, 64 * 1024)
    except (ValueError, binascii.Error, zlib.error):
        return None
    text = re.sub(rb"[^ -~]", b" ", octets).decode("ascii")
    return text if len(text.replace(" ", "")) >= len(octets) * MIN_TEXT else None
