"""A message while it is under way: in memory as long as it is small, otherwise in a file that has no name.

It is no queue. The file is gone with the transaction, and with the process.
"""

import tempfile
from collections.abc import Iterator

from blockproxy.smtp.data import BLOCK

SPOOL_FROM = 2 * 1024 * 1024  # octets; larger messages wait on the disk. Nearly all mail is smaller


class Spool:
    """Octets that are written once and read as often as needed. `size` is their number."""

    def __init__(self) -> None:
        self.size = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=SPOOL_FROM)  # noqa: SIM115 - `close` ends it

    @property
    def small(self) -> bool:
        """Whether all octets are in memory."""
        return self.size <= SPOOL_FROM

    def write(self, octets: bytes) -> None:
        """Append. Raises OSError where the disk is full."""
        self._file.write(octets)
        self.size += len(octets)

    def blocks(self) -> Iterator[bytes]:
        """All octets, from the beginning, a block at a time."""
        self._file.seek(0)
        while block := self._file.read(BLOCK):
            yield block

    def head(self, size: int = SPOOL_FROM) -> bytes:
        """The first `size` octets."""
        self._file.seek(0)
        return self._file.read(size)

    def close(self) -> None:
        """Let go of the octets. A second call does nothing."""
        self._file.close()
