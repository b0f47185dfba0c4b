"""Header sections (RFC 5322, section 2.2): receipt requests in them, and the few fields that give context.

A field that asks for a receipt keeps its value and loses its name: the new name has the same length, and no
program looks for it. Fields that feed the IMAP ENVELOPE are never touched. A header is read up to its end whatever
stands in it; a line without a colon is passed over, as Dovecot does.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.message import Message
from typing import NamedTuple

from blockproxy.model import Entity, Origin, Span
from blockproxy.remember import remember

# Field names, and which program or document makes them ask for a receipt or fetch something.
RECEIPT_FIELDS: Mapping[bytes, str] = {
    b"Disposition-Notification-To": "RFC 8098, section 2.1: every client that sends read receipts",
    b"Return-Receipt-To": "Thunderbird and Claws Mail answer it like the standard field",
    b"X-Confirm-Reading-To": "Pegasus Mail; Roundcube answers it",
    b"X-Confirm-Delivery": "Pegasus Mail",
    b"X-PMRQC": "Pegasus Mail: request for confirmation of reading",
    b"Return-Receipt": "older Lotus and Eudora mail",
    b"Return-Receipt-Requested": "older Unix clients",
    b"Read-Receipt-To": "older gateways",
    b"X-Read-Receipt-To": "older gateways",
    b"Notice-Requested-Upon-Delivery-To": "sendmail, NeXT Mail",
    b"Register-Mail-Reply-Requested-By": "older gateways",
    b"Generate-Delivery-Report": "X.400 gateways (RFC 2156)",
    b"X-Image-URL": "a picture that older clients fetch on opening",
}

_VALUE = re.compile(rb"[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)")  # RFC 5322, section 2.2.3: folded lines begin with a blank
# Each begins with its `@`, and none can try again from within: a field of a megabyte is read once.
_ANGLE_ADDRESS = re.compile(rb"@([A-Za-z0-9._-]++)\s*+>")
_BARE_ADDRESS = re.compile(rb"(?<=[^\s<>,;:\"()@])@([A-Za-z0-9._-]++)")
_IN_BRACKETS = re.compile(rb"<[^<>\s]{1,320}>")
_LIST_ID = re.compile(rb"<([^<>\s]{1,255})>")
_ADDRESS = re.compile(
    rb"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}+@[A-Za-z0-9._-]{1,255}+"
)
_PARAMETER = re.compile(r";\s*([^\s=;\"]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\s]*))", re.DOTALL)

_MEDIA_TYPE = re.compile(r"[\s\"]*+([^\s;,\"/]++/[^\s;,\"]++)")

PARTS_OF_A_DIGEST = "message/rfc822"  # RFC 2046, section 5.1.5


class Receipt(NamedTuple):
    """A field that asks for a receipt: the span of its name, the name, and the name that it gets."""

    span: Span
    name: str
    renamed: bytes

    @property
    def evidence(self) -> str:
        """What the field does, as a sentence."""
        does = "names a picture that is fetched" if self.name.lower() == "x-image-url" else "asks for a receipt"
        return f"the header field {self.name} {does}"


class HeaderContext(NamedTuple):
    """What a message's own header says about it: its origin, and the addresses that it was sent to."""

    origin: Origin
    recipients: tuple[str, ...]


class _Fields:
    """Look-up of fields by name. A search in a lower-case copy is ten times faster than a pattern that ignores case."""

    def __init__(self, header: bytes) -> None:
        self._header = header
        self._lower = b"\n" + header.lower()

    def find(self, name: bytes) -> Iterator[tuple[int, bytes]]:
        """Offset and value of every field called `name` (in lower case), folded lines included."""
        position = self._lower.find(b"\n" + name)
        while position >= 0:
            value = _VALUE.match(self._header, position + len(name))
            if value is not None:
                yield position, value[1]
            position = self._lower.find(b"\n" + name, position + 1)

    def first(self, name: bytes) -> bytes | None:
        """The value of the first field called `name`, or None."""
        return next((value for _, value in self.find(name)), None)


# Each begins with the line end in front of it: a literal that the engine looks for at memchr's pace.
_RECEIPT = re.compile(rb"\n(" + b"|".join(sorted(map(bytes.lower, RECEIPT_FIELDS), reverse=True)) + rb")(?=[ \t]*:)")


def receipts(header: bytes) -> list[Receipt]:
    """The fields of `header` that ask for a receipt, in order."""
    found = []
    for match in _RECEIPT.finditer(b"\n" + header.lower()):
        span = Span(match.start(), match.end() - 1)  # without the line end, which the copy has and the header has not
        name = header[span.start : span.end]
        found.append(Receipt(span, name.decode("ascii"), _rename(name)))
    return found


