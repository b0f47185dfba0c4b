"""Outgoing read receipts: MDNs, RFC 8098, in the `multipart/report` of RFC 6522, and what old programs send instead.

A message is one when its own Content-Type says `report-type=disposition-notification`, maybe inside a signature, and
the Disposition field of its notification part says how it was sent. It is automatic where that is
`MDN-sent-automatically`; what stands before the slash proves nothing (Thunderbird's automatic receipt says
`manual-action/MDN-sent-automatically`), neither does the envelope (all clients but Roundcube send from the user's own
address). Whatever is malformed is no receipt: a normal message is never stopped. Shapes that no standard knows count
where the message itself says that a machine wrote it. A report inside another message is not looked for.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import unquote

MAX_HEADER = 256 * 1024  # octets; Postfix takes no more than 100 KiB (header_size_limit)
MAX_FIELD = 4 * 1024  # octets of one structured field; those of real receipts have less than 200
MAX_NOTIFICATION = 64 * 1024  # octets of the notification part, encoded; real ones have less than 2,000
MAX_TNEF = 4 * 1024  # octets, encoded, of Microsoft's own format; in whole groups of base64
MAX_CLASS = 256  # decoded octets among which the class of the message itself is; those of enclosed ones come later
MAX_SUBJECT_ONLY = 16 * 1024  # octets of the body of a receipt that is nothing but a subject and a sentence
MAX_PARTS = 100  # parts of the report; RFC 6522, section 3 allows three

NOTIFICATIONS = {
    "message/disposition-notification",  # RFC 8098, section 3
    "message/global-disposition-notification",  # RFC 6533, section 5: the same with UTF-8 in it
}

_END_OF_HEADER = re.compile(rb"^\r?\n", re.MULTILINE)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
# An unclosed quoted string or comment runs to the end, so that every octet is looked at once.
_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*"?|\\.|\(|[^"\\(]+|\\', re.DOTALL)
_INSIDE = re.compile(r"\\.|[()]|[^\\()]+|\\", re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.DOTALL)
_CONTINUED = re.compile(r"([^*]+)\*(\d{1,3})?(\*?)\Z")  # `name*`, `name*0`, `name*0*`
_DISPOSITION = re.compile(r"([^/;]*)/\s*mdn-sent-(automatically|manually)\s*(?:;\s*([\w-]*)|\Z)", re.IGNORECASE)
# Message classes of read and non-read reports, [MS-OXOMSG], section 2.2.2; the last is what Microsoft Mail called it.
_CLASS = re.compile(rb"(?:REPORT\.IPM\.[A-Za-z.]{1,40}\.IPNN?RN|IPM\.Microsoft Mail\.Read Receipt)\x00", re.IGNORECASE)
# What Outlook, Exchange and Thunderbird put in front of the subject of a receipt.
_SUBJECT = re.compile(
    r"(?:(?:not )?read|(?:read|return) receipt(?: \(\w+\))?|gelesen|lu|letto|gelezen) ?(?::| - |- )", re.IGNORECASE
)
# Who has these was delivered once, and is sent on by a person or a mailbox: RFC 5322, section 3.6.6; Postfix, Dovecot.
_SENT_ON = ("resent-from", "resent-to", "resent-date", "delivered-to")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A read receipt; `automatic` says whether a person was asked.

    `action_mode` is `automatic-action` or `manual-action`, `disposition` what happened to the message (`displayed`,
    `deleted`, ...), both in lower case. The rest are the values of the fields of these names, empty where missing:
    `message_id` of the receipt, the other two of the notification.
    """

    action_mode: str
    disposition: str
    message_id: str
    original_message_id: str
    final_recipient: str
    automatic: bool = True


def automatic_receipt(message: bytes) -> Receipt | None:
    """Read `message` (RFC 5322, lines ending in CRLF or LF); None for everything but an automatic read receipt."""
    found = receipt(message)
    return found if found is not None and found.automatic else None


def receipt(message: bytes) -> Receipt | None:
    """Read `message`; None for everything but a read receipt."""
    header, body = _split(message)
    if any(name in header for name in _SENT_ON):
        return None
    found = _of_entity(header, body)
    if found is not None:
        return replace(found, message_id=header.get("message-id", ""))
    return _of_a_machine(header, body)


def _of_entity(header: Mapping[str, str], body: bytes) -> Receipt | None:
    """A report, or one that is the signed part of a signature (RFC 1847, section 2.1)."""
    media_type, parameters = _content_type(header.get("content-type", ""))
    boundary = parameters.get("boundary", "").rstrip().encode("utf-8")
    if not boundary:
        return None
    if media_type == "multipart/signed":
        signed = next(_parts(body, boundary), b"")
        inner, content = _split(signed)
        return (
            None if inner.get("content-type", "").lower().startswith("multipart/signed") else _of_entity(inner, content)
        )
    if media_type != "multipart/report" or parameters.get("report-type", "").lower() != "disposition-notification":
        return None
    return _of_parts(body, boundary)


def _of_parts(body: bytes, boundary: bytes) -> Receipt | None:
    """What the first notification among the parts says."""
    notifications = (notification for part in _parts(body, boundary) if (notification := _notification(part)))
    fields = next(notifications, {})
    found = _DISPOSITION.match(_without_comments(fields.get("disposition", "")))
    if found is None:
        return None
    return Receipt(
        action_mode=found[1].strip().lower(),
        disposition=(found[3] or "").lower(),
        message_id="",
        original_message_id=fields.get("original-message-id", ""),
        final_recipient=fields.get("final-recipient", ""),
        automatic=found[2].lower() == "automatically",
    )


