"""Documents inside documents: what `srcdoc` and `data:` URLs hold, and how a change in it is written back.

A `data:` URL (RFC 2397; Fetch, section 6) names no host and yet reaches the network when what it holds is HTML, SVG or
a style sheet. Pictures, sounds and fonts hold nothing; what is none of these can't be read here, and is told apart.
"""

import re
from enum import Enum, auto
from typing import NamedTuple

from blockproxy.message import layers
from blockproxy.message.transfer import Base64, Decoded, UndecodableError
from blockproxy.model import Element, Place, Span

MAX_DEPTH = 4  # documents inside one another; each level reads its octets once more. Nobody sends two
MAX_OCTETS = 1024 * 1024  # of one document; the longest known in mail, a drawing in a `data:` URL, has 60,000
MAX_COUNT = 1000  # documents in a leaf; each costs as much as a short message


class Kind(Enum):
    """How octets are read."""

    HTML = auto()
    XML = auto()  # XHTML and SVG: what is looked for is written alike, and read in more ways
    CSS = auto()
    TEXT = auto()
    CALENDAR = auto()  # as it was sent; its lines may be folded
    CALENDAR_LINES = auto()  # without folds
    CARD = auto()
    CARD_LINES = auto()
    MESSAGE = auto()  # a message in a file
    UNREADABLE = auto()  # a script, a playlist: may reach the network, and nothing here reads it


class Document(NamedTuple):
    """A document that is written in `span` of the view around it: in a value, or in all of the view.

    `decoded` is what it reads as, with the way back to these octets. `charset` is the declared one, `base` what its
    relative URLs are resolved with.
    """

    kind: Kind
    span: Span
    decoded: Decoded
    place: Place
    element: Element | None = None
    charset: str | None = None
    base: str | None = None


_HEAD = re.compile(rb"[\x00-\x20]*+d[\t\r\n]*+a[\t\r\n]*+t[\t\r\n]*+a[\t\r\n]*+:([^,]{0,512}+),", re.IGNORECASE)
_SCRIPT = re.compile(
    rb"[\x00-\x20]*+%s:" % rb"[\t\r\n]*+".join(re.escape(b"%c" % letter) for letter in b"javascript"), re.IGNORECASE
)
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^;\"\s]++)", re.IGNORECASE)
_BASE64 = re.compile(rb";\x20*base64\s*\Z", re.IGNORECASE)

_BY_TYPE = {
    b"text/html": Kind.HTML,
    b"application/xhtml+xml": Kind.XML,
    b"image/svg+xml": Kind.XML,
    b"text/xml": Kind.XML,
    b"application/xml": Kind.XML,
    b"text/x-amp-html": Kind.HTML,
    b"text/css": Kind.CSS,
}
_HOLDS_NOTHING = re.compile(
    rb"\Z|text/plain\Z|(?:image|font|audio|video)/(?!(?:x-)?mpegurl|x-scpls|vnd\.apple\.mpegurl)"
    rb"|application/(?:octet-stream|vnd\.ms-fontobject|(?:x-)?font)"
)


def kind_of(media_type: bytes, *, style: bool = False) -> Kind | None:
    """How a resource of `media_type` (lower case, no parameters) is read; None where it can hold nothing.

    `style`: it stands where a style sheet is wanted, and some engines take any text for one.
    """
    kind = _BY_TYPE.get(media_type)
    if kind is not None:
        return kind
    if media_type.endswith(b"+xml"):
        return Kind.XML
    if _HOLDS_NOTHING.match(media_type) is None:
        return Kind.CSS if style else Kind.UNREADABLE
    return Kind.CSS if style and media_type in {b"", b"text/plain"} else None


def in_url(written: Decoded, span: Span, place: Place, element: Element | None, *, style: bool) -> Document | None:
    """The document in the `data:` URL that is `written` in `span`, or None where there is none."""
    url = written.octets
    head = _HEAD.match(url)
    if head is None:
        return Document(Kind.UNREADABLE, span, written, place, element) if _SCRIPT.match(url) else None
    about = head[1].translate(None, b"\t\r\n")
    kind = kind_of(about.partition(b";")[0].strip().lower(), style=style)
    if kind is None:
        return None
    charset = _CHARSET.search(about)
    name = charset[1].decode("ascii", "replace") if charset else None
    try:
        decoded = _payload(written, head.end(), base64=_BASE64.search(about) is not None)
    except UndecodableError:
        return Document(Kind.UNREADABLE, span, written, place, element)
    return Document(kind, span, decoded, place, element, name)


def _payload(written: Decoded, start: int, *, base64: bool) -> Decoded:
    """What stands behind the comma. Some engines end a URL at `#` and some do not: all of it is read."""
    percent = layers.Layer(written.octets[start:], layers.PERCENT, b"#%")
    payload = layers.Inside(written, start, percent)
    return layers.Inside(payload, 0, Base64(percent.octets)) if base64 else payload
