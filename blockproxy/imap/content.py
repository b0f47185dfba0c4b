"""The octets of one literal with content, on their way through a filter to the client."""

import re
from collections.abc import Callable

from blockproxy.imap.fetch import Window
from blockproxy.imap.sections import SectionFilter
from blockproxy.imap.syntax import quote

_UNQUOTABLE = re.compile(rb"[\x00\r\n]")


class LengthError(Exception):
    """A filter returned another number of octets than it was fed. The connection must end; nothing else is safe."""


def bounds(length: int, window: Window | None) -> tuple[int, int]:
    """Where a window begins and ends in `length` octets; it may lie behind them (RFC 9051, section 6.4.5)."""
    if window is None:
        return 0, length
    start = min(window.start, length)
    return start, min(start + window.octets, length)


def string(octets: bytes) -> bytes:
    """The octets as an IMAP string: quoted, or as a literal where that cannot be."""
    if _UNQUOTABLE.search(octets):
        return b"{%d}\r\n%b" % (len(octets), octets)
    return quote(octets)


class Stream:
    """A literal of `length` octets that passes through `section_filter`, of which the client gets `window`.

    `lead` is the text in front of it and goes out together with the first octets: two small writes meet Nagle's
    algorithm in some clients' stacks. `keep` gets the whole section when it was complete.
    """

    __slots__ = ("_done", "_filter", "_keep", "_kept", "_length", "_start", "_stop", "lead")

    def __init__(
        self,
        length: int,
        section_filter: SectionFilter | None,
        window: Window | None,
        keep: Callable[[bytearray], None] | None = None,
    ) -> None:
        self._length = length
        self._filter = section_filter
        self._start, self._stop = bounds(length, window)
        self._keep = keep
        self._kept = bytearray()  # grows in place: a list of pieces would have to be joined, at twice the memory
        self._done = 0
        self.lead = b""

    def feed(self, data: bytes, last: bool) -> bytes:
        """Take the next octets of the literal, give those for the client. Raises `LengthError`."""
        data = self._filtered(data, last)
        start = self._done
        self._done = end = start + len(data)
        if end > self._length or (last and end != self._length):
            raise LengthError(f"{end} octets of {self._length}")
        if self._start > start or self._stop < end:
            data = data[max(0, self._start - start) : max(0, self._stop - start)]
        if not self.lead or not (data or last):
            return data
        lead, self.lead = self.lead, b""
        return lead + data

    def _filtered(self, data: bytes, last: bool) -> bytes:
        if self._filter is not None:
            data = self._filter.feed(data)
            if last:
                data += self._filter.close()
        if self._keep is not None:
            self._kept += data
            if last:
                self._keep(self._kept)
        return data


def filtered(octets: bytes, section_filter: SectionFilter | None) -> bytes:
    """A whole section, passed through its filter. Raises `LengthError`."""
    return octets if section_filter is None else Stream(len(octets), section_filter, None).feed(octets, last=True)


class Splice:
    """A literal in whose place the client gets octets that are already here."""

    __slots__ = ("_octets", "lead")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.lead = b""

    def feed(self, data: bytes, last: bool) -> bytes:  # noqa: ARG002 - what comes is what is replaced
        """Swallow the server's octets, give ours at their end."""
        return self.lead + self._octets if last else b""
