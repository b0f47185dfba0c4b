"""Content-Transfer-Encodings (RFC 2045, section 6), undone and redone at the same width.

`decode` gives a leaf's octets; patches made on them go back through `encode`, where every octet is written as wide
as the one it replaces: in quoted-printable a `=XX` slot stays a `=XX` slot and a soft break stays where it is, in
base64 the same group of four characters is written again. So neither the encoded nor the decoded length moves.

Base64 with padding before its end, or with characters outside its alphabet, is refused: decoders disagree about it.
"""

import binascii
import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from blockproxy.model import Patch, Span

BLOCK = 2048  # octets of quoted-printable that are mapped at once; only blocks that a patch touches are mapped


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
_ODD = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
_ESCAPED = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*(?:\r?\n|\Z))")


def _undo(block: bytes) -> bytes:
    """Quoted-printable as mail programs read it: broken escapes stand for themselves (RFC 2045, section 6.7)."""
    if _ODD.search(block) is None:
        return binascii.a2b_qp(block)
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()) if match[1] else b"", block)


class _Block(NamedTuple):
    """How decoded octets of one block lie in the encoded ones, both counted from the start of the leaf.

    From the decoded octet `marks[n]` up to the next mark, an octet stands `shifts[n]` behind its decoded place. Only
    the last octet in front of a mark can be an escape.
    """

    marks: list[int]
    shifts: list[int]


class _Run(NamedTuple):
    """Decoded octets `start` to `end` that stand side by side from `slot` on; or one octet, as an escape."""

    start: int
    end: int
    slot: int
    escaped: bool


class QuotedPrintable(Decoded):
    """Section 6.7. Decoded in blocks of whole lines, so that only touched blocks need a map."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self._cuts = _line_cuts(encoded)
        blocks = [_undo(encoded[start:end]) for start, end in pairwise(self._cuts)]
        self._starts = [0, *accumulate(map(len, blocks))]
        self._maps: dict[int, _Block] = {}
        self.octets = b"".join(blocks)

    def _map(self, position: int) -> _Block:
        """The map of the block that holds decoded `position`."""
        number = bisect_right(self._starts, position) - 1
        known = self._maps.get(number)
        if known is None:
            decoded, shift = self._starts[number], self._cuts[number] - self._starts[number]
            marks, shifts = [decoded], [shift]
            for escape in _ESCAPED.finditer(self._encoded, *self._cuts[number : number + 2]):
                is_octet = escape[1] is not None
                marks.append(escape.start() - shift + is_octet)
                shift += escape.end() - escape.start() - is_octet
                shifts.append(shift)
            known = self._maps[number] = _Block(marks, shifts)
        return known

    def _run(self, position: int, end: int) -> _Run:
        """The longest run that begins at decoded `position` and ends before or at `end`."""
        block = self._map(position)
        index = bisect_right(block.marks, position)
        slot = position + block.shifts[index - 1]
        if _ESCAPED.match(self._encoded, slot):
            return _Run(position, position + 1, slot, escaped=True)
        stop = block.marks[index] if index < len(block.marks) else self._starts[bisect_right(self._starts, position)]
        if stop - position > 1 and _ESCAPED.match(self._encoded, stop - 1 + block.shifts[index - 1]):
            stop -= 1
        return _Run(position, min(stop, end), slot, escaped=False)

    def _runs(self, span: Span) -> Iterator[_Run]:
        position = span.start
        while position < span.end:
            run = self._run(position, span.end)
            yield run
            position = run.end

    def plain_only(self, position: int) -> bool:
        """See `Decoded.plain_only`."""
        return position < len(self.octets) and not self._run(position, position + 1).escaped

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`. Raises UndecodableError when the result would not decode to what was meant."""
        out = bytearray(self._encoded)
        for patch in patches:
            for run in self._runs(patch.span):
                new = patch.replacement[run.start - patch.span.start : run.end - patch.span.start]
                if not run.escaped:
                    out[run.slot : run.slot + len(new)] = new
                elif new != self.octets[run.start : run.end]:
                    out[run.slot : run.slot + 3] = b"=%02X" % new[0]
        self._check(out, apply(self.octets, patches))
        return bytes(out)

    def _check(self, out: bytearray, meant: bytes) -> None:
        """A broken escape in front of a patch could have become a whole one: read again what was touched."""
        for block in self._maps:
            start, end = self._cuts[block : block + 2]
            if _undo(bytes(out[start:end])) != meant[self._starts[block] : self._starts[block + 1]]:
                raise UndecodableError("the quoted-printable text cannot be changed safely")

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`."""
        if span.start >= len(self.octets):
            return Span(len(self._encoded), len(self._encoded))
        start = self._run(span.start, span.start + 1).slot
        if span.end <= span.start:
            return Span(start, start)
        last = self._run(span.end - 1, span.end)
        return Span(start, last.slot + (3 if last.escaped else 1))


def _line_cuts(encoded: bytes) -> list[int]:
    """Offsets that cut `encoded` into blocks of whole lines, each of at least BLOCK octets but for the last."""
    cuts = [0]
    while (found := encoded.find(b"\n", cuts[-1] + BLOCK)) >= 0:
        cuts.append(found + 1)
    if cuts[-1] != len(encoded):
        cuts.append(len(encoded))
    return cuts


_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}\Z")
_BLANKS = b" \t\r\n"
_GAP = re.compile(rb"[ \t\r\n]+")


class Base64(Decoded):
    """Section 6.8. Line lengths, white space and padding stay as they were; a cut-off last group is read as far as
    it goes.
    """

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self._compact = encoded.translate(None, _BLANKS)
        if _BASE64.match(self._compact) is None:
            raise UndecodableError("base64 with characters outside its alphabet, or padding before its end")
        self._digits = self._compact.rstrip(b"=")
        usable = len(self._digits) - (len(self._digits) % 4 == 1)
        self._digits = self._digits[:usable]
        self.octets = binascii.a2b_base64(self._digits + b"=" * (-usable % 4))

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
