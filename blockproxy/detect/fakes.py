"""No real tokens in examples: a token that was copied out of somebody's mail identifies that person for ever.

Refused are addresses outside the domains that are made for examples (RFC 2606), numbers of `MIN_NUMBER` digits, and
tokens of `MIN_MIXED` letters and digits, each plain, in base64 or in hexadecimal. A token is obviously fake when little
is left of it without the words and runs that nobody's key has, or when it decodes to text of which that is true. What
is the same for every reader stands in the rule's own pattern, and is passed as `constants`.
"""

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import unquote

MIN_MIXED = 12  # characters of a token with letters and digits; a shorter one is a name or a campaign more often
MIN_TOKEN = 25  # characters of one without digits; a shorter one is a word, or two
MIN_NUMBER = 9  # digits; eight are a date
MAX_LEFT = 8  # characters that may be left between two obviously fake pieces
MAX_LEFT_OF_NUMBER = 5  # digits that may be left of a number
MAX_MARK = 2  # characters in front of what is encoded
MAX_DECODED = 4  # encodings in one another
MIN_TEXT = 0.7  # share of visible ASCII in what a token decodes to; chance gives 0.37
MIN_SHORT_TEXT = 0.95  # the same of less than `MIN_TOKEN` characters, where chance gives more

FAKES = ("fake", "example", "token", "reader", "newsletter", "sample", "deadbeef", "0?1234[5-9]*0?", "abcdef")

_TOKEN = re.compile(rf"[A-Za-z0-9_+~-]{{{MIN_NUMBER},}}={{0,2}}")
_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Za-z])")
_FAKE = re.compile("|".join(FAKES) + r"|(.)\1{3,}", re.IGNORECASE)
_WORDS = (
    r"[a-z]{1,14}\d{0,4}|[A-Z][a-z]{1,13}|\d{1,6}",
    r"(?:[a-z]{2,14}|[A-Z][a-z]{1,13}|[A-Z]{2,4})\d{0,4}(?:[A-Z][a-z]{1,13}\d{0,4})*",  # `emailMd5Lower`
    r"\d{1,4}x\d{1,4}|[a-z]2[a-z]",  # `1x1`, `b2b`
    r"[2-7][0-9A-F](?:[a-z]{0,14}|\d{1,4})",  # `article-3Fid-3D42`: an escape with a hyphen
)
_WORD = re.compile("|".join(_WORDS))
_ADDRESS = re.compile(r"[\w.+-]{1,64}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.([A-Za-z]{2,24}))")
_FOR_EXAMPLES = re.compile(r"(?:.*\.)?example(?:\.[a-z]{2,4})?|.*\.(?:test|invalid|localhost)", re.IGNORECASE)
_DISTRIBUTION = ".cloudfront.net"  # what stands before it names a company that rents there, never a reader
_FILES = frozenset({"css", "gif", "htm", "html", "jpeg", "jpg", "js", "png", "svg", "webp"})  # `logo@2x.png`


def real_looking(text: str, constants: str = "", depth: int = MAX_DECODED) -> str | None:
    """The first address or token in `text` that could be somebody's, or None; `constants` are known to be nobody's."""
    plain = unquote(unquote(text))
    return next(_addresses(plain), None) or next(_tokens(plain, constants, depth), None)


def _addresses(text: str) -> Iterator[str]:
    for found in _ADDRESS.finditer(text):
        if not _FOR_EXAMPLES.fullmatch(found[1]) and found[2].lower() not in _FILES:
            yield found[0]


def _tokens(text: str, constants: str, depth: int) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token in constants or f"{token}{_DISTRIBUTION}" in text:
            continue
        inside = list(_inside(token)) if depth else []
        hides = any(next(_addresses(text), None) for text in inside)
        if hides or not (_harmless(token) or any(real_looking(text, constants, depth - 1) is None for text in inside)):
            yield token


def _inside(token: str) -> Iterator[str]:
    """What `token` decodes to; some senders put a letter or two in front, to say what it is."""
    for skipped in range(MAX_MARK + 1):
        text = _decoded(token[skipped:])
        if text is not None:
            yield text


def _harmless(token: str) -> bool:
    """Too short to find a person by, or obviously fake."""
    least = MIN_NUMBER if token.isdigit() else MIN_MIXED if _MIXED.match(token) else MIN_TOKEN
    return len(token.rstrip("=")) < least or _obviously_fake(token)


def _obviously_fake(token: str) -> bool:
    """Made of fakes and short rests, or of words: `opening-hours-of-the-museum`."""
    left = re.split("[-_=~+]", _FAKE.sub("-", token))
    short = sum(map(len, left)) <= MAX_LEFT_OF_NUMBER if token.isdigit() else max(map(len, left)) <= MAX_LEFT
    if short and _FAKE.search(token):
        return True
    return all(_WORD.fullmatch(piece) for piece in re.split("[-_=~+]", token) if piece)


def _decoded(token: str) -> str | None:
    for decode in (_from_hex, _from_base64):
        try:
            octets = decode(token.rstrip("=~"))
        except (ValueError, binascii.Error, zlib.error):
            continue
        text = re.sub(rb"[^ -~]", b" ", octets).decode("ascii")
        least = MIN_TEXT if len(token) >= MIN_TOKEN else MIN_SHORT_TEXT
        if len(text.replace(" ", "")) >= len(octets) * least:
            return text
    return None


def _from_hex(token: str) -> bytes:
    return bytes.fromhex(token)


def _from_base64(token: str) -> bytes:
    core = token.replace("-", "+").replace("_", "/")
    octets = b64decode(core + "=" * (-len(core) % 4), validate=True)
    return zlib.decompressobj().decompress(octets, 64 * 1024) if octets[:1] == b"\x78" else octets
