"""The octets between 354 and the final dot: RFC 5321, sections 4.1.1.4 and 4.5.2. Does no I/O.

Only CRLF ends a line, and only CRLF, dot, CRLF ends a message. Where servers disagree about a bare CR or LF, one
message can smuggle in another: it is refused, or becomes CRLF before the dots are doubled again, as the settings say.
"""

import re
from collections.abc import Iterable, Iterator

CRLF = b"\r\n"
FINAL_DOT = b".\r\n"
BLOCK = 64 * 1024  # octets that travel at once

_END = CRLF + FINAL_DOT
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


class DataPhase:
    """Takes blocks as they arrive, cut anywhere, until the final dot.

    `limit` is the largest message, in octets without the doubled dots. A message that is refused is read to its end,
    as RFC 5321 wants it, but nothing of it is returned. With `mend` a bare CR or LF becomes CRLF.
    """

    def __init__(self, limit: int, *, mend: bool = False) -> None:
        self.complete = False
        self.bare = False
        self.size = 0
        self.rest = b""
        self._limit = limit
        self._mend = mend
        self._waiting = CRLF  # the line end of DATA itself counts as the one before the first line
        self._begun = False

    @property
    def too_large(self) -> bool:
        """Whether the message is larger than the limit."""
        return self.size > self._limit

    @property
    def refused(self) -> bool:
        """Whether nothing of the message is to be kept."""
        return self.bare or self.too_large

    def feed(self, block: bytes) -> bytes:
        """The octets of the message in `block`, without doubled dots; some are kept back until the next call.

        At the end `complete` is true, and `rest` is what followed the final dot.
        """
        octets = self._waiting + block
        end = octets.find(_END)
        if end >= 0:
            self.complete = True
            cut = end + len(CRLF)
            self._waiting, self.rest = b"", octets[end + len(_END) :]
        else:
            cut = _cut(octets)
            self._waiting = octets[cut:]
        return self._understood(octets[:cut])

    def _understood(self, piece: bytes) -> bytes:
        line_ends = piece.count(CRLF)
        piece = piece.replace(b"\r\n.", CRLF)
        if piece.count(b"\n") != line_ends or piece.count(b"\r") != line_ends:
            if self._mend:
                piece = _BARE.sub(CRLF, piece)
            else:
                self.bare = True
        if not self._begun and piece:
            self._begun = True
            piece = piece[len(CRLF) :]
        self.size += len(piece)
        return b"" if self.refused else piece


def _cut(octets: bytes) -> int:
    """Where to cut, so that neither a line end, nor one with its dot, nor a final dot is cut in two."""
    cut = max(0, len(octets) - len(_END) + 1)
    if octets[cut : cut + 1] == b"." and octets[cut - 1 : cut] == b"\n":
        cut -= 1
    if octets[cut - 1 : cut] == b"\r":
        cut -= 1
    return max(0, cut)


def stuffed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A message as it is transmitted: with doubled dots, and with the final one. `blocks` may be cut anywhere."""
    before, ready = CRLF, b""
    for block in blocks:
        if not block:
            continue
        if ready:
            yield ready
        dotted = block.replace(b"\r\n.", b"\r\n..")
        if block.startswith(b".") and before == CRLF:
            dotted = b"." + dotted
        elif block.startswith(b"\n.") and before.endswith(b"\r"):
            dotted = b"\n." + dotted[1:]
        ready = dotted
        before = (before + block)[-len(CRLF) :]
    # With the last block, because a packet of three octets costs as much as one of a thousand.
    yield ready + (FINAL_DOT if before == CRLF else CRLF + FINAL_DOT)
