"""Two formats in which redirects hold their address that take more than one line to read.

Both are read to the end or not at all: an address that was cut off leads somewhere else.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from urllib.parse import unquote

MAX_FIELDS = 256  # of one protobuf message, those of the messages in it included; known ones have ten
MAX_DEPTH = 4  # protobuf messages in one another; known ones have two

# Proofpoint URL Defense v3: https://urldefense.com/v3/__ADDRESS__;CHARACTERS!!TOKEN!TOKEN$. What the gateway does not
# like in a path is `*` in ADDRESS and stands, in its order, in CHARACTERS (base64); `**X` is a run of 2 to 65 of them.
_V3_BEGINS, _V3_ENDS = "/v3/__", "__;"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_REPLACED = re.compile(r"\*(?:\*(.))?", re.DOTALL)
_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ONE_SLASH = re.compile(r"(https?:/)(?=[^/])", re.IGNORECASE)

_WEB = re.compile(rb"https?://[!-~\x80-\xff]+\Z", re.IGNORECASE)
_VARINT, _FIXED64, _COUNTED, _FIXED32 = 0, 1, 2, 5  # wire types (protobuf.dev, "Encoding"); groups are refused


def proofpoint_v3(url: str) -> bytes | None:
    """The address in a link of Proofpoint URL Defense v3, or None."""
    # A regular expression would begin again at each of a thousand beginnings.
    _, begins, rest = url.partition(_V3_BEGINS)
    address, ends, rest = rest.partition(_V3_ENDS)
    packed, closes, _ = rest.partition("!")
    if not (begins and ends and closes):
        return None
    # Programs that tidy up URLs make one slash of two, and escape what they do not like in a path.
    written = _ONE_SLASH.sub(r"\1/", unquote(address), count=1)
    packed = packed.rstrip("=")
    if not _BASE64URL.fullmatch(packed):
        return None
    characters = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    whole, position = [], 0
    for piece, count in _pieces(written):
        if position + count > len(characters):
            return None
        whole += [piece, characters[position : position + count]]
        position += count
    return "".join(whole).encode() if position == len(characters) else None


def _pieces(written: str) -> Iterator[tuple[str, int]]:
    """Text, and how many replaced characters follow it."""
    end = 0
    for found in _REPLACED.finditer(written):
        run = found.group(1)
        yield written[end : found.start()], 1 if run is None else _RUNS.index(run) + 2
        end = found.end()
    yield written[end:], 0


def protobuf_url(message: bytes) -> bytes | None:
    """The http(s) address in a protobuf message or in a message inside it; None where there are several or none."""
    found = {text for text in _texts(message, [MAX_FIELDS], MAX_DEPTH) if _WEB.match(text)}
    return found.pop() if len(found) == 1 else None


def _texts(message: bytes, left: list[int], depth: int) -> list[bytes]:
    """Everything with a length in `message` and the messages in it; raises ValueError where it is no message."""
    texts, position = [], 0
    while position < len(message):
        left[0] -= 1
        if left[0] < 0:
            raise ValueError("too many fields")
        key, position = _varint(message, position)
        start, position = _value(message, position, key & 7)
        if key & 7 == _COUNTED:
            text = message[start:position]
            texts += [text] if _WEB.match(text) or depth == 0 else _inside(text, left, depth - 1)
    return texts


def _inside(text: bytes, left: list[int], depth: int) -> list[bytes]:
    """A string has the wire type of a message: whether it is one is only known by trying."""
    try:
        return _texts(text, left, depth)
    except ValueError:
        return []


def _value(message: bytes, position: int, wire_type: int) -> tuple[int, int]:
    """Where the value of a field begins and ends."""
    if wire_type == _VARINT:
        return position, _varint(message, position)[1]
    if wire_type == _COUNTED:
        length, position = _varint(message, position)
    else:
        length = {_FIXED64: 8, _FIXED32: 4}.get(wire_type, len(message) + 1)
    if position + length > len(message):
        raise ValueError("a field ends behind its message")
    return position, position + length


def _varint(message: bytes, position: int) -> tuple[int, int]:
    number = 0
    for shift, octet in enumerate(message[position : position + 10]):
        number |= (octet & 0x7F) << 7 * shift
        if octet < 0x80:
            return number, position + shift + 1
    raise ValueError("a number without end")
