"""What a message says about its sender beside what it is meant to say, and how that is left out. Does no I/O.

Only the message's own header is edited, and only where nobody has signed it yet (DKIM, RFC 6376): what is signed goes
out as it is. `trimmed` takes from a read receipt what a person did not mean to tell.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime

from blockproxy.sending import Outgoing

# Field names in lower case, and what writes them.
CLIENT_FIELDS = {
    b"user-agent": "Thunderbird, Evolution, mutt",
    b"x-mailer": "Outlook, Apple Mail, Claws Mail",
    b"x-newsreader": "Thunderbird's kin, for news",
    b"x-mimeole": "Outlook Express, Exchange",
    b"x-mailer-version": "webmail",
    b"x-webmail-version": "webmail",
    b"x-enigmail-version": "Enigmail",
    b"x-mozilla-news-host": "Thunderbird",
    b"x-composer-version": "mailing programs",
}
ORIGIN_FIELDS = {
    b"x-originating-ip": "Exchange, webmail",
    b"x-originating-host": "webmail",
    b"x-sender-ip": "webmail",
    b"x-client-ip": "webmail",
    b"x-client-hostname": "webmail",
    b"x-real-ip": "HTTP proxies",
    b"x-source-ip": "cPanel",
    b"x-source-dir": "cPanel",
    b"x-php-originating-script": "PHP's mail()",
    b"x-php-script": "PHP's mail()",
    b"x-sent-from": "webmail",
}
RECEIPT_FIELDS = {b"reporting-ua", b"mdn-gateway", b"original-recipient"}  # RFC 8098, section 3.2; optional

# A line without an end is none; `^` keeps the engine from looking for one inside of a line of a megabyte.
_FIELD = re.compile(rb"^(?:([^\s:]++)[ \t]*+:)?[^\n]*+\n(?:[ \t][^\n]*+\n)*+", re.MULTILINE)
_SIGNED = re.compile(rb"^(?:dkim-signature|arc-seal)[ \t]*:", re.IGNORECASE | re.MULTILINE)  # RFC 6376, RFC 8617
_WHERE = re.compile(rb"\[(?:IPv6:)?[0-9A-Fa-f.:]{3,45}\]", re.IGNORECASE)
_FROM = re.compile(rb"(?i)(:\s*from\s+)[^\s;()]+(?:\s+\([^()]*\))?")
_ID = re.compile(rb"<([^<>@\s]+)@[^<>\s]+>")
_DATE = re.compile(rb"(:\s*)([^\r\n]+)")
_MACHINE = re.compile(
    r"(?:(?:no|do-?not)-?_?reply|bounces?|mailer-daemon|listserv|majordomo|owner|daemon)(?:[-+=._].*)?"
    r"|.*[-+](?:bounces?|request|owner|errors)(?:[-+=].*)?",
    re.IGNORECASE,
)


def edited(header: bytes, settings: Outgoing, domain: str) -> bytes:
    """The header as it leaves; `domain` is the one of the sender's address."""
    if is_signed(header):
        return header
    fields = [(found[1].lower() if found[1] else b"", found[0]) for found in _FIELD.finditer(header)]
    return b"".join(_edit(name, field, settings, domain) for name, field in fields) + header[_end(header) :]


def is_signed(header: bytes) -> bool:
    """Whether a server has signed the message already, so that a change would be told as a forgery."""
    return bool(_SIGNED.search(header))


def _end(header: bytes) -> int:
    """Where the last line that ends begins to be none."""
    return header.rfind(b"\n") + 1


def _edit(name: bytes, field: bytes, settings: Outgoing, domain: str) -> bytes:
    if (settings.client == "remove" and name in CLIENT_FIELDS) or (
        settings.origin == "remove" and name in ORIGIN_FIELDS
    ):
        return b""
    wanted = {
        b"received": settings.received == "hide",
        b"message-id": settings.message_id == "replace" and bool(domain),
        b"date": settings.time_zone == "utc",
    }
    return _EDITS[name](field, domain) if wanted.get(name) else field


def _received(field: bytes, _domain: str) -> bytes:
    """The line stays, so that loops are still noticed; where it came from does not."""
    return _WHERE.sub(b"[127.0.0.1]", _FROM.sub(rb"\1localhost", field, count=1))


def _message_id(field: bytes, domain: str) -> bytes:
    try:
        name = domain.encode("ascii" if domain.isascii() else "idna")
    except UnicodeError:  # no domain at all
        return field
    return _ID.sub(lambda found: b"<" + found[1] + b"@" + name + b">", field)


def _date(field: bytes, _domain: str) -> bytes:
    found = _DATE.search(field)
    try:
        when = parsedate_to_datetime(found[2].decode("ascii")) if found else None
        utc = format_datetime(when.astimezone(UTC)) if when is not None and when.tzinfo else ""
    except (ValueError, TypeError, OverflowError):
        return field
    return field[: found.start(2)] + utc.encode("ascii") + field[found.end(2) :] if found and utc else field


_EDITS: dict[bytes, Callable[[bytes, str], bytes]] = {
    b"received": _received,
    b"message-id": _message_id,
    b"date": _date,
}


def only_machines(recipients: Sequence[str]) -> bool:
    """Whether nobody among the recipients is a person: bounce addresses, lists' robots, no-reply."""
    return bool(recipients) and all(_MACHINE.fullmatch(address.rpartition("@")[0]) for address in recipients)


def held_answer(header: bytes, body: bytes, settings: Outgoing, recipients: Sequence[str]) -> str:
    """Why an answer to a machine is held back, or an empty string. A person's own words are never held back."""
    if not only_machines(recipients):
        return ""
    fields = {found[1].lower(): found[0] for found in _FIELD.finditer(header) if found[1]}
    if settings.automatic_answers == "hold" and _is_answer(fields):
        return "automatic-answer"
    if settings.calendar_replies == "hold" and _CALENDAR_REPLY.search(header + b"\r\n" + body[:MAX_CALENDAR]):
        return "calendar-reply"
    return ""


def _is_answer(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a machine answers. What it says unasked (`auto-generated`) is cron's and monitoring's, and is waited for.

    Exchange calls its vacation notes auto-generated too, but names what they answer.
    """
    submitted = fields.get(b"auto-submitted", b"").partition(b":")[2].strip().lower()
    generated = submitted.startswith(b"auto-generated") and b"in-reply-to" in fields
    return submitted.startswith(b"auto-replied") or generated or b"x-autoreply" in fields


MAX_CALENDAR = 64 * 1024  # octets among which a calendar's part begins
_CALENDAR_REPLY = re.compile(
    rb'(?i)\ncontent-type[ \t]*:\s*text/calendar[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*?;\s*method="?reply\b'
)
