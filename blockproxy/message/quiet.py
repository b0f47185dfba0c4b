"""Mail in which there is nothing to find, recognised at a glance: most letters between people.

`is_quiet` may say no to anything. Where it says yes, the careful way (`mime`, `transfer`, `charset`, `references`)
finds no reference, no request for a receipt and no reason to skip a part; tests hold it to that. Whatever the two ways
could read differently is not quiet, so that only the careful way has to be right about odd mail.

Text in quoted-printable is searched as it was transmitted, for every form in which it can hold a URL.
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
Proof = Callable[[bytes, Around], bool]
"""Whether a body is quiet. Gets the body behind the line end that is in front of it, and the delimiters around it."""

_EMPTY_LINE = re.compile(rb"\n\r?\n")


def is_quiet(message: bytes) -> bool:
    """Whether a whole message certainly has nothing in it that `Cleaner` would change, report or skip."""
    found = _EMPTY_LINE.search(message, 0, MAX_GLANCE)
    if found is None or len(message) > MAX_GLANCE or message.startswith((b"\r\n", b"\n")):
        return False
    end = found.end()
    header = message[:end]
    if headers.receipts(header):
        return False
    return _proof(headers.entity(header))(message[end - 1 :], ())


def is_quiet_text(encoded: bytes, entity: Entity) -> bool:
    """Whether the text/plain leaf `encoded` certainly has no reference in it."""
    return _proof(entity)(encoded, ())


def _proof(entity: Entity) -> Proof:
    """How the body of `entity` is proved to be quiet."""
    media_type, kind = entity.media_type, kinds.kind_of(entity)
    if kind is Kind.TEXT:
        known = entity.parameters.get("charset", "us-ascii").lower() in _PLAIN_CHARSETS
        return _ENCODED[entity.encoding].text if known and entity.encoding in _ENCODED else _unproved
    if kind in kinds.MARKUP:  # which could declare another charset itself where there is none
        known = entity.parameters.get("charset", "").lower() in _PLAIN_CHARSETS and not entity.location
        return _ENCODED[entity.encoding].markup if known and entity.encoding in _ENCODED else _unproved
    if kind is not None:
        return _unproved
    if media_type.startswith("multipart/"):
        boundary = entity.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        known = boundary != b"" and b"\n" not in boundary and media_type not in _OTHER_MULTIPARTS
        return partial(_parts, b"\n--" + boundary) if known else _unproved
    return _unproved if media_type.startswith("message/") else _passes


@remember(512, LONGEST_HEADER)
def _proof_of_part(header: bytes) -> Proof:
    return _proof(headers.entity(header))


def _parts(delimiter: bytes, body: bytes, around: Around) -> bool:
    """A multipart: nobody can doubt where its parts begin, and each of them is quiet."""
    if len(around) == MAX_DEPTH or any(one.startswith(delimiter) or delimiter.startswith(one) for one in around):
        return False
    around = (*around, delimiter)
    _, *parts = body.split(delimiter)
    closed = bool(parts) and parts[-1].startswith((b"--\r\n", b"--\n"))
    for part in parts[:-1] if closed else parts:
        end = _EMPTY_LINE.search(part)
        if end is None or not part.startswith((b"\r\n", b"\n")):
            return False
        if not _proof_of_part(part[: end.end()])(part[end.end() - 1 :], around):
            return False
    return True


def _unproved(_body: bytes, _around: Around) -> bool:
    return False


def _passes(_body: bytes, _around: Around) -> bool:
    """Nobody looks into such a leaf."""
    return True


# Leaves. Each pattern begins with one literal octet, which the engine looks for at memchr's pace.

_URL = re.compile(rb":(?=//)")
_URL_IN_QP = re.compile(rb":(?=[/=])")
_COLON_OR_NUL_IN_QP = re.compile(rb"=(?=3[Aa]|00)")


def _text(body: bytes, _around: Around = ()) -> bool:
    return _URL.search(body) is None and b"\0" not in body


def _markup(body: bytes, _around: Around = ()) -> bool:
    return b"\0" not in body and b"\x1b" not in body and not network.may_reach_network(body)


def _text_in_qp(body: bytes, _around: Around) -> bool:
    return _URL_IN_QP.search(body) is None and _COLON_OR_NUL_IN_QP.search(body) is None and b"\0" not in body


def _decoded(encoding: str, proof: Callable[[bytes], bool], body: bytes, _around: Around) -> bool:
    try:
        return proof(transfer.decode(body, encoding).octets)
    except transfer.UndecodableError:
        return False


class _Proofs(NamedTuple):
    """For the bodies in one transfer encoding."""

    text: Proof
    markup: Proof


_AS_IT_IS = _Proofs(_text, _markup)
_ENCODED = {
    "7bit": _AS_IT_IS,
    "8bit": _AS_IT_IS,
    "quoted-printable": _Proofs(_text_in_qp, partial(_decoded, "quoted-printable", _markup)),
    "base64": _Proofs(partial(_decoded, "base64", _text), partial(_decoded, "base64", _markup)),
}
