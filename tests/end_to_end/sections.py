"""The sections of a message, and what each must look like when the whole message has been cleaned.

What a section's octets are is for the server to say, not for us: they are looked up in the message as it was
delivered, and the same place of the cleaned message is what the proxy must answer.
"""

import email
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

import blockproxy

_FIELD = re.compile(rb"[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")


def paths(message: bytes) -> Iterator[str]:
    """Every section number of the message, such as `1.2`, outermost first."""
    yield from _below(email.message_from_bytes(message), "")


def names(message: bytes) -> Iterator[str]:
    """Everything that may stand between the brackets of BODY[] for this message, and a number that is not there."""
    yield from ("", "HEADER", "TEXT", "99")
    for path in paths(message):
        yield from (path, f"{path}.MIME", f"{path}.HEADER", f"{path}.TEXT")


def leaves(message: bytes) -> Iterator[tuple[str, Message]]:
    """The parts that are no multiparts, with their numbers."""
    whole = email.message_from_bytes(message)
    for path in paths(message):
        part = _part(whole, path)
        if not part.is_multipart():
            yield path, part


def _part(message: Message, path: str) -> Any:
    part: Any = message
    for number in path.split("."):
        if part.get_content_type() == "message/rfc822" and isinstance(part.get_payload(), list):
            part = part.get_payload(0)
        if part.is_multipart():
            part = part.get_payload(int(number) - 1)
    return part


def cleaned_decoded(part: Message, decoded: bytes) -> bytes:
    """The octets of `part` without its transfer encoding, cleaned as a message that has none."""
    fields = [(name, value) for name, value in part.items() if name.lower().startswith("content-")]
    header = "".join(f"{name}: {value}\r\n" for name, value in fields if name.lower() != "content-transfer-encoding")
    message = header.encode("utf-8", "surrogateescape") + b"Content-Transfer-Encoding: binary\r\n\r\n" + decoded
    return blockproxy.clean(message).message[-len(decoded) :] if decoded else b""


def _below(entity: Any, prefix: str) -> Iterator[str]:
    if entity.get_content_type() == "message/rfc822" and prefix and isinstance(entity.get_payload(), list):
        entity = entity.get_payload(0)
    if not entity.is_multipart():
        yield f"{prefix}.1" if prefix else "1"
        return
    for number, part in enumerate(entity.get_payload(), start=1):
        path = f"{prefix}.{number}" if prefix else f"{number}"
        yield path
        if part.is_multipart():
            yield from _below(part, path)


def expected(section: bytes, original: bytes, cleaned: bytes) -> set[bytes]:
    """What may stand in the place of `section`: the cleaned octets of every place where the original has it."""
    found = set()
    position = original.find(section)
    while position >= 0 and section:
        found.add(cleaned[position : position + len(section)])
        position = original.find(section, position + 1)
    return found or {section}


def expected_fields(fields: bytes, original: bytes, cleaned: bytes) -> bytes:
    """The same for an answer to HEADER.FIELDS: a choice of header fields, and the empty line that ends them."""
    end = original.find(b"\r\n\r\n") + 2 or len(original)
    before, after = b"\r\n" + original[:end], b"\r\n" + cleaned[:end]
    result = b""
    for field in _FIELD.findall(fields):
        [replacement] = (
            {field} if field == b"\r\n" else {found[2:] for found in expected(b"\r\n" + field, before, after)}
        )
        result += replacement
    return result
