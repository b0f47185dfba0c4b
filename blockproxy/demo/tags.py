"""A tag of a message before and after: what a person wants to see of a finding."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from blockproxy.demo.screenplay import Reading
from blockproxy.model import Action, Finding, Span

_STYLE = re.compile(r'style="[^"]*"')


@dataclass(frozen=True, slots=True)
class Change:
    """One tag, as it was sent and as it was read; `octets` is the length of both, before it is made readable."""

    sender: str
    finding: Finding
    before: str
    after: str
    octets: int


def change(readings: tuple[Reading, ...], action: Action) -> Change | None:
    """The first tag in the first message with which `action` was done, None where there is none."""
    for reading in readings:
        for finding in reading.findings:
            if finding.action is action and finding.reference is not None and finding.reference.element is not None:
                return _change(reading, finding, finding.reference.element.span)
    return None


def _change(reading: Reading, finding: Finding, span: Span) -> Change:
    before, after = (_html(copy.octets)[span.start : span.end] for copy in (reading.direct, reading.proxied))
    return Change(reading.sender, finding, _readable(before), _readable(after), len(before))


def _html(message: bytes) -> bytes:
    """The decoded HTML; every message of the demo has one such part at most."""
    part = message_from_bytes(message, _class=EmailMessage, policy=policy.default).get_body(("html",))
    return b"" if part is None else bytes(part.get_payload(decode=True) or b"")


def _readable(tag: bytes) -> str:
    """On one line, without the padding that keeps the length and without styles."""
    return _STYLE.sub('style="..."', " ".join(tag.decode(errors="replace").split()))
