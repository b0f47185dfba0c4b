"""A filter that is chosen by what the section begins with: who sent a message stands in its header."""

import re
from collections.abc import Callable

from blockproxy.imap.sections import SectionFilter

MAX_HEAD = 64 * 1024  # octets in which the end of the header is looked for; real ones stay below half of it

_END = re.compile(rb"\r?\n\r?\n")

Choose = Callable[[bytes], SectionFilter | None]
"""The filter for a section, given its header; None lets it pass."""


class Choosing:
    """Holds a section back until its header is complete, then chooses the filter through which all of it passes."""

    __slots__ = ("_choose", "_chosen", "_filter", "_head")

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self._chosen = False
        self._head = bytearray()
        self._filter: SectionFilter | None = None

    def feed(self, data: bytes) -> bytes:
        """See `SectionFilter`."""
        if self._chosen:
            return data if self._filter is None else self._filter.feed(data)
        start = max(0, len(self._head) - 3)
        self._head += data
        if len(self._head) < MAX_HEAD and _END.search(self._head, start) is None:
            return b""
        return self._decide()

    def close(self) -> bytes:
        """See `SectionFilter`."""
        rest = b"" if self._chosen else self._decide()
        return rest if self._filter is None else rest + self._filter.close()

    def _decide(self) -> bytes:
        self._chosen = True
        octets = bytes(self._head)
        self._head.clear()
        end = _END.search(octets)
        self._filter = self._choose(octets if end is None else octets[: end.end()])
        return octets if self._filter is None else self._filter.feed(octets)