def _of_a_machine(header: Mapping[str, str], body: bytes) -> Receipt | None:
    """Shapes outside of RFC 8098, in messages that say themselves that no person wrote them (RFC 3834, section 5).

    Exchange and Outlook send their own format with the message class of a receipt in it; gateways make multipart/mixed
    of a report, or leave nothing of it but the subject.
    """
    written_by = _without_comments(header.get("auto-submitted", "no")).strip().lower()
    boundary = _content_type(header.get("content-type", ""))[1].get("boundary", "").rstrip().encode("utf-8")
    found = Receipt("", "", header.get("message-id", ""), header.get("in-reply-to", ""), "")
    if _CLASS.search(_tnef(header, body, boundary)[:MAX_CLASS]) and (not boundary or _is_its_own(header, written_by)):
        return found
    if not written_by.startswith("auto-"):
        return None
    if boundary and (report := _of_parts(body, boundary)) is not None:
        return replace(report, message_id=found.message_id)
    answers = written_by.startswith("auto-replied") and header.get("in-reply-to", "")
    says_so = answers and _SUBJECT.match(header.get("subject", ""))
    return found if says_so and len(body) < MAX_SUBJECT_ONLY else None


def _is_its_own(header: Mapping[str, str], written_by: str) -> bool:
    """Whether a part in Microsoft's format is the message once more, and no file that a person has attached."""
    of_exchange = "x-ms-tnef-correlator" in header or written_by.startswith("auto-")
    return of_exchange or bool(_SUBJECT.match(header.get("subject", "")))


def _tnef(header: Mapping[str, str], body: bytes, boundary: bytes) -> bytes:
    """The beginning of Microsoft's own format (application/ms-tnef), alone or as a part; the message class is in it."""
    entities = [(header, body), *(map(_split, _parts(body, boundary)) if boundary else ())]
    for fields, content in entities:
        if _content_type(fields.get("content-type", ""))[0] == "application/ms-tnef":
            encoding = _without_comments(fields.get("content-transfer-encoding", "")).strip().lower()
            with suppress(binascii.Error):
                return _decoded(content[:MAX_TNEF], encoding)
    return b""


def _split(entity: bytes) -> tuple[Mapping[str, str], bytes]:
    """The fields of an entity's header, and its body."""
    end = _END_OF_HEADER.search(entity, 0, MAX_HEADER)
    if end is None:
        return {}, b""
    return _fields(entity[: end.start()]), entity[end.end() :]


def _fields(header: bytes) -> Mapping[str, str]:
    """Unfolded values by lower-case field name, the first of each name."""
    fields: dict[str, str] = {}
    for line in _FOLD.sub(b"", header).splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            text = value[:MAX_FIELD].decode("utf-8", "replace").strip()
            fields.setdefault(name.strip().lower().decode("ascii", "replace"), text)
    return fields


def _content_type(value: str) -> tuple[str, Mapping[str, str]]:
    """Media type in lower case and parameters by lower-case name, RFC 2045, section 5.1, and RFC 2231, section 3."""
    plain = _without_comments(value)
    parameters: dict[str, str] = {}
    pieces: dict[str, dict[int, str]] = {}
    for name, quoted, token in _PARAMETER.findall(plain):
        text = token or re.sub(r"\\(.)", r"\1", quoted)
        continued = _CONTINUED.match(name)
        if continued is None:
            parameters.setdefault(name.lower(), text)
        else:
            number = int(continued[2] or 0)
            pieces.setdefault(continued[1].lower(), {}).setdefault(
                number, _unescaped(text, number) if continued[3] else text
            )
    for name, numbered in pieces.items():
        whole = "".join(numbered[number] for number in range(len(numbered)) if number in numbered)
        parameters.setdefault(name, whole)
    return plain.partition(";")[0].strip().lower(), parameters


def _unescaped(text: str, number: int) -> str:
    """An extended value, RFC 2231, section 4; the first one begins with its charset and language."""
    encoded = text.split("'", 2)[-1] if number == 0 else text
    return unquote(encoded, errors="replace")


def _without_comments(value: str) -> str:
    """A structured field without its comments (RFC 5322, section 3.2.2), which nest and may hold quotes."""
    kept, depth, position = [], 0, 0
    while found := (_INSIDE if depth else _OUTSIDE).match(value, position):
        position = found.end()
        if found[0] == "(":
            depth += 1
        elif depth and found[0] == ")":
            depth -= 1
        elif not depth:
            kept.append(found[0])
    return "".join(kept)


def _parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The parts of a multipart body, RFC 2046, section 5.1.1; none at all where the closing delimiter is missing."""
    delimiter = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    starts: list[int] = []
    ends: list[int] = []
    for found in delimiter.finditer(body):
        ends.append(found.start())
        if found[1]:
            return (body[start:end] for start, end in zip(starts, ends[1:], strict=True))
        starts.append(found.end())
        if len(starts) > MAX_PARTS:
            break
    return iter(())


def _notification(part: bytes) -> Mapping[str, str] | None:
    """The fields of a notification part (RFC 8098, section 3.1), or None for another part or one without sense."""
    header, body = _split(part)
    media_type, _ = _content_type(header.get("content-type", ""))
    if media_type not in NOTIFICATIONS or len(body) > MAX_NOTIFICATION:
        return None
    encoding = _without_comments(header.get("content-transfer-encoding", "")).strip().lower()
    try:
        return _fields(_decoded(body, encoding))
    except binascii.Error:
        return None


def _decoded(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; one that is unknown is taken for none at all."""
    match encoding:
        case "quoted-printable":
            return binascii.a2b_qp(body)
        case "base64":
            return binascii.a2b_base64(body)
        case _:
            return body
