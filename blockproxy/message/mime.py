"""The structure of a message (RFC 5322, RFC 2046), found by offsets while the octets pass.

`Scanner.feed` returns the octets it was given, cut into `Piece`s: headers, runs of a leaf's body, and what stands
between (delimiters, preambles, epilogues). Joined, the pieces are the input, octet for octet; nothing is parsed and
printed again. Only a header, or a line that may be a delimiter, is ever held back.

What mail programs do where the standards are silent, so do we: the innermost boundary wins, an outer delimiter
closes whatever is open inside, white space may follow a delimiter, CRLF and LF both end a line, a header without an
empty line runs to the next delimiter.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from blockproxy.message import headers
from blockproxy.model import Entity

MAX_HEADER = 1024 * 1024  # octets; Postfix stops at 100 KiB, Dovecot reads any: more than this is not a header
MAX_DEPTH = 50  # entities inside one another; Dovecot parses as many, real mail stays below 10
MAX_PADDING = 1024  # octets of white space behind a delimiter (RFC 2046, "transport padding"); real mail has 1 or 2


class Kind(Enum):
    """What the octets of a piece are."""

    HEADER = auto()  # one header with the empty line behind it
    BODY = auto()  # a run of the current leaf
    END = auto()  # no octets: the current leaf is complete
    STRUCTURE = auto()  # delimiters, preambles, epilogues: nothing that a mail program shows


class Piece(NamedTuple):
    """A run of the message. `part` is the number of its leaf, or, of a header, of the message or part that it opens.

    `opens_message` is true of the header of a message (the outermost one or an enclosed one), false of a part's.
    `note` says why a body is not looked into although it could hold parts. The end of a leaf names the lines in it that
    only begin like a delimiter: their offsets in the leaf.
    """

    kind: Kind
    octets: bytes
    entity: Entity
    part: str = ""
    opens_message: bool = False
    note: str = ""
    odd_lines: tuple[int, ...] = ()


class _Multipart:
    """An open multipart entity: its delimiter lines, the number in front of its children's, and how many came."""

    __slots__ = ("boundary", "children", "default", "depth", "prefix", "protected")

    def __init__(self, entity: Entity, boundary: bytes, prefix: str, depth: int) -> None:
        self.boundary = boundary
        self.depth = depth
        self.prefix = prefix
        self.children = 0
        self.default = headers.PARTS_OF_A_DIGEST if entity.media_type == "multipart/digest" else "text/plain"
        self.protected = entity.protected or entity.media_type in {"multipart/signed", "multipart/encrypted"}

    def child(self) -> str:
        self.children += 1
        return f"{self.prefix}.{self.children}" if self.prefix else str(self.children)


_NOTHING = Entity("multipart/mixed")


