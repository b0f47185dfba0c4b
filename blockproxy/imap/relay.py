"""Who takes a FETCH answer: a short way for what nearly all are, and a wait for bodies that come too early.

Both end in an `Answer`, and all three are used alike: `line` and `data` in, octets for the client out.
"""

import re

from blockproxy.imap.answer import Answer
from blockproxy.imap.content import Stream
from blockproxy.imap.fetch import Request
from blockproxy.imap.mailbox import Mailbox
from blockproxy.imap.sections import Late, OpenSection, Passes, Section
from blockproxy.model import Scope

# octets of bodies that wait for a BODYSTRUCTURE: as many as the cleaner looks into; with more they pass unread
MAX_HELD = 16 * 1024 * 1024

WHOLE = re.compile(
    rb"\* (\d+) FETCH \((?:UID (\d+) )?"
    rb'(?:(?:FLAGS|INTERNALDATE|RFC822\.SIZE|MODSEQ) (?:\([^()"{]*\)|"[^"\\]*"|\d+) )*+BODY\[\] \{(\d{1,19})\}\r\n'
)
"""The beginning of nearly every answer with content: number, UID, octets of the message that follows."""

_EXPLAINED = re.compile(rb"(BODYSTRUCTURE)|BODY\[(?!HEADER|\])|RFC822\.TEXT|BINARY\[(?!\])", re.IGNORECASE)


class Whole:
    """The answer that nearly all are: UID, flags and dates, then one whole message, which passes through its filter.

    Does what `Answer` does at a third of the price, and gives way to one when more items follow.
    """

    __slots__ = ("_answer", "_late", "_lead", "_length", "_mailbox", "_open", "_passes", "_stream", "_uid")

    def __init__(self, match: re.Match[bytes], mailbox: Mailbox, open_section: OpenSection, passes: Passes) -> None:
        self._mailbox = mailbox
        self._open = open_section
        self._passes = passes
        self._lead = match[0]
        self._uid = int(match[2]) if match[2] is not None else mailbox.uids.get(int(match[1]))
        self._late = Late() if self._uid is None else None
        self._length = int(match[3])
        self._stream: Stream | None = None
        self._answer: Answer | None = None

    def line(self, raw: bytes, literal: int | None) -> bytes:
        """As in `Answer`."""
        if self._lead:
            return b""
        if self._answer is None:
            if raw == b")\r\n":
                if self._late is not None:
                    self._late.settle(None)
                return raw
            self._answer = Answer(self._mailbox, None, self._open)
            self._answer.resume(self._uid, self._late)
        return self._answer.line(raw, literal)

    def data(self, data: bytes, last: bool) -> bytes:
        """As in `Answer`."""
        if self._answer is not None:
            return self._answer.data(data, last)
        if self._lead:
            lead, self._lead = self._lead, b""
            section_filter = None
            if not (last and self._passes(data, 0, len(data))):
                section_filter = self._open(whole(self._uid, self._mailbox, self._late))
            if section_filter is None:
                return lead + data
            self._stream = Stream(self._length, section_filter, None)
            self._stream.lead = lead
        return data if self._stream is None else self._stream.feed(data, last)


def whole(uid: int | None, mailbox: Mailbox, late: Late | None = None) -> Section:
    """A whole message, as a section."""
    return Section(Scope.MESSAGE, None, "", uid, mailbox.name, mailbox.uidvalidity, b"", late, mailbox.own)


def _learn_only(_: Section) -> None:
    return None


class Held:
    """An answer whose bodies stand in front of the BODYSTRUCTURE that explains them: it waits for it, within a limit.

    RFC 9051 leaves the order to the server; those that were seen send the structure first, except unasked.
    """

    def __init__(self, mailbox: Mailbox, request: Request | None, open_section: OpenSection) -> None:
        self._scout = Answer(mailbox, None, _learn_only)
        self._answer = Answer(mailbox, request, open_section)
        self._events: list[tuple[bytes, int | None] | tuple[bytes, bool]] | None = []
        self.size = 0  # octets that wait

    def line(self, raw: bytes, literal: int | None) -> bytes:
        """As in `Answer`."""
        if self._events is None:
            return self._answer.line(raw, literal)
        self._scout.line(raw, literal)
        self._events.append((raw, literal))
        return self._replay() if literal is None or self._scout.structure is not None else b""

    def data(self, data: bytes, last: bool) -> bytes:
        """As in `Answer`."""
        if self._events is None:
            return self._answer.data(data, last)
        self._scout.data(data, last)
        self._events.append((data, last))
        self.size += len(data)
        return self._replay() if self.size > MAX_HELD else b""

    def _replay(self) -> bytes:
        self._answer.structure = self._scout.structure
        self.size = 0
        events, self._events = self._events or [], None
        return b"".join(
            self._answer.data(octets, more) if isinstance(more, bool) else self._answer.line(octets, more)
            for octets, more in events
        )


def relay(
    raw: bytes, mailbox: Mailbox, request: Request | None, open_section: OpenSection, passes: Passes
) -> Answer | Held | Whole:
    """What takes the answer that begins with the line `raw`."""
    if request is not None and request.plan.explained:
        first = _EXPLAINED.search(raw)
        if first is None or first[1] is None:
            return Held(mailbox, request, open_section)
    elif request is None or not request.plan.changed:
        match = WHOLE.match(raw)
        if match is not None:
            return Whole(match, mailbox, open_section, passes)
    return Answer(mailbox, request, open_section)
