"""Notations inside one another: character references, percent-encoding, folded lines, undone and redone in place.

A *layer* is one notation: its source, what the source reads as, and the way back. Layers stand inside one another: an
attribute's value (character references) is a `data:` URL (percent-encoding) that holds base64. What is changed in the
innermost is written through all of them, each octet as wide as the one it replaces; where a notation has no way to
write it, `transfer.UndecodableError` says so, and nothing is written.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from blockproxy.message import charref
from blockproxy.message.charref import Decoded as Pieces
from blockproxy.message.transfer import Decoded, UndecodableError, apply
from blockproxy.model import Patch, Span

_BREAKS = b"\r\n"
_BLANKS = b" \t"


class Notation(NamedTuple):
    """How a layer is written. `read` takes a source apart; `write` spells octets that are as many as a slot reads as.

    The slot is given as it is written, and the spelling is as long; None where there is none.
    """

    read: Callable[[bytes], Pieces]
    write: Callable[[bytes, bytes], bytes | None]


class Layer(Decoded):
    """A source in one notation. No octet of `forbidden` is written where the source has one octet for one."""

    def __init__(self, source: bytes, notation: Notation, forbidden: bytes = b"") -> None:
        self._source = source
        self._notation = notation
        self._forbidden = frozenset(forbidden)
        self._pieces = notation.read(source)
        self.octets = self._pieces.text

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`."""
        return Span(*self._pieces.source(*span))

    def fixed(self, position: int) -> bool:
        """See `Decoded.fixed`: a slot that cannot take a letter."""
        piece = bisect_right(self._pieces.decoded, position) - 1
        if piece % 2 == 0:
            return False
        start, end = self._pieces.written[piece : piece + 2]
        return self._notation.write(b"x", self._source[start:end]) is None

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`. Raises UndecodableError when the result would not read as what was meant."""
        out = bytearray(self._source)
        for patch in patches:
            self._write(out, patch)
        written = bytes(out)
        if self._notation.read(written).text != apply(self.octets, patches):
            raise UndecodableError("the text around it gives what is written another meaning")
        return written

    def _write(self, out: bytearray, patch: Patch) -> None:
        starts = self._pieces.decoded
        (position, stop), first = patch.span, patch.span.start
        piece = bisect_right(starts, position) - 1
        while position < stop:
            whole = starts[piece + 1] if piece + 1 < len(starts) else len(self.octets)
            end = min(whole, stop)
            if end > position:
                new, old = patch.replacement[position - first : end - first], self.octets[position:end]
                if new != old and piece % 2:
                    self._put_slot(out, piece, new if end == whole and position == starts[piece] else b"")
                elif new != old:
                    self._put_plain(out, self._pieces.written[piece] + position - starts[piece], new)
            position, piece = end, piece + 1

    def _put_slot(self, out: bytearray, piece: int, new: bytes) -> None:
        start, end = self._pieces.written[piece : piece + 2]
        written = self._notation.write(new, self._source[start:end])
        if written is None:
            raise UndecodableError("the notation around it cannot write this in the same width")
        out[start:end] = written

    def _put_plain(self, out: bytearray, start: int, new: bytes) -> None:
        end = start + len(new)
        forbidden = any(octet in self._forbidden and octet != out[start + at] for at, octet in enumerate(new))
        if forbidden or (new[-1:] in _BLANKS and (end >= len(out) or out[end] in _BREAKS)):
            raise UndecodableError("the notation around it does not allow this")
        out[start:end] = new


class Inside(Decoded):
    """`inner` is the layer in a run of what `outer` reads as, which begins at `start`."""

    def __init__(self, outer: Decoded, start: int, inner: Decoded) -> None:
        self._outer, self._start, self._inner = outer, start, inner
        self.octets = inner.octets

    def locate(self, span: Span) -> Span:
        """See `Decoded.locate`."""
        start, end = self._inner.locate(span)
        return self._outer.locate(Span(self._start + start, self._start + end))

    def plain_only(self, position: int) -> bool:
        """See `Decoded.plain_only`."""
        outside = self._start + self._inner.locate(Span(position, position + 1)).start
        return self._inner.plain_only(position) or self._outer.plain_only(outside)

    def fixed(self, position: int) -> bool:
        """See `Decoded.fixed`."""
        outside = self._start + self._inner.locate(Span(position, position + 1)).start
        return self._inner.fixed(position) or self._outer.fixed(outside)

    def encode(self, patches: Sequence[Patch]) -> bytes:
        """See `Decoded.encode`."""
        written = self._inner.encode(patches)
        before = self._outer.octets[self._start : self._start + len(written)]
        return self._outer.encode(differences(before, written, self._start))


class Opaque(Decoded):
    """What reads as `octets` and has no way back."""

    def __init__(self, octets: bytes, length: int) -> None:
        self.octets = octets
        self._length = length

    def locate(self, span: Span) -> Span:  # noqa: ARG002
        """See `Decoded.locate`: all of it."""
        return Span(0, self._length)

    def encode(self, patches: Sequence[Patch]) -> bytes:  # noqa: ARG002
        """Raises UndecodableError."""
        raise UndecodableError("escapes stand in the text around it")


STEP = 64  # octets that are compared at once


def differences(before: bytes, after: bytes, offset: int = 0) -> list[Patch]:
    """The patches that make `after` of `before`, which is as long and begins at `offset`."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(before), STEP):
        if before[start : start + STEP] == after[start : start + STEP]:
            continue
        for position in range(start, min(start + STEP, len(before))):
            if before[position] == after[position]:
                continue
            if found and found[-1][1] == position:
                found[-1] = found[-1][0], position + 1
            else:
                found.append((position, position + 1))
    return [Patch(Span(offset + start, offset + end), after[start:end]) for start, end in found]


# The notations.


def _pieces(pattern: re.Pattern[bytes], reading: Callable[[re.Match[bytes]], bytes]) -> Callable[[bytes], Pieces]:
    """A reader for a notation in which `pattern` finds all that does not stand for itself."""

    def read(source: bytes) -> Pieces:
        texts: list[bytes] = []
        written = [0]
        for match in pattern.finditer(source):
            texts += (source[written[-1] : match.start()], reading(match))
            written += match.span()
        texts.append(source[written[-1] :])
        decoded = [0]
        for text in texts[:-1]:
            decoded.append(decoded[-1] + len(text))
        return Pieces(b"".join(texts), decoded, written)

    return read


def _write_reference(new: bytes, slot: bytes) -> bytes | None:
    """A number in place of a character reference, with as many zeros in front as it takes."""
    room = len(slot) - 3
    if len(new) != 1 or not new.isascii() or len(b"%d" % new[0]) > room or new in {b"\0", b"\r", b"\n"}:
        return None
    return b"&#%s;" % (b"%d" % new[0]).zfill(room)


def _write_percent(new: bytes, slot: bytes) -> bytes | None:
    return b"%%%02X" % new[0] if len(new) == 1 and len(slot) == 3 else None


def _write_nothing(_new: bytes, _slot: bytes) -> bytes | None:
    return None


# WHATWG HTML, section 13.2.5.72: in attributes.
CHARACTER_REFERENCES = Notation(charref.decode, _write_reference)
# WHATWG URL, sections 1.3 and 4.4: tabs and line ends are taken out of a URL.
PERCENT = Notation(
    _pieces(
        re.compile(rb"%([0-9a-fA-F]{2})|[\t\r\n]++"),
        lambda match: bytes.fromhex(match[1].decode()) if match[1] else b"",
    ),
    _write_percent,
)
# RFC 5545, section 3.1, and RFC 6350, section 3.2: a line goes on behind a line end and a blank.
FOLDED = Notation(_pieces(re.compile(rb"\r?\n[ \t]"), lambda _match: b""), _write_nothing)
# RFC 5545, section 3.3.11, and RFC 6350, section 4: in values of type TEXT.
ESCAPED = Notation(
    _pieces(re.compile(rb"\\([\\;,:nN\"])"), lambda match: b"\n" if match[1] in b"nN" else match[1]), _write_nothing
)
AS_IT_IS = Notation(lambda source: Pieces(source, [0], [0]), _write_nothing)
