"""Writing a message: RFC 5322 header, RFC 2045 entities, CRLF throughout, the same octets every time.

The standard library's `email` would choose encodings and boundaries by itself; the newsletters are there to have a
particular encoding each, soft line breaks inside URLs included.
"""

import base64
import binascii
from dataclasses import dataclass
from email.header import Header

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A MIME entity: its header fields in order, and its body as it is transmitted."""

    fields: Fields
    body: bytes


def text(content: str, subtype: str = "html", charset: str = "utf-8", encoding: str = "quoted-printable") -> Part:
    """A `text/*` leaf; `subtype` may bring parameters of its own, such as `plain; format=flowed`."""
    return leaf(content.encode(charset), f"text/{subtype}; charset={charset}", encoding)


def leaf(content: bytes, content_type: str, encoding: str = "base64", *more: tuple[str, str]) -> Part:
    """A leaf with `content` in lines that end in LF (text) or as it is (base64)."""
    fields = [("Content-Type", content_type), ("Content-Transfer-Encoding", encoding), *more]
    return Part(fields, ENCODERS[encoding](content))


def inline_picture(png: bytes, content_id: str) -> Part:
    """A picture that travels inside the message (RFC 2392)."""
    return leaf(
        png,
        "image/png; name=header.png",
        "base64",
        ("Content-ID", f"<{content_id}>"),
        ("Content-Disposition", "inline; filename=header.png"),
    )


def multipart(kind: str, boundary: str, *parts: Part) -> Part:
    """`multipart/<kind>`; `kind` may bring parameters, such as `related; type="text/html"`."""
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), entity(part)) for part in parts)
    return Part(
        [("Content-Type", f'multipart/{kind}; boundary="{boundary}"')], body + b"--%s--\r\n" % boundary.encode()
    )


def entity(part: Part) -> bytes:
    """Header, empty line, body."""
    return b"".join(_field(name, value) for name, value in part.fields) + b"\r\n" + part.body


def message(fields: Fields, part: Part) -> bytes:
    """A whole message."""
    return entity(Part([*fields, ("MIME-Version", "1.0"), *part.fields], part.body))


def _field(name: str, value: str) -> bytes:
    written = value if value.isascii() else Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {written}\r\n".encode("ascii")


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def _quoted_printable(content: bytes) -> bytes:
    return _crlf(binascii.b2a_qp(content))


def _base64(content: bytes) -> bytes:
    return _crlf(base64.encodebytes(content))


ENCODERS = {"7bit": _crlf, "8bit": _crlf, "quoted-printable": _quoted_printable, "base64": _base64}