def _rename(name: bytes) -> bytes:
    """Another name of the same length that asks for nothing: its first letter, after any `X-`, becomes an X."""
    position = 2 if name[:2].upper() == b"X-" else 0
    return name[:position] + b"X" + name[position + 1 :]


def entity(header: bytes, *, default: str = "text/plain", protected: bool = False) -> Entity:
    """What `header` says about its body (RFC 2045); the first field of a name counts, `default` where there is none."""
    fields = _Fields(header)
    content_type, encoding = fields.first(b"content-type"), fields.first(b"content-transfer-encoding")
    media_type, parameters = _content_type(content_type) if content_type is not None else (default, {})
    # RFC 2045, section 5.2: a type that is not one means plain text.
    media_type = media_type if "/" in media_type else default
    disposition, location = fields.first(b"content-disposition"), fields.first(b"content-location")
    kind, file = _disposition(disposition) if disposition is not None else ("", {})
    if location is None:
        location = fields.first(b"content-base")  # RFC 2110; BODYSTRUCTURE does not tell it
    return Entity(
        media_type,
        parameters,
        _encoding(encoding) if encoding else "7bit",
        protected,
        kind,
        file,
        _location(location) if location is not None else "",
    )


@remember(256, 256)
def _disposition(value: bytes) -> tuple[str, Mapping[str, str]]:
    """Type and parameters of a Content-Disposition field (RFC 2183); names like `filename*0` stay as they are."""
    text = value.decode("utf-8", "surrogateescape").replace("\r", "").replace("\n", "")
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(text):
        parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else plain)
    return text.partition(";")[0].strip(' \t"').lower(), parameters


def _location(value: bytes) -> str:
    """A URL in a header field: it may be folded anywhere (RFC 2557, section 4.4), and be in quotes or brackets."""
    return b"".join(value.split()).decode("utf-8", "replace").strip('"<>')


@remember(64, 256)
def _encoding(value: bytes) -> str:
    """The token of a Content-Transfer-Encoding field, in lower case, without comments (RFC 2045, section 6.1)."""
    words = re.sub(rb"\([^()]*\)", b" ", value).replace(b";", b" ").split()
    return words[0].strip(b"\"'").decode("ascii", "replace").lower() if words else "7bit"


@remember(256, 256)
def _content_type(value: bytes) -> tuple[str, Mapping[str, str]]:
    """Media type and parameters of a Content-Type field (RFC 2045, section 5.1; RFC 2231 for `name*0=`)."""
    text = value.decode("utf-8", "surrogateescape").replace("\r", "").replace("\n", "")
    if "(" in text and '"' not in text:
        text = re.sub(r"\([^()]*\)", " ", text)
    # Generators forget the semicolon, or put quotes around the type; mail programs read it all the same.
    found = _MEDIA_TYPE.match(text)
    media_type = found[1].lower() if found else ""
    if "*" in text:
        return media_type, _extended_parameters(text)
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(text):
        parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else plain)
    return media_type, parameters


def _extended_parameters(text: str) -> Mapping[str, str]:
    """Parameters with continuations or a charset, as the standard library reads them; none where it can't."""
    message = Message()
    message["Content-Type"] = text
    found: dict[str, str] = {}
    # It raises TypeError on `a*=x; a*0=y` and ValueError on a number of thousands of digits.
    with suppress(TypeError, ValueError):
        for name, value in message.get_params([], unquote=True)[1:]:
            found.setdefault(name.lower(), value[2] if isinstance(value, tuple) else value)
    return found


def context(header: bytes) -> HeaderContext:
    """Sender domain, List-Id and recipients from a message's own header."""
    fields = _Fields(header)
    senders = (value for name in (b"from", b"sender") for _, value in fields.find(name))
    sender = next((domain for domain in map(_domain, senders) if domain), "")
    list_ids = (_LIST_ID.search(value) for _, value in fields.find(b"list-id"))
    list_id = next((found[1] for found in list_ids if found), b"")
    to = b",".join(value for name in (b"to", b"cc", b"delivered-to") for _, value in fields.find(name))
    recipients = tuple(dict.fromkeys(address.decode("ascii") for address in _ADDRESS.findall(to)))
    return HeaderContext(Origin(sender, list_id.decode("ascii", "replace").lower()), recipients)


def sender(header: bytes) -> str:
    """The address in From, in lower case; "" where there is none."""
    for value in (value for _, value in _Fields(header).find(b"from")):
        angle = _IN_BRACKETS.search(value)
        found = _ADDRESS.search(value if angle is None else angle[0])
        if found is not None:
            return found[0].decode("ascii").lower()
    return ""


def _domain(value: bytes) -> str:
    """The domain of the first address in `value`; what stands in angle brackets counts first."""
    found = _ANGLE_ADDRESS.search(value) or _BARE_ADDRESS.search(value)
    return found[1].decode("ascii").lower().strip(".") if found else ""
