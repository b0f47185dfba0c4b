"""Content-Transfer-Encodings (RFC 2045, section 6), undone and redone at the same width.

`decode` gives a leaf's octets; patches made on them go back through `encode`, where every octet is written as wide
as the one it replaces: in quoted-printable a `=XX` slot stays a `=XX` slot and a soft break stays where it is, in
base64 the same group of four characters is written again. So neither the encoded nor the decoded length moves.

Base64 with padding before its end is refused: decoders disagree about what follows. Characters outside its alphabet
count as white space, as section 6.8 has it.
"""

import binascii
import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

from blockproxy.model import Patch, Span

BLOCK = 1024  # octets of quoted-printable that are at most decoded to find one place


class UndecodableError(Exception):
    """The octets are not what their Content-Transfer-Encoding promises; the argument is the reason for the skip."""


class Decoded(ABC):
    """The decoded octets of a leaf, and the way back."""

    octets: bytes

    @abstractmethod
    def encode(self, patches: Sequence[Patch]) -> bytes:
        """The leaf as it was transmitted, with `patches` (sorted, not overlapping) applied; same length."""

    @abstractmethod
    def locate(self, span: Span) -> Span:
        """Where decoded octets stand in the leaf as it was transmitted."""

    def plain_only(self, position: int) -> bool:  # noqa: ARG002
        """Whether only a printable character other than `=` can be written at decoded `position`."""
        return False

    def fixed(self, position: int) -> bool:  # noqa: ARG002
        """Whether nothing else can be written at decoded `position`."""
        return False


def apply(octets: bytes, patches: Iterable[Patch]) -> bytes:
    """`octets` with `patches` (sorted, not overlapping) applied."""
    pieces: list[bytes] = []
    position = 0
    for patch in patches:
        pieces += (octets[position : patch.span.start], patch.replacement)
        position = patch.span.end
    return b"".join((*pieces, octets[position:]))


