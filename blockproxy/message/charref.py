"""Character references in attribute values: WHATWG HTML, section 13.2.5.72 to 13.2.5.80.

Not `html.unescape`, which reads them as text: in an attribute `&copy=2` belongs to a query and is no copyright sign.
A decoded value keeps the way back: every octet of it leads to the octets it was written with.
"""

import re
from bisect import bisect_left, bisect_right
from html.entities import html5
from typing import NamedTuple

# The longest name, CounterClockwiseContourIntegral, has 31 letters and a semicolon: a flood of letters stays linear.
_REFERENCE = re.compile(rb"&(?:#(?:[xX]([0-9a-fA-F]++)|([0-9]++));?|([a-zA-Z][a-zA-Z0-9]{0,31}+;?)(=?))")
_NAMED = {name.encode(): text.encode() for name, text in html5.items()}
_MAX_DIGITS = 7  # of a number that can still be a character, leading zeros not counted
_REPLACEMENT = "�"


class Decoded(NamedTuple):
    """A value with its references resolved. `text` is made of pieces: taken as written, a reference, as written, …

    Piece `i` begins at `decoded[i]` of the text and at `written[i]` of the source; even ones are as written.
    """

    text: bytes
    decoded: list[int]
    written: list[int]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` was written. A reference is never cut: it belongs to the range as a whole."""
        first = bisect_right(self.decoded, start) - 1
        last = max(bisect_left(self.decoded, end) - 1, 0)
        begin = self.written[first] + (0 if first % 2 else start - self.decoded[first])
        if last % 2:
            return begin, self.written[last + 1]
        return begin, max(begin, self.written[last] + end - self.decoded[last])


def decode(value: bytes) -> Decoded:
    """Resolve the references of `value`, keeping where everything was written."""
    pieces: list[bytes] = []
    written = [0]
    for match in _REFERENCE.finditer(value):
        text = _resolved(match)
        if text is not None:
            end = match.end(3) if match[3] else match.end()
            pieces += (value[written[-1] : match.start()], text)
            written += (match.start(), end)
    pieces.append(value[written[-1] :])
    decoded = [0]
    for piece in pieces[:-1]:
        decoded.append(decoded[-1] + len(piece))
    return Decoded(b"".join(pieces), decoded, written)


def unescape(value: bytes) -> bytes:
    """`value` with its references resolved."""
    count = value.count(b"&")
    if not count:
        return value
    if count == value.count(b"&amp;"):
        return value.replace(b"&amp;", b"&")
    return _REFERENCE.sub(_replaced, value)


def _replaced(match: re.Match[bytes]) -> bytes:
    text = _resolved(match)
    return match[0] if text is None else text + match[4] if match[3] else text


def _resolved(match: re.Match[bytes]) -> bytes | None:
    """What a reference stands for, or None when it is not one."""
    hexadecimal, decimal, name, equals = match.groups()
    if name is None:
        return _character(hexadecimal or decimal, 16 if hexadecimal else 10).encode()
    if not name.endswith(b";") and (equals or _continues(match)):
        return None
    return _NAMED.get(name)


def _continues(match: re.Match[bytes]) -> bool:
    """Whether the letters go on behind the longest name there is."""
    following = match.string[match.end(3) : match.end(3) + 1]
    return following.isalnum()


def _character(digits: bytes, radix: int) -> str:
    digits = digits.lstrip(b"0")
    number = int(digits or b"0", radix) if len(digits) <= _MAX_DIGITS else 0
    if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        return _REPLACEMENT
    if 0x80 <= number <= 0x9F:
        try:
            return bytes([number]).decode("cp1252")
        except UnicodeDecodeError:
            return chr(number)
    return chr(number)
