"""Between the IMAP machine and the cleaner: a section in, a filter out, and at its end a line for the event log.

Nothing that goes wrong in here reaches the connection: the original octets pass, and the event log says why.
"""

import logging
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import lru_cache, partial

from blockproxy.cleaner import Cleaner, passes
from blockproxy.detect.rules import RuleSet
from blockproxy.eventlog.events import Delivery, Numbers
from blockproxy.exemptions import Exemptions, Sender, Treatment
from blockproxy.imap.choosing import Choosing
from blockproxy.imap.sections import Section, SectionFilter
from blockproxy.model import Action, Cleaned, Context, Origin, Policy, Scope, Skip, Technique

Record = Callable[[Cleaned, Delivery], None]
Count = Callable[[Numbers], None]

_log = logging.getLogger("blockproxy.imap")


class CleaningFilter:
    """One section on its way through a `Cleaner`."""

    __slots__ = ("_cleaner", "_done", "_owed", "_section", "_skip", "held", "size")

    def __init__(self, cleaner: Cleaner, section: Section, done: Callable[[Section, Cleaned], None]) -> None:
        self._cleaner: Cleaner | None = cleaner
        self._section = section
        self._done = done
        self._owed: deque[bytes] = deque()  # what was fed and not returned, as it was
        self._skip = 0  # octets of the first of them that were returned
        self.held = 0  # octets that the cleaner keeps back
        self.size = 0  # octets that were fed

    def feed(self, data: bytes) -> bytes:
        """See `SectionFilter`."""
        self.size += len(data)
        if self._cleaner is None:
            return data
        self._owed.append(data)
        self.held += len(data)
        try:
            cleaned = self._cleaner.feed(data)
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader gets the message
            return self._failed(error)
        self._returned(len(cleaned))
        return cleaned

    def close(self) -> bytes:
        """See `SectionFilter`."""
        if self._cleaner is None:
            return b""
        try:
            cleaned = self._cleaner.close()
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader gets the message
            return self._failed(error)
        self._done(self._section, cleaned)
        return cleaned.message

    def _returned(self, count: int) -> None:
        self.held -= count
        self._skip += count
        owed = self._owed
        while owed and self._skip >= len(owed[0]):
            self._skip -= len(owed.popleft())

    def _failed(self, error: Exception) -> bytes:
        self._cleaner = None
        self.held = 0
        original = b"".join(self._owed)[self._skip :]
        self._owed.clear()
        self._done(self._section, skipped(self._section, "error", type(error).__name__))
        return original


