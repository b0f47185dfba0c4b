"""The octets between 354 and the final dot: RFC 5321, sections 4.1.1.4 and 4.5.2. Does no I/O.

They are kept as they were transmitted, dots doubled, so that they can go to the next hop octet for octet.
A bare CR or LF is refused and never mended: where servers disagree about it, one message can smuggle in another.
"""

CRLF = b"\r\n"
FINAL_DOT = b".\r\n"


class DataPhase:
    """Collects pieces until the final dot; `limit` is the largest message, in octets without the doubled dots.

    A message that is refused is read to its end, as RFC 5321 wants it, but not kept.
    """

    def __init__(self, limit: int) -> None:
        self.complete = False
        self.bare = False
        self.size = 0
        self.transmitted = bytearray()
        self._limit = limit
        self._at_line_start = True

    @property
    def too_large(self) -> bool:
        """Whether the message is larger than the limit."""
        return self.size > self._limit

    def feed(self, piece: bytes) -> None:
        """Take a line with its CRLF, or the beginning of one that is too long to wait for.

        Such a beginning must not end between CR and LF.
        """
        if self._at_line_start and piece == FINAL_DOT:
            self.complete = True
        else:
            self._judge(piece)
        if not (self.bare or self.too_large):
            self.transmitted += piece
        else:
            self.transmitted.clear()

    def _judge(self, piece: bytes) -> None:
        self.size += len(piece) - (self._at_line_start and piece.startswith(b"."))
        self._at_line_start = piece.endswith(CRLF)
        text = piece[:-2] if self._at_line_start else piece
        self.bare = self.bare or b"\n" in text or b"\r" in text

    @property
    def message(self) -> bytes:
        """The message itself, once it is complete: without the final dot, and without the dots that were doubled."""
        with memoryview(self.transmitted) as octets:
            stuffed = bytes(octets[: -len(FINAL_DOT)])
        return stuffed.removeprefix(b".").replace(b"\r\n.", CRLF)
