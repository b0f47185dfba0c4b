"""What kind of document a leaf is: by its media type, or by its file's name where the type says nothing.

To read another kind of part, add a row here; what reads it is a row of `leaf.READERS`.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote

from blockproxy.message.documents import Kind
from blockproxy.model import Entity
from blockproxy.remember import remember

MAX_CONTINUATIONS = 32  # pieces of a file's name (RFC 2231, section 3); programs write three or four

BY_TYPE: Mapping[str, Kind] = {
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.XML,
    "text/x-amp-html": Kind.HTML,
    "image/svg+xml": Kind.XML,
    "text/css": Kind.CSS,
    "text/plain": Kind.TEXT,
    "text/calendar": Kind.CALENDAR,
    "application/ics": Kind.CALENDAR,  # what Google attaches beside the text/calendar part
    "text/x-vcalendar": Kind.CALENDAR,
    "text/vcard": Kind.CARD,
    "text/x-vcard": Kind.CARD,
    "text/directory": Kind.CARD,  # RFC 2426
    "application/vcard": Kind.CARD,
    # What the scanner looks into is no leaf; what is left are messages in base64 or quoted-printable.
    "message/rfc822": Kind.MESSAGE,
    "message/global": Kind.MESSAGE,
}
BY_ENDING: Mapping[str, Kind] = {
    "html": Kind.HTML,
    "htm": Kind.HTML,
    "shtml": Kind.HTML,
    "xhtml": Kind.XML,
    "xht": Kind.XML,
    "hta": Kind.HTML,
    "svg": Kind.XML,
    "css": Kind.CSS,
    "ics": Kind.CALENDAR,
    "vcs": Kind.CALENDAR,
    "vcf": Kind.CARD,
    "eml": Kind.MESSAGE,
    "mht": Kind.MESSAGE,
    "mhtml": Kind.MESSAGE,
}
# Types that only claim to know: a reader who opens the file gets the program that its name asks for.
_NAMES_COUNT = re.compile(
    r"application/|text/|unknown/|/|x-|binary/|file/|message/(?!rfc822|global|delivery|disposition)"
)
MARKUP = frozenset({Kind.HTML, Kind.XML, Kind.CSS})  # in which a declaration may name the charset


def kind_of(entity: Entity) -> Kind | None:
    """How the body of `entity` is read; None for a leaf that nobody looks into."""
    kind = BY_TYPE.get(entity.media_type)
    if kind is not None and (kind is not Kind.TEXT or not is_attached(entity)):
        return kind
    if kind is None and _NAMES_COUNT.match(entity.media_type) is None:
        return None
    if not (entity.file or entity.parameters):
        return kind
    stem, _, ending = file_name(entity).rpartition(".")
    return BY_ENDING.get(ending, kind) if stem else kind


def is_attached(entity: Entity) -> bool:
    """Whether it is a file that is sent, not a part of what is read."""
    return entity.disposition == "attachment"


def file_name(entity: Entity) -> str:
    """The name under which a reader saves it, in lower case, or "".

    Programs look for `filename` first, then for the older `name` of Content-Type; in all the ways that RFC 2231 and RFC
    2047 give for writing it.
    """
    for parameters, name in ((entity.file, "filename"), (entity.parameters, "name")):
        value = parameters.get(name) or _continued(parameters, name)
        if value:
            return _as_read(value)
    return ""


def _continued(parameters: Mapping[str, str], name: str) -> str:
    """The value of `name*`, or of `name*0`, `name*1*` and so on, percent-decoded; a charset in front of it stays."""
    pieces = [parameters.get(f"{name}*", "")]
    for number in range(MAX_CONTINUATIONS):
        piece = parameters.get(f"{name}*{number}") or parameters.get(f"{name}*{number}*")
        if piece is None:
            break
        pieces.append(piece)
    return unquote("".join(pieces))


@remember(256, 256)
def _as_read(value: str) -> str:
    if "=?" in value:
        with suppress(HeaderParseError, LookupError, ValueError):
            value = str(make_header(decode_header(value)))
    return value.strip(" ._\"'\t\r\n").lower()
