"""MIME by hand: messages of known octets, among them those that no well-behaved library writes."""

import base64
import quopri
from collections.abc import Callable

CRLF = b"\r\n"
BASE64_LINE = 76  # characters; RFC 2045, section 6.8


def lines(*texts: str) -> bytes:
    """The texts as lines in UTF-8, each with its CRLF."""
    return b"".join(text.encode() + CRLF for text in texts)


def quoted_printable(text: bytes) -> bytes:
    """RFC 2045, section 6.7, with soft breaks wherever the encoder likes them: inside URLs too."""
    encoded = quopri.encodestring(text.replace(CRLF, b"\n"))
    return encoded.replace(b"\n", CRLF)


def base64_lines(octets: bytes, width: int = BASE64_LINE) -> bytes:
    """RFC 2045, section 6.8, in lines of `width` characters."""
    text = base64.b64encode(octets)
    return b"".join(text[start : start + width] + CRLF for start in range(0, len(text), width))


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {"quoted-printable": quoted_printable, "base64": base64_lines}


def entity(media_type: str, body: bytes, encoding: str = "7bit", *fields: str) -> bytes:
    """A MIME entity: its header, and `body` in the transfer encoding."""
    head = lines(f"Content-Type: {media_type}", f"Content-Transfer-Encoding: {encoding}", *fields)
    encode = ENCODINGS.get(encoding)
    return head + CRLF + (encode(body) if encode else body)


def multipart(subtype: str, boundary: str, *parts: bytes, closed: bool = True) -> bytes:
    """A multipart entity; `closed` says whether its last boundary is there (RFC 2046, section 5.1)."""
    head = lines(f'Content-Type: multipart/{subtype}; boundary="{boundary}"')
    opening = f"--{boundary}".encode() + CRLF
    body = b"".join(opening + part + CRLF for part in parts)
    return head + CRLF + body + (f"--{boundary}--".encode() + CRLF if closed else b"")


def message(subject: str, content: bytes, *fields: str) -> bytes:
    """A message: a common header, `fields`, and a MIME entity."""
    head = lines(
        "Return-Path: <bounce-0001@mail.example.net>",
        "Received: from mail.example.net (mail.example.net [192.0.2.1]) by mx.example.org;",
        "\tMon, 2 Nov 2026 10:00:00 +0000",
        "From: The Gazette <news@example.net>",
        "To: Anna <anna@example.org>",
        f"Subject: {subject}",
        "Date: Mon, 2 Nov 2026 10:00:00 +0000",
        f"Message-ID: <seed-{subject.replace(' ', '-')}@example.net>",
        "MIME-Version: 1.0",
        *fields,
    )
    return head + content
