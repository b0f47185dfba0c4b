"""Charsets, as far as finding markup needs them.

Markup is ASCII. A *view* of a leaf's octets has every octet that is not an ASCII character on its own replaced by
0xFF, so that markup can be searched for as bytes and spans of the view are spans of the octets. In most charsets the
view is the octets themselves; a charset in which ASCII octets can mean something else gets its shifted runs masked.

Programs disagree about what is shifted: browsers know no ISO-2022-KR, some programs end a run with its line, a declared
charset may be a lie. So where anything is masked, the octets are searched as they are too (`View.raw`).

Refused: UTF-7, whose base64 runs can spell markup. UTF-16 and UTF-32 have two or four octets for each of the view.
"""

import codecs
import re
from dataclasses import dataclass

from blockproxy.model import Patch, Span
from blockproxy.remember import remember

MASK = b"\xff"

# ISO-2022-JP (RFC 1468; WHATWG Encoding, section 12.2): between an escape to a set of pairs and the escape back, octets
# below 0x80 are halves of characters. Lines begin unshifted. ISO-2022-KR (RFC 1557) shifts by SO and SI.
_SHIFTED_JP = re.compile(rb"\x1b\$(?:[@B]|\([DOPQ])[^\x1b\r\n]*+(?:\x1b\([BJ])?+")
_SHIFTED_KR = re.compile(rb"\x0e[^\x0f\r\n]*+\x0f?+")
# HZ (RFC 1843): ~{ to ~}.
_HZ = re.compile(rb"~\{(?:[\x21-\x7d][\x21-\x7e])*+(?:~\})?+")
# A trail octet may be an ASCII letter, a backslash or a bar in these, so a lead and its trail are masked together. One
# below 0x40 is no trail: decoders give it back, and it may begin a tag.
_PAIRS = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_SHIFT_JIS = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]")

_MASKED = {
    "iso2022_jp": _SHIFTED_JP,
    "iso2022_jp_1": _SHIFTED_JP,
    "iso2022_jp_2": _SHIFTED_JP,
    "iso2022_jp_2004": _SHIFTED_JP,
    "iso2022_jp_3": _SHIFTED_JP,
    "iso2022_jp_ext": _SHIFTED_JP,
    "iso2022_kr": _SHIFTED_KR,
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


MAX_SNIFFED = 64 * 1024  # octets; browsers look for a declaration in the first 1,024
MIN_NULS = 50  # at least one octet in so many is NUL in text that really is UTF-16: its markup, its spaces
NEVER_FROM_INSIDE = frozenset({"utf_7", "hz", "iso2022_kr"})


class UnreadableError(Exception):
    """Markup can't be found safely in this charset; the argument is the reason for the skip."""


@dataclass(frozen=True, slots=True)
class View:
    """`octets`: what to search; one octet of it stands for `width` octets of the leaf, its character at `offset`.

    `raw` is the same without masks.
    """

    octets: bytes
    raw: bytes
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
    name = _marked(octets)
    if not name:
        name = _normal(declared or "") or _sniffed(octets, markup=markup)
        if name.startswith(("utf_16", "utf_32")):
            name = _really_wide(name, octets)
    if name in _WIDE:
        return _narrow(octets, *_WIDE[name])
    if name == "utf_7" and b"+" in octets:
        raise UnreadableError("UTF-7 can hide markup in its base64 runs")
    # An escape that no charset announces may be shown as shifted text all the same.
    masked = _MASKED.get(name, _SHIFTED_JP if b"\x1b" in octets else None)
    if masked is None or (masked in {_PAIRS, _SHIFT_JIS} and octets.isascii()):
        return View(octets, octets)
    return View(masked.sub(_mask, octets), octets)


def _mask(match: re.Match[bytes]) -> bytes:
    return MASK * len(match[0])


def _really_wide(name: str, octets: bytes) -> str:
    """`name` with its byte order, or "" where there are no NULs: a document that only calls itself UTF-16."""
    if octets.count(0) * MIN_NULS < len(octets):
        return ""
    if name in {"utf_16", "utf_32"}:
        # RFC 2781, section 4.3 says big-endian where there is no mark; what is sent is what Windows has in memory.
        return name + ("_le" if octets[1:64:2].count(0) > octets[0:64:2].count(0) else "_be")
    return name


def _narrow(octets: bytes, width: int, offset: int) -> View:
    """One octet for each code unit: its ASCII character, or the mask.

    A unit that is no line end but has the octet of one is shown as a line end, so that nobody writes over it.
    """
    usable = len(octets) - len(octets) % width
    narrow = bytearray(octets[offset:usable:width])
    others = [octets[other:usable:width] for other in range(width) if other != offset]
    for other in others:
        for position, octet in enumerate(other):
            if octet:
                narrow[position] = ord("\n") if octet in b"\r\n" or narrow[position] in b"\r\n" else 0xFF
    return View(bytes(narrow), bytes(narrow), width, offset)


def _marked(octets: bytes) -> str:
    """The wide charset that a byte order mark announces, whatever was declared (as browsers do), or ""."""
    if octets[:1] in b"\xff\xfe\x00":
        for mark, name in _BYTE_ORDER_MARKS:
            if octets.startswith(mark):
                return name
    return ""


@remember(128, 64)
def _normal(name: str) -> str:
    """The codec's own name for a charset, "" for an unknown one."""
    try:
        return codecs.lookup(name.strip(" '\"")).name.replace("-", "_")
    except (LookupError, ValueError):
        return ""


def _sniffed(octets: bytes, *, markup: bool) -> str:
    """The charset of a leaf that declares none, or an unknown one: read off the document, or guessed from its NULs."""
    if octets.count(0, 0, MAX_SNIFFED) * 4 >= len(octets[:MAX_SNIFFED]) > 3:
        return "utf_16"
    if markup and not octets.isascii():
        name = _normal(_declared(octets[:MAX_SNIFFED]))
        # What can be read well enough to find the declaration is not in one of these (WHATWG HTML, section 13.2.3.2).
        return "" if name in NEVER_FROM_INSIDE or name.startswith(("utf_16", "utf_32")) else name
    return ""


def _declared(octets: bytes) -> str:
    from bs4.dammit import EncodingDetector  # here, because few messages need it and it takes a tenth of a start

    return EncodingDetector.find_declared_encoding(octets, is_html=True) or ""
