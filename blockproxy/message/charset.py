"""Charsets, as far as finding markup needs them.

Markup is ASCII. A *view* of a leaf's octets has every octet that is not an ASCII character on its own replaced by
0xFF, so that markup can be searched for as bytes and spans of the view are spans of the octets. In most charsets the
view is the octets themselves; a charset in which ASCII octets can mean something else gets its shifted runs masked.

Refused: UTF-7, whose base64 runs can spell markup. UTF-16 and UTF-32 have two or four octets for each of the view.
"""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from bs4.dammit import EncodingDetector

from blockproxy.model import Patch, Span

MASK = b"\xff"

# ISO-2022 (RFC 1468, RFC 1557, RFC 1922): between an escape to a multi-octet set and the escape back to ASCII or
# JIS-Roman, and between SO and SI, octets below 0x80 are halves of characters.
# ESC $ ) only names the set that SO then shifts to.
_SHIFTED = re.compile(rb"\x1b\$(?![)*+])[^\x1b]*(?:\x1b(?!\([BJ])[^\x1b]*)*(?:\x1b\([BJ]|\Z)|\x0e[^\x0f]*(?:\x0f|\Z)")
# HZ (RFC 1843): ~{ to ~}.
_HZ = re.compile(rb"~\{.*?(?:~\}|\n|\Z)", re.DOTALL)
# A trail octet may be an ASCII letter, digit, backslash or bar in these, so a lead and its trail are masked together.
_PAIRS = re.compile(rb"[\x81-\xfe][\x30-\xfe]")
_SHIFT_JIS = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\xfc]")

_MASKED = {
    "iso2022_jp": _SHIFTED,
    "iso2022_jp_1": _SHIFTED,
    "iso2022_jp_2": _SHIFTED,
    "iso2022_jp_2004": _SHIFTED,
    "iso2022_jp_3": _SHIFTED,
    "iso2022_jp_ext": _SHIFTED,
    "iso2022_kr": _SHIFTED,
    "hz": _HZ,
    "gb2312": _PAIRS,
    "gbk": _PAIRS,
    "gb18030": _PAIRS,
    "big5": _PAIRS,
    "big5hkscs": _PAIRS,
    "cp950": _PAIRS,
    "johab": _PAIRS,
    "cp949": _PAIRS,
    "euc_kr": _PAIRS,
    "shift_jis": _SHIFT_JIS,
    "shift_jis_2004": _SHIFT_JIS,
    "shift_jisx0213": _SHIFT_JIS,
    "cp932": _SHIFT_JIS,
}
# Octets of one code unit, and which of them holds an ASCII character.
_WIDE = {
    "utf_16_le": (2, 0),
    "utf_16_be": (2, 1),
    "utf_32_le": (4, 0),
    "utf_32_be": (4, 3),
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)


class UnreadableError(Exception):
    """Markup can't be found safely in this charset; the argument is the reason for the skip."""


@dataclass(frozen=True, slots=True)
class View:
    """`octets`: what to search; one octet of it stands for `width` octets of the leaf, its character at `offset`."""

    octets: bytes
    width: int = 1
    offset: int = 0

    def widen(self, patch: Patch) -> Patch:
        """A patch of the view as a patch of the leaf."""
        if self.width == 1:
            return patch
        start, end = patch.span
        wide = bytearray(len(patch.replacement) * self.width)
        wide[self.offset :: self.width] = patch.replacement
        return Patch(Span(start * self.width, end * self.width), bytes(wide))

    def span(self, span: Span) -> Span:
        """A span of the view as a span of the leaf."""
        return Span(span.start * self.width, span.end * self.width)


def view(octets: bytes, declared: str | None, *, markup: bool) -> View:
    """What to search for markup in `octets`; `declared` is the charset parameter. Raises UnreadableError.

    `markup`: whether a declaration inside the document (`<meta charset>`) may be believed when there is no other.
    """
    name = _marked(octets) or _normal(declared or "") or _sniffed(octets, markup=markup)
    if name in {"utf_16", "utf_32"}:
        # RFC 2781, section 4.3 says big-endian where there is no mark; what is sent is what Windows has in memory.
        name += "_le" if octets[1:64:2].count(0) > octets[0:64:2].count(0) else "_be"
    if name in _WIDE:
        return _narrow(octets, *_WIDE[name])
    if name == "utf_7" and b"+" in octets:
        raise UnreadableError("UTF-7 can hide markup in its base64 runs")
    masked = _MASKED.get(name)
    if masked is None or (octets.isascii() and masked is not _SHIFTED and masked is not _HZ):
        # An escape that no charset announces: what is between could still be shown as shifted text.
        return View(_SHIFTED.sub(_mask, octets) if b"\x1b" in octets else octets)
    return View(masked.sub(_mask, octets))


def _mask(match: re.Match[bytes]) -> bytes:
    return MASK * len(match[0])


def _narrow(octets: bytes, width: int, offset: int) -> View:
    """One octet for each code unit: its ASCII character, or the mask."""
    usable = len(octets) - len(octets) % width
    narrow = bytearray(octets[offset:usable:width])
    for other in range(width):
        if other != offset:
            for position, octet in enumerate(octets[other:usable:width]):
                if octet:
                    narrow[position] = 0xFF
    return View(bytes(narrow), width, offset)


def _marked(octets: bytes) -> str:
    """The wide charset that a byte order mark announces, whatever was declared (as browsers do), or ""."""
    if octets[:1] in b"\xff\xfe\x00":
        for mark, name in _BYTE_ORDER_MARKS:
            if octets.startswith(mark):
                return name
    return ""


@lru_cache(maxsize=128)
def _normal(name: str) -> str:
    """The codec's own name for a charset, "" for an unknown one."""
    try:
        return codecs.lookup(name.strip(" '\"")).name.replace("-", "_")
    except (LookupError, ValueError):
        return ""


def _sniffed(octets: bytes, *, markup: bool) -> str:
    """The charset of a leaf that declares none, or an unknown one: read off the document, or guessed from its NULs."""
    start = octets[:64]
    if start.count(0) * 3 >= len(start) > 3:
        return "utf_16_le" if start[1:2] == b"\0" else "utf_16_be"
    if markup and not octets.isascii():
        return _normal(EncodingDetector.find_declared_encoding(octets, is_html=True) or "")
    return ""
