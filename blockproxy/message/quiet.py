"""Mail in which there is nothing to find, recognised at a glance: most letters between people.

`is_quiet` may say no to anything. Where it says yes, the careful way (`mime`, `transfer`, `charset`, `references`)
finds no reference, no request for a receipt and no reason to skip a part; tests hold it to that. Whatever the two ways
could read differently is not quiet, so that only the careful way has to be right about odd mail.

Quoted-printable is searched as it was transmitted, for every form in which it can hold a URL.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from blockproxy.message import headers, kinds, network, transfer
from blockproxy.message.documents import Kind
from blockproxy.model import Entity
from blockproxy.remember import remember

MAX_GLANCE = 256 * 1024  # octets; what is longer streams through the careful way
LONGEST_HEADER = 512  # octets of a part's header that is remembered; a sender's are all alike
MAX_DEPTH = 8  # multiparts inside one another

# In these a leaf's octets are its view, see `charset`.
_PLAIN_CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1252"})
_OTHER_MULTIPARTS = frozenset({"multipart/signed", "multipart/encrypted", "multipart/digest"})

Around = tuple[bytes, ...]
Proof = Callable[[bytes, int, int, Around], bool]
"""Whether a body is quiet. Gets the octets of the message, where the body begins and ends, the delimiters around it."""

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_LINE_ENDS = (b"\r\n", b"\n")
_LAST = (b"--\r\n", b"--\n")  # what makes a delimiter the last one


def is_quiet(octets: bytes, start: int = 0, end: int | None = None) -> bool:
    """Whether the whole message at `start` certainly has nothing in it that `Cleaner` would change, report or skip."""
    end = len(octets) if end is None else end
    if end - start > MAX_GLANCE or octets.startswith(_LINE_ENDS, start):
        return False
    found = _EMPTY_LINE.search(octets, start, end)
    if found is None:
        return False
    body = found.end()
    return _proof_of_header(octets[start:body])(octets, body, end, ())


def is_quiet_text(encoded: bytes, entity: Entity) -> bool:
    """Whether the text/plain leaf `encoded` certainly has no reference in it."""
    return _proof(entity)(encoded, 0, len(encoded), ())


# What counts in a message's header; searched for in lower case, with the line end in front.
_FIELD = re.compile(rb"\n(?:content-|(%b)[ \t]*:)" % b"|".join(map(bytes.lower, headers.RECEIPT_FIELDS)))
_FOLDED = re.compile(rb"[^\n]*+\n(?:[ \t][^\n]*+\n)*+")
_USUAL_MULTIPART = re.compile(
    rb"Content-Type: multipart/(?:alternative|mixed|related|report);\s+boundary=\"([^\"\\(*\r\n\x80-\xff]+)\"\r\n\Z"
)


def _proof_of_header(header: bytes) -> Proof:
    """How the body behind a message's header is proved to be quiet."""
    lines = b""
    for field in _FIELD.finditer(b"\n" + header.lower()):
        line = _FOLDED.match(header, field.start())
        if field[1] is not None or line is None:
            return _unproved
        lines += line[0]
    usual = _USUAL_MULTIPART.match(lines)
    return partial(_parts, b"\n--" + usual[1].rstrip()) if usual else _proof_of_part(lines)


@remember(512, LONGEST_HEADER)
def _proof_of_part(header: bytes) -> Proof:
    return _proof(headers.entity(header))


def _proof(entity: Entity) -> Proof:
    """How the body of `entity` is proved to be quiet."""
    media_type, kind = entity.media_type, kinds.kind_of(entity)
    if kind is Kind.TEXT:
        known = entity.parameters.get("charset", "us-ascii").lower() in _PLAIN_CHARSETS
        return _ENCODED[entity.encoding].text if known and entity.encoding in _ENCODED else _unproved
    if kind in {Kind.HTML, Kind.CSS}:  # which could declare another charset itself where there is none
        known = entity.parameters.get("charset", "").lower() in _PLAIN_CHARSETS and not entity.location
        return _ENCODED[entity.encoding].markup if known and entity.encoding in _ENCODED else _unproved
    if kind is not None:
        return _unproved
    if media_type.startswith("multipart/"):
        boundary = entity.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        known = boundary != b"" and b"\n" not in boundary and media_type not in _OTHER_MULTIPARTS
        return partial(_parts, b"\n--" + boundary) if known else _unproved
    return _unproved if media_type.startswith("message/") else _passes


def _parts(delimiter: bytes, octets: bytes, start: int, end: int, around: Around) -> bool:
    """A multipart: nobody can doubt where its parts begin, and each of them is quiet."""
    if around and (len(around) == MAX_DEPTH or _mistakable(delimiter, around)):
        return False
    around = (*around, delimiter)
    found = octets.find(delimiter, start - 1, end)  # the first one may stand right behind the header
    while found >= 0:
        part = found + len(delimiter)
        found = octets.find(delimiter, part, end)
        if found >= 0:
            quiet = _is_quiet_part(octets, part, found, around)
        else:
            quiet = octets.startswith(_LAST, part, end) or _is_quiet_part(octets, part, end, around)
        if not quiet:
            return False
    return True


