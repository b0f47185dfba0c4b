"""From what the cleaner found to rows that may be kept: this is where everything that identifies a reader ends.

A row holds the fields that docs/eventlog.md explains and nothing else; a test compares schema, document and rows.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from blockproxy.detect.rules import RuleSet
from blockproxy.eventlog import identifier, skeleton
from blockproxy.model import Finding, Origin, Skip

SIZE_STEP = 1024  # octets; a message made for one reader can have a length of its own
VERSION_LENGTH = 12  # hexadecimal digits of a rule set's digest, as `blockproxy check` shows it


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a message passed: `protocol` "imap" or "smtp", `direction` "in" or "out".

    `account` is the login name and `message` an identity such as "INBOX/1/7" (mailbox, UIDVALIDITY, UID); both are
    only ever stored as pseudonyms. `size` is that of what was looked at, in octets; `rules` is what judged it.
    """

    protocol: str
    account: str
    message: str
    direction: str
    size: int = field(default=0, compare=False)
    rules: RuleSet | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted without saying whose it is: sessions that ended, messages that passed in them, their octets."""

    protocol: str
    direction: str
    sessions: int = 0
    messages: int = 0
    octets: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cleaner said about one message, without the message."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skip, ...]
    origin: Origin
    delivery: Delivery
    day: date


@dataclass(frozen=True, slots=True)
class Event:
    """A finding as it is stored; the fields are explained in docs/eventlog.md."""

    day: str
    protocol: str
    direction: str
    account: str
    message: str
    sender_domain: str
    list_domain: str
    part: str
    occurrence: int
    technique: str
    rule: str
    vendor: str
    action: str
    confidence: float
    host: str
    skeleton: str
    evidence: str
    operator: str
    party: str
    identifier: str
    rules: str


@dataclass(frozen=True, slots=True)
class SkipEvent:
    """A part that was left unread, as it is stored; the fields are explained in docs/eventlog.md."""

    day: str
    protocol: str
    direction: str
    account: str
    message: str
    sender_domain: str
    part: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """A message with a finding or a skip, as it is stored; the fields are explained in docs/eventlog.md."""

    day: str
    protocol: str
    direction: str
    account: str
    message: str
    sender_domain: str
    list_domain: str
    size: int
    rules: str


class Pseudonyms:
    """Names that say "the same one again" and nothing more, to anybody without the key: HMAC-SHA256 (RFC 2104)."""

    LENGTH = 32  # hexadecimal digits: 128 bits, no collision among all the mail there is

    def __init__(self, key: bytes) -> None:
        self._key = key

    def account(self, login: str) -> str:
        """The pseudonym of a login name."""
        return self._of("account", login)

    def message(self, login: str, message: str) -> str:
        """The pseudonym of a message; the same message of two accounts has two."""
        return self._of("message", login, message)

    def _of(self, *texts: str) -> str:
        octets = [text.encode("utf-8", "surrogateescape") for text in texts]
        plain = b"".join(len(octet).to_bytes(8, "big") + octet for octet in octets)
        return hmac.new(self._key, plain, hashlib.sha256).hexdigest()[: self.LENGTH]


def message_row(seen: Seen, pseudonyms: Pseudonyms) -> MessageEvent:
    """The message itself."""
    delivery = seen.delivery
    return MessageEvent(
        day=seen.day.isoformat(),
        protocol=delivery.protocol,
        direction=delivery.direction,
        account=pseudonyms.account(delivery.account),
        message=pseudonyms.message(delivery.account, delivery.message),
        sender_domain=skeleton.of_host(seen.origin.sender_domain),
        list_domain=_list_domain(seen.origin.list_id),
        size=-(-delivery.size // SIZE_STEP) * SIZE_STEP,
        rules=_version(delivery.rules),
    )


def finding_rows(seen: Seen, row: MessageEvent) -> Iterable[Event]:
    """One row for each finding in `seen`, whose own is `row`."""
    alike: Counter[tuple[str, ...]] = Counter()
    own = {skeleton.registrable(seen.origin.sender_domain), row.list_domain} - {""}
    operators = _operators(seen.delivery.rules) if seen.delivery.rules is not None else {}
    for finding in seen.findings:
        shape = skeleton.of_url(finding.url)
        same = (finding.part, finding.technique, finding.rule, shape)
        alike[same] += 1
        host = skeleton.domain(shape)
        yield Event(
            day=row.day,
            protocol=row.protocol,
            direction=row.direction,
            account=row.account,
            message=row.message,
            sender_domain=row.sender_domain,
            list_domain=row.list_domain,
            part=finding.part,
            occurrence=alike[same],
            technique=finding.technique.value,
            rule=finding.rule,
            vendor=finding.vendor,
            action=finding.action.value,
            confidence=round(finding.confidence, 3),
            host=host,
            skeleton=shape,
            evidence=skeleton.of_text(finding.evidence, finding.url, finding.vendor),
            operator=operators.get(finding.rule.partition("/")[0], ""),
            party=_party(host, own),
            identifier=identifier.kind(finding, shape).value,
            rules=row.rules,
        )


def skip_rows(seen: Seen, row: MessageEvent) -> Iterable[SkipEvent]:
    """One row for each skip in `seen`, whose own is `row`."""
    for skip in seen.skipped:
        yield SkipEvent(
            day=row.day,
            protocol=row.protocol,
            direction=row.direction,
            account=row.account,
            message=row.message,
            sender_domain=row.sender_domain,
            part=skip.part,
            reason=skip.reason,
            detail=_harmless(skip),
        )


def _party(host: str, own: set[str]) -> str:
    """Whether `host` is one of the sender's `own` domains: that says who is asked, not who gets to know."""
    return ("first" if host in own else "third") if host else ""


@lru_cache(maxsize=8)
def _operators(rules: RuleSet) -> dict[str, str]:
    return {vendor.id: vendor.operator or vendor.name for vendor in rules.vendors}


def _version(rules: RuleSet | None) -> str:
    return rules.digest[:VERSION_LENGTH] if rules is not None else ""


def _list_domain(list_id: str) -> str:
    """`Weekly <weekly.news.example.com>` (RFC 2919) to `example.com`: the rest can be one reader's own list."""
    return skeleton.registrable(list_id.rpartition("<")[2].partition(">")[0].strip())


def _harmless(skip: Skip) -> str:
    """The detail of a skip: the type of an exception, or one of our sentences, which may name what a sender wrote."""
    if skip.reason == "error":
        return skip.detail if skip.detail.isidentifier() and len(skip.detail) <= 60 else ""
    return skeleton.of_text(skip.detail)
