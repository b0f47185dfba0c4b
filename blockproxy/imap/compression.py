"""COMPRESS=DEFLATE on one leg, ended here as TLS is: what passes inside must be read. RFC 4978.

Each leg has its own; the client's begins when the client asks for it, the server's when it has accepted the login.
"""

import zlib
from collections.abc import Iterator

from blockproxy.errors import PeerError, Side

LEVEL = 1  # of 9; twice as fast as the usual 6, for a tenth more octets
RAW = -15  # the window's size in bits, negative: no header and no checksum (RFC 4978, section 3)
PIECE = 1024 * 1024  # octets that are inflated at a time
# octets that a client may make of one read, which has at most 256 KiB: uploads do not shrink to a sixty-fourth
MAX_INFLATED = 16 * 1024 * 1024


class Deflated:
    """Both directions of one leg."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._out = zlib.compressobj(LEVEL, zlib.DEFLATED, RAW)
        self._in = zlib.decompressobj(RAW)

    def deflate(self, data: bytes) -> bytes:
        """The octets as the other end gets them, complete: nothing is kept back for the next ones."""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """What the other end has sent, in pieces. Raises `PeerError` for what is not deflated, or too much."""
        done, piece = 0, b""
        while data or len(piece) == PIECE:  # of a full piece zlib may hold more, though it has taken all octets
            try:
                piece = self._in.decompress(data, PIECE)
            except zlib.error as error:
                raise PeerError(self._side, "what follows COMPRESS is deflated (RFC 4978)") from error
            if self._in.eof:
                raise PeerError(self._side, "a compressed stream ends with its connection (RFC 4978)")
            data = self._in.unconsumed_tail
            done += len(piece)
            if done > MAX_INFLATED and self._side is Side.CLIENT:
                raise PeerError(self._side, f"one read inflates to at most {MAX_INFLATED} octets")
            if piece:
                yield piece