class Scanner:
    """Cuts a message, or the body of a known entity, into pieces as it arrives.

    With an `entity`, the input is its body, and `part` its number as FETCH names it ("" for BODY[TEXT]); without one
    the input begins with a message's header.
    """

    def __init__(self, entity: Entity | None = None, part: str = "") -> None:
        self._buffer = b""
        self._at = 0  # octets of the buffer that have been handed on
        self._searched = 0  # octets behind them that hold no end of header
        self._final = False
        self._open: list[_Multipart] = []
        self._delimiters: dict[bytes, tuple[int, bool]] = {}
        self._beginnings: tuple[bytes, ...] = ()
        self._odd_lines: list[int] = []  # offsets of lines of the leaf that begin like a delimiter and go on
        self._passed = 0  # octets of the leaf
        self._longest = 0  # octets of a line that may still turn out to be a delimiter
        self._fresh = True  # nothing of the current body has passed yet
        self._depth = 0
        self._leaf: Piece | None = None
        self._state: Callable[[list[Piece]], bool] = self._header
        self._expect_message(part, protected=False)
        if entity is not None:
            self._enter(entity, part, part or "1")

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that are certain now."""
        held = self._buffer[self._at :]
        self._buffer, self._at = held + data if held else data, 0
        return self._run()

    def close(self) -> list[Piece]:
        """The pieces of what was held back."""
        self._final = True
        pieces = self._run()
        self._end_leaf(pieces)
        return pieces

    def _run(self) -> list[Piece]:
        pieces: list[Piece] = []
        while self._state(pieces):
            pass
        return pieces

    # What the next header belongs to.

    def _expect_message(self, number: str, *, protected: bool) -> None:
        self._number, self._opens_message = number, True
        self._default, self._protected = "text/plain", protected
        self._state = self._header

    def _expect_part(self, parent: _Multipart) -> None:
        self._number, self._opens_message = parent.child(), False
        self._default, self._protected = parent.default, parent.protected
        self._state = self._header

    def _header(self, pieces: list[Piece]) -> bool:
        """Waits for the empty line (or a delimiter, or the end), then opens what the header describes."""
        end = _end_of_header(self._buffer, self._at, self._at + max(0, self._searched - 3))
        delimiter = self._delimiter_before(end if end >= 0 else len(self._buffer)) if self._delimiters else None
        if delimiter is not None:
            end = delimiter
        elif end < 0:
            self._searched = len(self._buffer) - self._at
            if not self._final and self._searched <= MAX_HEADER:
                return False
            end = len(self._buffer)
        header = self._take(end)
        entity = headers.entity(header, default=self._default, protected=self._protected)
        pieces.append(Piece(Kind.HEADER, header, entity, self._number, self._opens_message))
        if len(header) > MAX_HEADER:
            self._open_leaf(entity, self._number, "header-too-large")
        elif self._opens_message:
            self._enter(entity, self._number, f"{self._number}.1" if self._number else "1")
        else:
            self._enter(entity, self._number, self._number)
        return True

    def _delimiter_before(self, end: int) -> int | None:
        """Where a delimiter line cuts an unfinished header short: the offset of its dashes."""
        buffer, position = self._buffer, self._at
        if not buffer.startswith(b"--", position):
            position = _dashed_line(buffer, position)
        while 0 <= position < end:
            stop = buffer.find(b"\n", position)
            if stop < 0 and not self._final:
                return None
            if buffer[position : stop if stop >= 0 else len(buffer)].rstrip() in self._delimiters:
                return position
            position = _dashed_line(buffer, position)
        return None

    def _enter(self, entity: Entity, prefix: str, leaf: str) -> None:
        """Begin the body of `entity`: its parts get `prefix` in front of their numbers, itself is called `leaf`."""
        self._searched, self._fresh = 0, True
        composite = entity.media_type.startswith(("multipart/", "message/"))
        if composite and self._depth >= MAX_DEPTH:
            self._open_leaf(entity, leaf, "nested-too-deep")
        elif entity.media_type.startswith("multipart/"):
            self._open_multipart(entity, prefix, leaf)
        elif entity.media_type in {"message/rfc822", "message/global"}:
            if entity.encoding in {"base64", "quoted-printable"}:
                # RFC 2046, section 5.2.1 forbids it; mail programs decode it all the same.
                self._open_leaf(entity, leaf)
            else:
                self._depth += 1
                self._expect_message(leaf, protected=entity.protected)
        else:
            self._open_leaf(entity, leaf)

    def _open_leaf(self, entity: Entity, number: str, note: str = "") -> None:
        self._leaf = Piece(Kind.BODY, b"", entity, number, note=note)
        self._odd_lines, self._passed = [], 0
        self._state, self._fresh = self._body, True

    def _open_multipart(self, entity: Entity, prefix: str, leaf: str) -> None:
        # Mail programs take the boundary without the blanks that RFC 2046 forbids at its end.
        boundary = entity.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        if not boundary or b"\n" in boundary:
            self._open_leaf(entity, leaf, "no-boundary")
            return
        self._depth += 1
        self._open.append(_Multipart(entity, boundary, prefix, self._depth))
        self._index_delimiters()
        self._leaf, self._state, self._fresh = None, self._body, True

    def _index_delimiters(self) -> None:
        """Delimiter line to (place on the stack, whether it closes); the innermost of equal boundaries wins."""
        self._delimiters = {}
        for index, multipart in enumerate(self._open):
            self._delimiters[b"--" + multipart.boundary] = (index, False)
            self._delimiters[b"--" + multipart.boundary + b"--"] = (index, True)
        self._longest = max(map(len, self._delimiters), default=0) + MAX_PADDING
        self._beginnings = tuple(self._delimiters)

    def _body(self, pieces: list[Piece]) -> bool:
        """Passes the body on up to the next delimiter, or as far as none can have begun."""
        if not self._delimiters:
            self._pass(len(self._buffer), pieces)
            return False
        buffer = self._buffer
        starts = self._fresh and buffer.startswith(b"--", self._at)
        position = self._at if starts else _dashed_line(buffer, self._at)
        while position >= 0:
            stop = buffer.find(b"\n", position)
            if stop < 0:
                if not self._final and len(buffer) - position <= self._longest:
                    self._pass(self._before(position), pieces)
                    return False
                stop = len(buffer)
            found = self._delimiters.get(buffer[position:stop].rstrip())
            # Dovecot takes this for a delimiter, most mail programs do not: whoever is right, it is told.
            if found is None and buffer.startswith(self._beginnings, position):
                self._odd_lines.append(self._passed + position - self._at)
            if found is not None:
                self._pass(self._before(position), pieces)
                self._delimiter(*found, pieces)
                return True
            position = _dashed_line(buffer, stop)
        self._pass(len(buffer) if self._final else self._certain(), pieces)
        return False

    def _delimiter(self, index: int, closes: bool, pieces: list[Piece]) -> None:
        """Consume the delimiter line that begins the buffer; what was open inside its multipart is complete."""
        self._end_leaf(pieces)
        dashes = self._buffer.find(b"--", self._at)
        stop = self._buffer.find(b"\n", dashes) + 1
        pieces.append(Piece(Kind.STRUCTURE, self._take(stop or len(self._buffer)), _NOTHING))
        kept = index if closes else index + 1
        del self._open[kept:]
        self._depth = self._open[-1].depth if self._open else 0
        self._index_delimiters()
        self._fresh, self._searched = True, 0
        if closes:
            self._state = self._body
        else:
            self._expect_part(self._open[-1])

    def _pass(self, end: int, pieces: list[Piece]) -> None:
        """Hand on the buffer up to `end` as what it belongs to."""
        if end <= self._at:
            return
        self._fresh = False
        octets = self._take(end)
        self._passed += len(octets)
        if self._leaf is None:
            pieces.append(Piece(Kind.STRUCTURE, octets, _NOTHING))
        else:
            _, _, entity, part, _, note, _ = self._leaf
            pieces.append(Piece(Kind.BODY, octets, entity, part, note=note))

    def _end_leaf(self, pieces: list[Piece]) -> None:
        if self._leaf is not None:
            _, _, entity, part, _, note, _ = self._leaf
            odd = tuple(self._odd_lines)
            pieces.append(
                Piece(Kind.END, b"", entity, part, note=note or ("odd-boundary" if odd else ""), odd_lines=odd)
            )
            self._leaf = None

    def _take(self, end: int) -> bytes:
        taken, self._at = self._buffer[self._at : end], end
        return taken

    def _before(self, position: int) -> int:
        """`position` begins a line: the offset of the line end in front of it, which belongs to the delimiter."""
        if position <= self._at:
            return self._at
        return position - 2 if position - 2 >= self._at and self._buffer[position - 2] == _CR else position - 1

    def _certain(self) -> int:
        """Up to where the buffer, which holds no whole delimiter, can't belong to one."""
        buffer, end = self._buffer, len(self._buffer)
        last = buffer.rfind(b"\n", self._at)
        if last < 0 and self._fresh and buffer[self._at :] in {b"", b"-"}:
            return self._at
        if last >= 0 and buffer[last + 1 :] in {b"", b"-"}:
            return self._before(last + 1)
        return end - (buffer[-1:] == b"\r")


_CR = 0x0D
_EMPTY_LINE = re.compile(rb"\n\r?\n")


def _dashed_line(buffer: bytes, start: int) -> int:
    """The offset of the next line behind `start` that begins with two dashes, or -1."""
    found = buffer.find(b"\n--", start)
    return found + 1 if found >= 0 else -1


def _end_of_header(buffer: bytes, at: int, start: int) -> int:
    """The offset behind the first empty line of a header that begins at `at`, or -1; none ends before `start`."""
    if start == at:
        if buffer.startswith(b"\r\n", at):
            return at + 2
        if buffer.startswith(b"\n", at):
            return at + 1
    found = _EMPTY_LINE.search(buffer, start)
    return found.end() if found else -1
