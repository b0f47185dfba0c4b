"""Outgoing read receipts that nobody asked a person about: MDNs, RFC 8098, in the `multipart/report` of RFC 6522.

A message is one when its own Content-Type says `report-type=disposition-notification` and the Disposition field of its
notification part says `MDN-sent-automatically`. What stands before the slash proves nothing (Thunderbird's
automatic receipt says `manual-action/MDN-sent-automatically`), neither does the envelope (all clients but Roundcube
send from the user's own address). Whatever is malformed is no receipt: a normal message is never stopped.
A report inside a signature or another message is not looked for.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_HEADER = 256 * 1024  # octets; Postfix takes no more than 100 KiB (header_size_limit)
MAX_FIELD = 4 * 1024  # octets of one structured field; those of real receipts have less than 200
MAX_NOTIFICATION = 64 * 1024  # octets of the notification part, encoded; real ones have less than 2,000
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
_DISPOSITION = re.compile(r"([^/;]*)/\s*mdn-sent-automatically\s*(?:;\s*([\w-]*)|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """An automatic read receipt.

    `action_mode` is `automatic-action` or `manual-action`, `disposition` what happened to the message (`displayed`,
    `deleted`, ...), both in lower case. The rest are the values of the fields of these names, empty where missing:
    `message_id` of the receipt, the other two of the notification.
    """

    action_mode: str
    disposition: str
    message_id: str
    original_message_id: str
    final_recipient: str


def automatic_receipt(message: bytes) -> Receipt | None:
    """Read `message` (RFC 5322, lines ending in CRLF or LF); None for everything but an automatic read receipt."""
    header, body = _split(message)
    boundary = _report_boundary(header)
    if boundary is None:
        return None
    for part in _parts(body, boundary):
        notification = _notification(part)
        if notification is None:
            continue
        found = _DISPOSITION.match(_without_comments(notification.get("disposition", "")))
        if found is None:
            return None
        return Receipt(
            action_mode=found[1].strip().lower(),
            disposition=(found[2] or "").lower(),
            message_id=header.get("message-id", ""),
            original_message_id=notification.get("original-message-id", ""),
            final_recipient=notification.get("final-recipient", ""),
        )
    return None


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


def _report_boundary(header: Mapping[str, str]) -> bytes | None:
    """The boundary, if this is the header of a report about a disposition."""
    media_type, parameters = _content_type(header.get("content-type", ""))
    report_type = parameters.get("report-type", "")
    boundary = parameters.get("boundary", "").rstrip()
    if media_type != "multipart/report" or report_type.lower() != "disposition-notification" or not boundary:
        return None
    return boundary.encode("utf-8")


def _content_type(value: str) -> tuple[str, Mapping[str, str]]:
    """Media type in lower case and parameters by lower-case name, RFC 2045, section 5.1."""
    plain = _without_comments(value)
    parameters: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(plain):
        parameters.setdefault(name.lower(), token or re.sub(r"\\(.)", r"\1", quoted))
    return plain.partition(";")[0].strip().lower(), parameters


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