def _mistakable(delimiter: bytes, around: Around) -> bool:
    return any(one.startswith(delimiter) or delimiter.startswith(one) for one in around)


def _is_quiet_part(octets: bytes, start: int, end: int, around: Around) -> bool:
    found = _EMPTY_LINE.search(octets, start, end)
    if found is None or not octets.startswith(_LINE_ENDS, start):
        return False
    body = found.end()
    return _proof_of_part(octets[start:body])(octets, body, end, around)


def _unproved(_octets: bytes, _start: int, _end: int, _around: Around) -> bool:
    return False


def _passes(_octets: bytes, _start: int, _end: int, _around: Around) -> bool:
    """Nobody looks into such a leaf."""
    return True


# Leaves. Each pattern begins with one octet, which the engine looks for at an octet per cycle.

_URL = re.compile(rb"://")
_URL_IN_QP = re.compile(rb":(?:/|=(?!\r?\n[^/=]|[013-9A-Fa-f][0-9A-Fa-f]|2[0-9A-Ea-e]))")
_COLON_OR_NUL_IN_QP = re.compile(rb"=(?:3[Aa]|00)")
# The signs of `network` as they can be transmitted: any of their letters may be an escape, and a soft line break may
# stand anywhere between them. Slashes, colons, `&` and backslashes are no escapes where `_ESCAPE_IN_QP` finds none.
_SLASHES_IN_QP = re.compile(rb"/(?:[/\\\t\r\n]|=(?!\r?\n[^/\\\t\r\n=]|[1-9A-Fa-f][0-9A-Fa-f]))")
_SCHEME_IN_QP = re.compile(
    rb":(?<=[pseatPSEAT\s0-9A-Fa-f]:)(?:(?<==..:)|(?<=\s:)|(?<=[\s=][pseatPSEAT]:)|(?<==..[pseatPSEAT]:)"
    rb"|(?<=[tT][pP]:)|(?<=[pP][sS]:)|(?<=[iI\s][lL][eE]:)|(?<==..[lL][eE]:)|(?<=[tT][aA]:)|(?<=[pP][tT]:))",
    re.DOTALL,
)
_REFERENCE_IN_QP = re.compile(rb"&(?:#|[A-Za-z]{0,7}=|colon|b?sol|Tab|NewLine)")
_ESCAPE_IN_QP = re.compile(rb"=[235][6ACFacf]")  # & / : \ and others
_MAY_BE_WIDE = (b"=", b"\xff", b"\xfe", b"\0")  # a byte order mark counts more than what was declared


def _text(octets: bytes, start: int, end: int, _around: Around) -> bool:
    return _URL.search(octets, start, end) is None and octets.find(b"\0", start, end) < 0


def _text_in_qp(octets: bytes, start: int, end: int, _around: Around) -> bool:
    return (
        _URL_IN_QP.search(octets, start, end) is None
        and _COLON_OR_NUL_IN_QP.search(octets, start, end) is None
        and octets.find(b"\0", start, end) < 0
    )


def _text_in_base64(octets: bytes, start: int, end: int, around: Around) -> bool:
    text = _decoded(octets[start:end], "base64")
    return text is not None and _text(text, 0, len(text), around)


def _markup(octets: bytes, start: int, end: int, _around: Around) -> bool:
    return _is_quiet_markup(octets[start:end])


def _is_quiet_markup(markup: bytes) -> bool:
    return b"\0" not in markup and b"\x1b" not in markup and not network.may_reach_network(markup)


def _markup_in_qp(octets: bytes, start: int, end: int, around: Around) -> bool:
    # In many documents two slashes stand in the first line, the name of a document type: those are decoded at once.
    certain = (
        _SLASHES_IN_QP.search(octets, start, end) is None
        and not octets.startswith(_MAY_BE_WIDE, start)
        and octets.find(b"\\", start, end) < 0
        and (octets.find(b"&", start, end) < 0 or _REFERENCE_IN_QP.search(octets, start, end) is None)
        and _SCHEME_IN_QP.search(octets, start, end) is None
        and _ESCAPE_IN_QP.search(octets, start, end) is None
    )
    return certain or _encoded_markup("quoted-printable", octets, start, end, around)


def _encoded_markup(encoding: str, octets: bytes, start: int, end: int, _around: Around) -> bool:
    markup = _decoded(octets[start:end], encoding)
    return markup is not None and _is_quiet_markup(markup)


def _decoded(encoded: bytes, encoding: str) -> bytes | None:
    try:
        return transfer.decode(encoded, encoding).octets
    except transfer.UndecodableError:
        return None


class _Proofs(NamedTuple):
    """For the bodies in one transfer encoding."""

    text: Proof
    markup: Proof


_AS_IT_IS = _Proofs(_text, _markup)
_ENCODED = {
    "7bit": _AS_IT_IS,
    "8bit": _AS_IT_IS,
    "quoted-printable": _Proofs(_text_in_qp, _markup_in_qp),
    "base64": _Proofs(_text_in_base64, partial(_encoded_markup, "base64")),
}
