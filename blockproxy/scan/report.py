"""What is told about one message: no text of it, no subject, and URLs as skeletons unless they are asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from blockproxy.cleaner import SKIP_REASONS, clean
from blockproxy.detect.rules import RuleSet
from blockproxy.eventlog import skeleton
from blockproxy.message import headers
from blockproxy.model import Context, Policy
from blockproxy.scan.sources import Letter, is_mail

MAX_HEADER = 64 * 1024  # octets of a header that are looked at for its date and its recipients
UNKNOWN = "unknown"

_HEADER = re.compile(rb"\A.*?(?:\r?\n\r?\n|\Z)", re.DOTALL)
_DATE = re.compile(rb"^Date:[ \t]*([^\r\n]{1,100})", re.IGNORECASE | re.MULTILINE)
_LIST_POST = re.compile(rb"^List-Post:[ \t]*<mailto:([^>?\r\n]{1,320})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """A finding, or with `skipped` a part that was not looked into."""

    message: str
    month: str
    sender: str
    part: str
    technique: str = ""
    rule: str = ""
    vendor: str = ""
    action: str = ""
    confidence: float = 0.0
    host: str = ""
    url: str = ""
    evidence: str = ""
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One message: its size in octets and its rows, or the problem that kept it from being read.

    `mail` is false for a file that is no message.
    """

    name: str
    size: int = 0
    rows: tuple[Row, ...] = ()
    problem: str = ""
    mail: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """How every message is read; `addresses` are the reader's, beside those that a message is addressed to."""

    policy: Policy
    addresses: tuple[str, ...] = ()
    whole_urls: bool = False


def report(letter: Letter, rules: RuleSet, task: Task) -> Report:
    """Read `letter` and tell what the standard cleaning would do."""
    try:
        message = letter.read()
    except OSError as error:
        return Report(letter.name, problem=f"{letter.name}: cannot be read: {error.strerror}")
    except ValueError as error:
        return Report(letter.name, problem=f"{letter.name}: {error}")
    if letter.path is not None and not letter.start and not is_mail(message):
        return Report(letter.name, len(message), mail=False)
    return Report(letter.name, len(message), tuple(_rows(letter.name, message, rules, task)))


def _rows(name: str, message: bytes, rules: RuleSet, task: Task) -> Iterator[Row]:
    found = _HEADER.match(message, 0, MAX_HEADER)
    header = found[0] if found else b""
    cleaned = clean(message, rules, task.policy, Context(tuple(sorted({*task.addresses, *recipients(header)}))))
    if not cleaned.findings and not cleaned.skipped:
        return
    month, sender = _month(header), skeleton.of_host(cleaned.origin.sender_domain) or UNKNOWN
    for finding in cleaned.findings:
        shape = skeleton.of_url(finding.url)
        yield Row(
            message=name,
            month=month,
            sender=sender,
            part=finding.part,
            technique=finding.technique.value,
            rule=finding.rule,
            vendor=finding.vendor,
            action=finding.action.value,
            confidence=round(finding.confidence, 3),
            host=skeleton.domain(shape),
            url=finding.url if task.whole_urls else shape,
            evidence=finding.evidence
            if task.whole_urls
            else skeleton.of_text(finding.evidence, finding.url, finding.vendor),
        )
    for skip in cleaned.skipped:
        reason = SKIP_REASONS[skip.reason]
        yield Row(name, month, sender, skip.part, evidence=reason, skipped=skip.reason)


def recipients(header: bytes) -> tuple[str, ...]:
    """Whom the message is for; a list's own address is nobody's."""
    lists = {found[1].decode("latin-1").lower() for found in _LIST_POST.finditer(header)}
    return tuple(address for address in headers.context(header).recipients if address.lower() not in lists)


def _month(header: bytes) -> str:
    """Year and month (UTC) in which it says it was written, such as `2026-11`."""
    found = _DATE.search(header)
    if found is None:
        return UNKNOWN
    try:
        return parsedate_to_datetime(found[1].decode("latin-1")).astimezone(UTC).strftime("%Y-%m")
    except (ValueError, OverflowError):
        return UNKNOWN
