"""Where IMAP lines and literals begin and end: RFC 9051, sections 2.2 and 4.3, and RFC 7888.

A unit is a line, a literal, the rest of the line, and so on up to a line that no literal follows. Framing cannot fail
on meaning: it knows `{n}` and which responses end in free text. It never holds a literal, whatever its size.
"""

import re
from typing import NamedTuple

from blockproxy.errors import PeerError, Side

MAX_LINE = {
    # octets; RFC 7162 section 4 has clients send 8,192, SASL tokens and FETCH sets of careless clients are longer
    Side.CLIENT: 64 * 1024,
    # octets; one SEARCH answer names every message of a mailbox, here two million of them
    Side.SERVER: 16 * 1024 * 1024,
}
MAX_WAITING = 1024 * 1024  # octets that a client may send ahead while it has to wait for the server

_LITERAL = re.compile(rb"\{(\d{1,19})(\+?)\}\r?\n\Z")
# Status responses and continuations end in text for people, which may well end in `{5}` (RFC 9051, section 7.1).
_FREE_TEXT = re.compile(rb"\+|[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)


class Line(NamedTuple):
    """A line with its end. `first` opens a unit. A literal of `literal` octets follows, or with None the unit ends.

    The sender of a `synchronising` literal waits for a `+`.
    """

    raw: bytes
    first: bool
    literal: int | None
    synchronising: bool


class Framer:
    """Cuts what one side sends: `feed` it octets in any pieces, then take `next` until it has no more.

    With `literals` off every line is a unit (the answers to a SASL challenge).
    """

    __slots__ = (
        "_buffer",
        "_empty",
        "_inside",
        "_max_line",
        "_position",
        "_scanned",
        "_side",
        "_strict",
        "idle",
        "literals",
        "remaining",
    )

    def __init__(self, side: Side) -> None:
        self._side = side
        self._strict = side is Side.CLIENT
        self._max_line = MAX_LINE[side]
        self._buffer: bytes | bytearray = b""
        self._position = 0
        self._scanned = 0
        self._inside = False
        self._empty = False  # an empty literal was announced, and not given yet
        self.literals = True
        self.remaining: int | None = None  # octets of the current literal that are still to come
        self.idle = True  # `next` has given everything, and the last unit is complete

    @property
    def inside(self) -> bool:
        """Whether a unit has begun and not ended."""
        return self._inside

    @property
    def waiting(self) -> int:
        """Octets that were fed and not taken."""
        return len(self._buffer) - self._position

    def feed(self, data: bytes) -> None:
        """Add what arrived."""
        self.idle = False
        if self._position == len(self._buffer):
            self._buffer = data
        else:
            rest = self._buffer
            if isinstance(rest, bytes):
                rest = bytearray(rest)
            del rest[: self._position]
            rest += data
            self._buffer = rest
            self._scanned = max(0, self._scanned - self._position)
            self._position = 0
            return
        self._position = self._scanned = 0

    def next(self) -> Line | bytes | None:
        """The next line or piece of a literal; None when more octets are needed.

        A literal comes in at least one piece, an empty one as `b""`; `remaining` is 0 after its last.
        Raises `PeerError` for a line that is too long or, from a client, does not end in CRLF.
        """
        if self.remaining:
            return self._piece(self.remaining)
        if self._empty:
            self._empty = False
            return b""
        self.remaining = None
        start = self._position
        end = self._buffer.find(b"\n", max(start, self._scanned)) + 1
        if not end or end - start > self._max_line:
            self._unfinished(end)
            return None
        self._position = end
        raw = self._buffer[start:end]
        return self._framed(raw if isinstance(raw, bytes) else bytes(raw))

    def take_rest(self) -> bytes:
        """What was fed and not taken, which is something else than lines."""
        rest = bytes(self._buffer[self._position :])
        self._position = self._scanned = len(self._buffer)
        return rest

    def cancel_literal(self) -> None:
        """The literal announced by the last line will not be sent, and its unit ends here."""
        self.remaining = None
        self._inside = self._empty = False

    def _piece(self, wanted: int) -> bytes | None:
        buffer, start = self._buffer, self._position
        here = len(buffer) - start
        if here == 0:
            return None
        taken = min(here, wanted)
        self._position = start + taken
        self.remaining = wanted - taken
        if taken == len(buffer) and isinstance(buffer, bytes):
            return buffer
        return bytes(memoryview(buffer)[start : start + taken])

    def _unfinished(self, end: int) -> None:
        self._scanned = len(self._buffer)
        self.idle = self._position == self._scanned and not self._inside
        if (end or self._scanned) - self._position > self._max_line:
            raise PeerError(self._side, f"a line has at most {self._max_line} octets")

    def _framed(self, raw: bytes) -> Line:
        first = not self._inside
        self._inside = False
        if self._strict and raw[-2:-1] != b"\r":
            # Servers were seen with a bare LF; a client that sends one may be smuggling.
            raise PeerError(self._side, "a line ends in CRLF (RFC 9051, section 2.2)")
        if b"}" not in raw[-3:-1] or not self.literals:
            return Line(raw, first, None, False)
        match = _LITERAL.search(raw)
        if match is None or (first and not self._strict and _FREE_TEXT.match(raw)):
            return Line(raw, first, None, False)
        self._inside = True
        self.remaining = int(match[1])
        self._empty = not self.remaining
        return Line(raw, first, self.remaining, not match[2])
