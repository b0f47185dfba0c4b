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
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from blockproxy.model import Patch, Span

BLOCK = 2048  # octets of quoted-printable that are decoded at once; only those a patch touches are cut into lines


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
_ODD = re.compile(rb"=(?!3D|\r\n|[0-9A-Fa-f][0-9A-Fa-f]|\n)")
_ESCAPED = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*(?:\r?\n|\Z))")


def _undo(block: bytes) -> bytes:
    """Quoted-printable as mail programs read it: broken escapes stand for themselves (RFC 2045, section 6.7)."""
    if _ODD.search(block) is None:
        return binascii.a2b_qp(block)
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()) if match[1] else b"", block)


class _Runs(NamedTuple):
    """Runs of octets of one line that stand side by side in the leaf as transmitted.

    Run number n begins with the decoded octet `starts[n]`, which stands at `slots[n]`; where `escaped[n]` is true it is
    that one octet, written as `=XX`. The last run is empty and begins behind the line.
    """

    starts: list[int]
    slots: list[int]
    escaped: list[bool]


class QuotedPrintable(Decoded):
    """Section 6.7. Cut into blocks of lines where it is changed; only touched lines need a map."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self._lines: dict[int, tuple[list[int], list[int]]] = {}
        self._maps: dict[int, _Runs] = {}
        self.octets = _undo(encoded)

    @cached_property
    def _cuts(self) -> list[int]:
        """Where the blocks begin in the leaf as transmitted, and its end."""
        return _line_cuts(self._encoded)

    @cached_property
    def _starts(self) -> list[int]:
        """Where the blocks begin in the decoded octets, and their end."""
        blocks = (_undo(self._encoded[start:end]) for start, end in pairwise(self._cuts))
        return [0, *accumulate(map(len, blocks))]

    def _map(self, position: int) -> _Runs:
        """The runs of the line that holds decoded `position`."""
        block = bisect_right(self._starts, position) - 1
        if block not in self._lines:
            self._lines[block] = self._cut(block)
        decoded, encoded = self._lines[block]
        line = bisect_right(decoded, position) - 1
        start = encoded[line]
        if start not in self._maps:
            self._maps[start] = self._read(start, encoded[line + 1], decoded[line])
        return self._maps[start]

    def _cut(self, block: int) -> tuple[list[int], list[int]]:
        """Where the lines of a block begin, in the decoded octets and in the leaf as transmitted; and both ends."""
        start, end = self._cuts[block : block + 2]
        text = self._encoded[start:end]
        lines = [line + b"\n" for line in text.split(b"\n")]
        lines[-1] = lines[-1][:-1]
        if _ODD.search(text) is None:
            # Each escape is one octet, a soft break none.
            lengths = [len(line) - 2 * line.count(b"=") - line.endswith(b"=\r\n") for line in lines]
        else:
            lengths = [len(_undo(line)) for line in lines]
        return [*accumulate(lengths, initial=self._starts[block])], [*accumulate(map(len, lines), initial=start)]

    def _read(self, start: int, end: int, position: int) -> _Runs:
        starts, slots, escaped = [position], [start], [False]
        shift = start - position
        for escape in _ESCAPED.finditer(self._encoded, start, end):
            slot, behind = escape.span()
            if escape[1] is not None:
                starts.append(slot - shift)
                slots.append(slot)
                escaped.append(True)
                shift += behind - slot - 1
            else:
                shift += behind - slot
            starts.append(behind - shift)
            slots.append(behind)
            escaped.append(False)
        starts.append(end - shift)
        return _Runs(starts, slots, escaped)

    def _runs(self, span: Span) -> Iterator[tuple[int, int, int, bool]]:
        """Start and end in the decoded octets, slot, and whether it is an escape, of the runs that `span` touches."""
        position = span.start
        while position < span.end:
            starts, slots, escaped = self._map(position)
            for run in range(bisect_right(starts, position) - 1, len(starts) - 1):
                stop = min(starts[run + 1], span.end)
                if stop > position:
                    yield position, stop, slots[run] + position - starts[run], escaped[run]
                    position = stop
                if position == span.end:
                    return

    def _slot(self, position: int) -> tuple[int, bool]:
        """Where the decoded octet at `position` is written, and whether as an escape."""
        starts, slots, escaped = self._map(position)
        run = bisect_right(starts, position) - 1
        return slots[run] + position - starts[run], escaped[run]

    def plain_only(self, position: int) -> bool:
        """See `Decoded.plain_only`."""
        return position < len(self.octets) and not self._slot(position)[1]

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`. Raises UndecodableError when the result would not decode to what was meant."""
        out = bytearray(self._encoded)
        for patch in patches:
            first = patch.span.start
            for start, end, slot, escaped in self._runs(patch.span):
                new = patch.replacement[start - first : end - first]
                if not escaped:
                    out[slot : slot + len(new)] = new
                elif new[0] != self.octets[start]:
                    out[slot : slot + 3] = b"=%02X" % new[0]
        self._check(out, apply(self.octets, patches))
        return bytes(out)

    def _check(self, out: bytearray, meant: bytes) -> None:
        """A broken escape in front of a patch could have become a whole one: read again what was touched."""
        for block in self._lines:
            start, end = self._cuts[block : block + 2]
            if _undo(bytes(out[start:end])) != meant[self._starts[block] : self._starts[block + 1]]:
                raise UndecodableError("the quoted-printable text cannot be changed safely")

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`."""
        if span.start >= len(self.octets):
            return Span(len(self._encoded), len(self._encoded))
        start, _ = self._slot(span.start)
        if span.end <= span.start:
            return Span(start, start)
        last, escaped = self._slot(span.end - 1)
        return Span(start, last + (3 if escaped else 1))


def _line_cuts(encoded: bytes) -> list[int]:
    """Offsets that cut `encoded` into blocks of whole lines, each of at least BLOCK octets but for the last."""
    cuts = [0]
    while (found := encoded.find(b"\n", cuts[-1] + BLOCK)) >= 0:
        cuts.append(found + 1)
    if cuts[-1] != len(encoded):
        cuts.append(len(encoded))
    return cuts


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
