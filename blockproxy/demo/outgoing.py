"""What the reader's mail client sends in the demo: a receipt that nobody was asked about, and a letter."""

from blockproxy.demo.compose import leaf, message, multipart, text
from blockproxy.demo.letterhead import READER

OFFICE = "office@authority.example.org"
FRIEND = "sam@workshop.example.com"


def automatic_receipt() -> bytes:
    """A read receipt (RFC 8098) for the demo's message 14, as a client sends it whose settings say "always".

    The Disposition field has the shape that Thunderbird gives it: "manual-action", although no hand was involved.
    """
    report = f"""\
Reporting-UA: mail.example.org; a mail client
Final-Recipient: rfc822;{READER}
Original-Message-ID: <fake-0014.office@authority.example.org>
Disposition: manual-action/MDN-sent-automatically; displayed
"""
    return message(
        _header(OFFICE, "Return receipt (displayed) - Your application", "fake-receipt-0014"),
        multipart(
            "report; report-type=disposition-notification",
            "------------mdn-fake-0014",
            text("This is a return receipt for the mail that you sent to Robin Reader.\n", "plain", encoding="7bit"),
            leaf(report.encode(), "message/disposition-notification", "7bit"),
        ),
    )


def letter() -> bytes:
    """An ordinary answer to message 12."""
    return message(
        _header(FRIEND, "Re: Windows", "fake-letter-0012"),
        text("Hello Sam,\n\nthe café in the yard has lovely windows. Ours may stay.\n\nRobin\n", "plain"),
    )


def _header(to: str, subject: str, number: str) -> list[tuple[str, str]]:
    return [
        ("Date", "Wed, 18 Mar 2026 08:00:00 +0000"),
        ("From", f"Robin Reader <{READER}>"),
        ("To", to),
        ("Subject", subject),
        ("Message-ID", f"<{number}@mail.example.org>"),
    ]
