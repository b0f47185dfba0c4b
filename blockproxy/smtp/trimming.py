"""A read receipt without what nobody was asked about: RFC 8098 wants the recipient and the disposition, no more."""

from email import message_from_bytes, policy
from email.message import Message

OPTIONAL = ("Reporting-UA", "MDN-Gateway", "Original-Recipient")  # RFC 8098, section 3.2
_AS_SMTP = policy.compat32.clone(linesep="\r\n", max_line_length=None)


def trimmed(message: bytes) -> bytes:
    """The receipt without the mail program's name and without the copy of the original's header or text.

    Comes back as it is where its parts cannot be told apart; so does what is signed. Never raises.
    """
    try:
        report: Message = message_from_bytes(message, policy=_AS_SMTP)
        parts = report.get_payload()
        if report.get_content_type() != "multipart/report" or not isinstance(parts, list) or len(parts) < 2:
            return message
        del parts[2:]
        fields = parts[1].get_payload() if isinstance(parts[1], Message) else None
        if isinstance(fields, list) and fields and isinstance(fields[0], Message):
            for name in OPTIONAL:
                del fields[0][name]
        return report.as_bytes(policy=_AS_SMTP)
    except Exception:  # noqa: BLE001 - whatever it is, a receipt that a person wants to send leaves
        return message
