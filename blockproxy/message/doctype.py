"""Document types: what they name, and what is declared in them (XML 1.0, sections 2.8 and 4.2).

HTML takes nothing from a document type. XML puts URLs together of the entities that its internal subset declares, and
takes attributes from there, so that what stands in the document itself says little.
"""

import re
from collections.abc import Iterator

from blockproxy.message import network
from blockproxy.message.css import Found
from blockproxy.model import Span

_QUOTED = re.compile(rb"\"([^\"]++)\"?|'([^']++)'?")
# Names that are not fetched: of DTDs, and of the namespaces that drawing programs declare.
_NAMES = (b"http://www.w3.org/", b"https://www.w3.org/", b"http://ns.adobe.com/", b"-//W3C//")
_SUBSET = re.compile(rb"DOCTYPE[^\[>\"']*+(?:\"[^\"]*+\"[^\[>\"']*+|'[^']*+'[^\[>\"']*+)*+\[([^\]]*+)", re.IGNORECASE)


class DocumentType:
    """The document type of one view. Only the first has a subset, or to look for its end would not be linear."""

    def __init__(self, view: bytes) -> None:
        self._view = view
        self._start = -1  # of the first one
        self._subset: re.Match[bytes] | None = None

    def named(self, start: int, end: int) -> Iterator[Found]:
        """The quoted names in the document type at `start` to `end`, and in its subset, that may be URLs."""
        subset = self._subset_at(start)
        for name in _QUOTED.finditer(self._view, start, max(end, subset.end()) if subset else end):
            group = name.lastindex or 0
            if not name[group].startswith(_NAMES):
                yield Found(*name.span(group), name[group].decode("utf-8", "replace"), None)

    def declared(self, start: int) -> Span | None:
        """Where the internal subset stands that spells anything but the usual namespaces, None where there is none."""
        subset = self._subset_at(start)
        if subset is None or not any(name in subset[1] for name in network.DECLARATIONS):
            return None
        words = (match[1] or match[2] for match in _QUOTED.finditer(subset[1]))
        return None if all(word.startswith(_NAMES) for word in words) else Span(*subset.span(1))

    def _subset_at(self, start: int) -> re.Match[bytes] | None:
        if self._start < 0:
            self._start, self._subset = start, _SUBSET.match(self._view, start)
        return self._subset if start == self._start else None