class Cleaning:
    """Opens filters for one connection and collects what they say until `flush`.

    A filter may run in a thread, so that nothing is recorded from inside of it.
    """

    def __init__(
        self,
        rules: RuleSet,
        policy: Policy,
        context: Context,
        account: Callable[[], str],
        record: Record,
        exemptions: Exemptions | None = None,
    ) -> None:
        self._rules = rules
        self._exemptions = exemptions or Exemptions()
        self._policy = policy
        self._context = context
        self._account = account
        self._record = record
        self._latest: CleaningFilter | None = None
        self.said: list[tuple[Section, Cleaned, int]] = []
        self.messages = 0  # that passed, and in sections those that were looked into
        self.octets = 0

    @property
    def held(self) -> int:
        """Octets that the section in progress keeps back."""
        return 0 if self._latest is None else self._latest.held

    def open(self, section: Section) -> SectionFilter | None:
        """A filter for the section; None for one that passes as it is."""
        if self._exemptions.paused(self._account()):
            return None
        if not self._exemptions.asks_for_sender():
            return self._opened(section, self._policy)
        if section.scope is Scope.BODY or section.part:
            return self._treated(section, section.header)
        return Choosing(partial(self._treated, section))

    def version(self) -> Hashable:
        """What the treatment of the account's mail depends on beside the rules."""
        return self._exemptions.version(self._account())

    def _treated(self, section: Section, header: bytes) -> SectionFilter | None:
        """The filter for a section of a message with this header."""
        try:
            who = Sender.of(header)
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader gets the message, cleaned as a stranger's
            _log.error("a sender cannot be read: %s", type(error).__name__)
            who = Sender()
        match self._exemptions.treatment(self._account(), who):
            case Treatment.OFF:
                return None
            case Treatment.REPORT:
                return self._opened(section, _only_report(self._policy))
        return self._opened(section, self._policy)

    def _opened(self, section: Section, policy: Policy) -> CleaningFilter | None:
        if section.scope is Scope.BODY and section.entity is None:
            self._done(section, skipped(section, "no-context", ""))
            return None
        try:
            cleaner = self._cleaner(section, policy)
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader gets the message
            self._done(section, skipped(section, "error", type(error).__name__))
            return None
        self._latest = CleaningFilter(cleaner, section, self._done)
        return self._latest

    def passes(self, octets: bytes, start: int, end: int) -> bool:
        """Whether the message between two offsets is sure to pass as it is; it is counted then."""
        sure = passes(octets, start, end)
        if sure:
            self.messages += 1
            self.octets += end - start
        return sure

    def numbers(self) -> Numbers:
        """What is counted of the connection, without saying whose it was."""
        return Numbers("imap", "in", 1, self.messages, self.octets)

    def flush(self, *, last: bool = False) -> None:
        """Record what was found since the last time. What waits for its UID stays, unless nothing comes any more."""
        said, self.said = self.said, []
        for section, cleaned, size in said:
            if section.late is not None and not section.late.known and not last:
                self.said.append((section, cleaned, size))
                continue
            try:
                self._record(self._with_origin(section, cleaned), self._delivery(section, size))
            except Exception as error:  # noqa: BLE001 - the reader has the message; its text could be in the error's
                _log.error("the event log has lost a message: %s", type(error).__name__)

    def _cleaner(self, section: Section, policy: Policy) -> Cleaner:
        policy = _own(policy) if section.own else policy
        return Cleaner(
            self._rules, policy, self._context, scope=section.scope, entity=section.entity, part=section.part
        )

    def _done(self, section: Section, cleaned: Cleaned) -> None:
        if section.own:
            others = tuple(one for one in cleaned.findings if one.technique is not Technique.RECEIPT_REQUEST)
            cleaned = replace(cleaned, findings=others)
        size = self._latest.size if self._latest is not None else 0
        self._latest = None
        self.messages += 1
        self.octets += size
        if cleaned.findings or cleaned.skipped:
            self.said.append((section, cleaned, size))

    def _with_origin(self, section: Section, cleaned: Cleaned) -> Cleaned:
        if cleaned.origin != Origin() or not section.header:
            return cleaned
        reader = Cleaner(self._rules, self._policy, self._context, scope=Scope.HEADER)
        reader.feed(section.header)
        return Cleaned(b"", cleaned.findings, cleaned.skipped, reader.close().origin)

    def _delivery(self, section: Section, size: int) -> Delivery:
        mailbox = section.mailbox.decode("utf-8", "replace")
        uid = section.uid if section.late is None else section.late.uid
        message = f"{mailbox}/{section.uidvalidity}/{uid}"
        return Delivery("imap", self._account(), message, "in", size, self._rules)


@lru_cache(maxsize=8)
def _only_report(policy: Policy) -> Policy:
    return replace(policy, actions=dict.fromkeys(Technique, Action.REPORT), remote="keep")


@lru_cache(maxsize=8)
def _own(policy: Policy) -> Policy:
    """For mail that the reader wrote: the receipts that it asks for are asked for by the reader."""
    return replace(policy, actions={**policy.actions, Technique.RECEIPT_REQUEST: Action.REPORT})


def skipped(section: Section, reason: str, detail: str) -> Cleaned:
    """What is said about a section that passes as it is."""
    return Cleaned(b"", skipped=(Skip(section.part, reason, detail),))
