"""What becomes of a message at a gateway, and the words for it: policies, and the fields that say so. Does no I/O."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from blockproxy.model import Action, Cleaned, Finding, Technique
from blockproxy.sending import MailPolicy

FIELD = b"X-Blockproxy"
CLEAN = MailPolicy(do="clean")
REPORT = MailPolicy(do="report")

_END_OF_HEADER = re.compile(rb"(?:\A|\r\n)\r\n")
_OURS = re.compile(rb"(?im)^x-b(?=lockproxy(?:-[a-z]+)?[ \t]*:)")
_SUBJECT = re.compile(rb"(?im)^subject[ \t]*:[ \t]*")
_MESSAGE_ID = re.compile(rb"(?im)^message-id[ \t]*:\s*(<[^<>\r\n]{1,900}>)")


def applying(policies: Sequence[MailPolicy], sender: str, recipient: str) -> tuple[int, ...]:
    """The numbers of the policies whose addresses fit; recipients with the same ones can share a message."""
    return tuple(
        number
        for number, policy in enumerate(policies)
        if _any(policy.recipients, recipient) and _any(policy.senders, sender)
    )


def _any(patterns: Sequence[str], address: str) -> bool:
    return not patterns or any(fnmatchcase(address.lower(), pattern.lower()) for pattern in patterns)


def chosen(policies: Iterable[MailPolicy], cleaned: Cleaned) -> MailPolicy:
    """The first policy that fits what was found; a message that does not track is only ever cleaned."""
    found = {finding.technique for finding in cleaned.findings if finding.blocked}
    fits = (policy for policy in policies if found.intersection(policy.techniques or found))
    return next(fits, CLEAN)


_DONE = {"report": Action.REPORT, "tag": Action.REPORT, "reject": Action.REJECT, "quarantine": Action.QUARANTINE}


def told(cleaned: Cleaned, policy: MailPolicy) -> Cleaned:
    """What the event log is told: the findings with what was really done about them."""
    if policy.do == "clean":
        return cleaned
    findings = tuple(
        finding._replace(action=_DONE[policy.do]) if finding.blocked else finding for finding in cleaned.findings
    )
    return Cleaned(b"", findings, cleaned.skipped, cleaned.origin)


def summary(findings: Iterable[Finding]) -> str:
    """`clean`, or how many were blocked and reported, and their techniques: `blocked=3 open-pixel, link-redirect`."""
    groups: dict[str, Counter[Technique]] = {"blocked": Counter(), "reported": Counter()}
    for finding in findings:
        groups["blocked" if finding.blocked else "reported"][finding.technique] += 1
    said = (f"{name}={count.total()} {', '.join(sorted(count))}" for name, count in groups.items() if count)
    return "; ".join(said) or "clean"


def split(head: bytes) -> tuple[bytes, bytes]:
    """The header, and what follows it with the empty line; all of it is header where none ends it."""
    end = _END_OF_HEADER.search(head)
    if end is None:
        return head, b""
    cut = end.start() + (2 if end[0] == b"\r\n\r\n" else 0)
    return head[:cut], head[cut:]


def without_ours(head: bytes) -> bytes:
    """The beginning of a message whose header does not claim to have been here: our fields renamed, same length."""
    header, rest = split(head)
    return _OURS.sub(b"X-X", header) + rest


def tagged(head: bytes, tag: str) -> bytes:
    """The beginning of a message with `tag` in front of its subject."""
    header, rest = split(head)
    words = tag.encode("ascii") + b" "
    changed, count = _SUBJECT.subn(lambda found: found[0] + words, header, count=1)
    return (changed if count else b"Subject: " + tag.encode("ascii") + b"\r\n" + header) + rest


def message_id(head: bytes) -> str:
    """The Message-ID, or an empty string."""
    found = _MESSAGE_ID.search(split(head)[0])
    return found[1].decode("utf-8", "replace") if found else ""