class Identity(Decoded):
    """7bit, 8bit and binary: the octets themselves."""

    def __init__(self, encoded: bytes) -> None:
        self.octets = encoded

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`."""
        return apply(self.octets, patches)

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`."""
        return span


# What a decoder has to think about: a broken escape, or blanks between `=` and the end of the line.
_ODD = re.compile(rb"=(?!3D|\r\n|[0-9A-Fa-f][0-9A-Fa-f]|\n)")
_ESCAPED = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*(?:\r?\n|\Z))")
_ODD_PART = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)(?:[ \t]*(?:\r?\n|\Z))?")
_SOFT_BREAKS = (b"=\r\n", b"=\n")
_CR, _LF = b"\r\n"


def _undo(block: bytes) -> bytes:
    """Quoted-printable as mail programs read it: broken escapes stand for themselves (RFC 2045, section 6.7)."""
    if _ODD.search(block) is None:
        return binascii.a2b_qp(block)
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()) if match[1] else b"", block)


def _straighten(match: re.Match[bytes]) -> bytes:
    """What is as long as an odd part, but whole: a character, or soft breaks."""
    length = len(match[0])
    if length == 1:
        return b"_" if match.end() < len(match.string) else b"=\n"
    return b"=\r\n" * (length % 2) + b"=\n" * ((length - 3 * (length % 2)) // 2)


class QuotedPrintable(Decoded):
    """Section 6.7. No map is made: a place is found by decoding what stands in front of it, from the next mark on."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self._odd = _ODD.search(encoded) is not None
        self._located: dict[Span, Span] = {}
        self.octets = _undo(encoded) if self._odd else binascii.a2b_qp(encoded)

    @cached_property
    def _straight(self) -> bytes:
        """The leaf as transmitted, with something whole and as long in the place of what is odd."""
        return _ODD_PART.sub(_straighten, self._encoded) if self._odd else self._encoded

    @cached_property
    def _marks(self) -> tuple[list[int], list[int]]:
        """Places from which to look for others, about one in every BLOCK octets: decoded, and as transmitted."""
        text, decoded, slots = self._straight, [0], [0]
        while (slot := slots[-1] + BLOCK) < len(text):
            escape = text.rfind(b"=", slot - 2, slot)
            slot = slot if escape < 0 else escape
            decoded.append(decoded[-1] + len(binascii.a2b_qp(text[slots[-1] : slot])))
            slots.append(slot)
        return decoded, slots

    def _slot(self, position: int) -> int:
        """Where the decoded octet at `position` is written."""
        decoded, slots = self._marks
        mark = bisect_right(decoded, position) - 1
        return self._onward(slots[mark], min(position, len(self.octets)) - decoded[mark])

    def _onward(self, slot: int, missing: int) -> int:
        """Where the octet is written that is `missing` octets behind the one at `slot`."""
        text = self._straight
        while missing:
            # Each octet takes at least one character: never too far, and soon there.
            start, slot = slot, slot + missing
            escape = text.rfind(b"=", start, slot)
            if escape < 0:
                break
            if escape > slot - 3:
                slot = escape + (2 if text[escape + 1] == _LF else 3)
            missing -= len(binascii.a2b_qp(text[start:slot]))
        while text.startswith(_SOFT_BREAKS, slot):
            slot += 3 if text[slot + 1] == _CR else 2
        return slot

    def _escaped(self, slot: int) -> bool:
        return self._straight.startswith(b"=", slot)

    def plain_only(self, position: int) -> bool:
        """See `Decoded.plain_only`."""
        return position < len(self.octets) and not self._escaped(self._slot(position))

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`. Raises UndecodableError when the result would not decode to what was meant."""
        out = bytearray(self._encoded)
        unsound = [patch for patch in patches if not self._write(out, patch)]
        # A broken escape in front of a patch could have become a whole one.
        if _undo(bytes(out)) != apply(self.octets, patches) if self._odd else unsound:
            raise UndecodableError("the quoted-printable text cannot be changed safely")
        return bytes(out)

    def _write(self, out: bytearray, patch: Patch) -> bool:
        """Write slot by slot into `out`; whether every `=` is still an escape or a soft break."""
        new, old = patch.replacement, self.octets[patch.span.start : patch.span.end]
        start, end = self.locate(patch.span)
        slot = start
        plain, *pieces = self._straight[slot:end].split(b"=")
        position = len(plain)
        out[slot : slot + position] = new[:position]
        slot += position
        for piece in pieces:
            skipped = 1 if piece[0] == _LF else 2
            if piece[0] not in (_CR, _LF):
                if new[position] != old[position]:
                    out[slot + 1 : slot + 3] = b"%02X" % new[position]
                position += 1
            slot += 1 + skipped
            width = len(piece) - skipped
            out[slot : slot + width] = new[position : position + width]
            slot += width
            position += width
        return out.count(b"=", start, end) == len(pieces)

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`."""
        if span not in self._located:
            self._located[span] = self._find(span)
        return self._located[span]

    def _find(self, span: Span) -> Span:
        if span.start >= len(self.octets):
            return Span(len(self._encoded), len(self._encoded))
        start = self._slot(span.start)
        if span.end <= span.start:
            return Span(start, start)
        length = span.end - span.start
        last = self._onward(start, length - 1) if length < BLOCK else self._slot(span.end - 1)
        return Span(start, last + (3 if self._escaped(last) else 1))


_FOREIGN = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_GAP = re.compile(rb"[^A-Za-z0-9+/=]+")


class Base64(Decoded):
    """Section 6.8. Line lengths, white space and padding stay as they were; a cut-off last group is read as far as
    it goes.
    """

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        padding = encoded.find(b"=")
        if padding >= 0 and encoded[padding:].translate(None, _FOREIGN) not in {b"=", b"=="}:
            raise UndecodableError("base64 with padding before its end")
        try:
            self.octets = binascii.a2b_base64(encoded)
        except binascii.Error:  # it is cut off
            digits = self._compact.rstrip(b"=")
            usable = len(digits) - (len(digits) % 4 == 1)
            self.octets = binascii.a2b_base64(digits[:usable] + b"=" * (-usable % 4))

    @cached_property
    def _compact(self) -> bytes:
        """Without white space."""
        return self._encoded.translate(None, _FOREIGN)

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`."""
        octets = apply(self.octets, patches)
        digits = bytearray(self._compact)
        for patch in patches:
            first, last = patch.span.start // 3, -(-patch.span.end // 3)
            group = binascii.b2a_base64(octets[first * 3 : last * 3], newline=False).rstrip(b"=")
            digits[first * 4 : first * 4 + len(group)] = group
        return self._spread(bytes(digits))

    def _spread(self, digits: bytes) -> bytes:
        """`digits` with the white space of the transmitted leaf between them."""
        pieces: list[bytes] = []
        position = used = 0
        for gap in _GAP.finditer(self._encoded):
            width = gap.start() - position
            pieces += (digits[used : used + width], gap[0])
            position, used = gap.end(), used + width
        return b"".join((*pieces, digits[used:]))

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`. The groups of four characters that hold `span`."""
        first, last = span.start // 3 * 4, -(-span.end // 3) * 4
        return Span(self._offset(first), min(self._offset(max(first, last - 1)) + 1, len(self._encoded)))

    def _offset(self, digit: int) -> int:
        """Where the character number `digit` stands in the transmitted leaf."""
        line = bisect_right(self._lines[0], digit) - 1
        return self._lines[1][line] + digit - self._lines[0][line]

    @cached_property
    def _lines(self) -> tuple[list[int], list[int]]:
        """For each run between white space: the number of its first character, and its offset."""
        numbers, offsets = [0], [0]
        for gap in _GAP.finditer(self._encoded):
            numbers.append(numbers[-1] + gap.start() - offsets[-1])
            offsets.append(gap.end())
        return numbers, offsets


_DECODERS: dict[str, type[QuotedPrintable | Base64]] = {
    "quoted-printable": QuotedPrintable,
    "base64": Base64,
}


def decode(encoded: bytes, encoding: str) -> Decoded:
    """Undo the Content-Transfer-Encoding called `encoding`; UndecodableError says why that can't be done safely.

    7bit, 8bit and binary are the octets themselves; so is an unknown one, as mail programs show `8-bit` or `none`.
    """
    return _DECODERS.get(encoding, Identity)(encoded)
