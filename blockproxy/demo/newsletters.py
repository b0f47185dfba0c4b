"""The messages of the demo, which are test data too.

    for name, message in messages():   # bytes, RFC 5322, CRLF, the same octets on every call and every machine but
        ...                            # for what the machine's zlib makes of the pictures

`READER` is the address that they are sent to.
"""

import base64
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import cast

from blockproxy.demo import bulletins, campaigns, letters
from blockproxy.demo.letterhead import READER, sent_at

__all__ = ["MESSAGES", "READER", "UNTOUCHED", "as_page", "messages", "sent_at"]

# In the order of arrival; message n has the number n in its tokens and its Message-ID.
MESSAGES: dict[str, Callable[[], bytes]] = {
    "mailchimp": campaigns.mailchimp,
    "sendgrid": campaigns.sendgrid,
    "hubspot": campaigns.hubspot,
    "klaviyo": campaigns.klaviyo,
    "marketo": campaigns.marketo,
    "litmus": campaigns.litmus,
    "mailgun": bulletins.mailgun,
    "ses": bulletins.ses,
    "substack": bulletins.substack,
    "campaign-monitor": bulletins.campaign_monitor,
    "plain-text": bulletins.plain_text,
    "mailtrack": letters.mailtrack,
    "readnotify": letters.readnotify,
    "receipts": letters.receipts,
    "innocent": letters.innocent,
    "signed": letters.signed,
}

# These must arrive octet for octet: one has no tracker in it, one is signed.
UNTOUCHED = frozenset({"innocent", "signed"})


def messages() -> list[tuple[str, bytes]]:
    """Name and octets of every message."""
    return [(name, write()) for name, write in MESSAGES.items()]


def as_page(message: bytes) -> str:
    """The HTML of `message` as a browser can show it: pictures that travel inside it become `data:` URLs.

    An empty string for a message without HTML.
    """
    parsed = message_from_bytes(message, policy=policy.default)
    html = parsed.get_body(("html",))
    if html is None:
        return ""
    embedded = {str(part["Content-ID"]).strip("<>"): part for part in parsed.walk() if part["Content-ID"]}

    def data_url(match: re.Match[str]) -> str:
        part = embedded[match[1]]
        picture = cast(bytes, part.get_payload(decode=True))
        return f"data:{part.get_content_type()};base64,{base64.b64encode(picture).decode()}"

    return re.sub(r"cid:([^\"']+)", data_url, cast(str, html.get_content()))
