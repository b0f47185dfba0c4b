"""What FETCH names: whole messages, headers, texts and numbered parts. RFC 9051, section 6.4.5.

`Section` is what the machine tells whoever wants to change content; it knows nothing about why.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from blockproxy.model import Entity, Scope


class Late:
    """The UID of a message that a server tells behind the content, or never."""

    __slots__ = ("known", "uid")

    def __init__(self) -> None:
        self.uid: int | None = None
        self.known = False

    def settle(self, uid: int | None) -> None:
        """The answer is complete."""
        self.uid, self.known = uid, True


class Section(NamedTuple):
    """A section whose octets are about to arrive.

    `entity` is None for a body whose kind is unknown: nothing sound can be done with it. `part` is the number of the
    MIME part, "" for the message itself. `header` holds the fields From, Sender and List-Id of the message where they
    are known and not part of the section. Where `uid` is None, `late` may know it when the answer is complete. In a
    mailbox of the reader's `own` mail, receipts are the reader's to ask for.
    """

    scope: Scope
    entity: Entity | None = None
    part: str = ""
    uid: int | None = None
    mailbox: bytes = b""
    uidvalidity: int | None = None
    header: bytes = b""
    late: Late | None = None
    own: bool = False


class SectionFilter(Protocol):
    """Changes a section as it passes. `feed` and `close` return together exactly as many octets as were fed."""

    def feed(self, data: bytes, /) -> bytes:
        """Take the next octets, give those that can go."""

    def close(self) -> bytes:
        """The section is complete: give the rest."""


OpenSection = Callable[[Section], SectionFilter | None]
Passes = Callable[[bytes, int, int], bool]
"""Whether the whole message in octets, between two offsets, is sure to pass as it is: then no filter is opened."""


class Name(NamedTuple):
    """A data item of FETCH. `key` is the same for every spelling: upper case, no PEEK, no origin, no quotes,
    the names of header fields in the order of the alphabet.

    `scope` is None for an item without content. Content that cannot be understood (`BODY[1.NONSENSE]`) has scope BODY
    and is `opaque`. `decoded` content comes without its transfer encoding (`BINARY[1]`, RFC 3516).
    """

    key: bytes
    scope: Scope | None = None
    part: str = ""
    text: bool = False  # BODY[TEXT], BODY[1.TEXT]
    origin: int | None = None
    opaque: bool = False
    decoded: bool = False

    @property
    def needs_structure(self) -> bool:
        """Whether its octets say nothing about their own type and encoding."""
        return self.scope is Scope.BODY and not self.opaque


MAX_KNOWN = 1024  # octets of a name that is remembered as read; the longest lists of header fields have 400
_PART = re.compile(rb"\d{1,9}(?:\.\d{1,9})*")
_NAME = re.compile(rb"([^\[<]+)(?:\[(.*)\])?(?:<(\d+)(?:\.\d+)?>)?\Z", re.DOTALL)
_SPEC = re.compile(rb"(\d{1,9}(?:\.\d{1,9})*)?\.?(HEADER(?:\.FIELDS(?:\.NOT)? .*)?|TEXT|MIME)?\Z", re.DOTALL)
_RFC822 = {
    b"RFC822": Name(b"RFC822", Scope.MESSAGE),
    b"RFC822.HEADER": Name(b"RFC822.HEADER", Scope.HEADER),
    b"RFC822.TEXT": Name(b"RFC822.TEXT", Scope.BODY, text=True),
}


def named(item: bytes) -> Name:
    """Read the name of a data item as a client asks for it or a server answers it: `BODY.PEEK[1.TEXT]<0>`."""
    return (_named if len(item) > MAX_KNOWN else _known)(item)


def _named(item: bytes) -> Name:
    match = _NAME.match(item.upper())
    if match is None:
        return Name(item)
    base, spec, origin = match.groups()
    if spec is None:
        return _RFC822.get(base, Name(base))
    at = None if origin is None else int(origin)
    match base.removesuffix(b".PEEK"):
        case b"BINARY":
            return _binary(spec, at)
        case b"BINARY.SIZE":
            return Name(base + b"[" + spec + b"]")
        case b"BODY":
            pass
        case _:
            return Name(item.upper(), Scope.BODY, origin=at, opaque=True)
    kind, *fields = spec.replace(b'"', b"").replace(b"(", b" ").replace(b")", b" ").split() or [b""]
    # The order of field names means nothing, and pymap answers in its own.
    spec = b" ".join([kind, *sorted(set(fields))])
    return _body(b"BODY[" + spec + b"]", spec, at)


_known = lru_cache(maxsize=1024)(_named)


def _binary(spec: bytes, origin: int | None) -> Name:
    key = b"BINARY[" + spec + b"]"
    if not spec:
        return Name(key, Scope.MESSAGE, origin=origin, decoded=True)
    sound = _PART.fullmatch(spec) is not None
    return Name(key, Scope.BODY, spec.decode() if sound else "", origin=origin, opaque=not sound, decoded=True)


def _body(key: bytes, spec: bytes, origin: int | None) -> Name:
    match = _SPEC.match(spec)
    if match is None:
        return Name(key, Scope.BODY, origin=origin, opaque=True)
    part, kind = (match[1] or b"").decode(), match[2] or b""
    # A MIME header is one too: for the only part of a message Dovecot gives the message's whole header.
    if kind.startswith(b"HEADER") or kind == b"MIME":
        return Name(key, Scope.HEADER, part, origin=origin)
    scope = Scope.BODY if kind or part else Scope.MESSAGE
    return Name(key, scope, part, text=kind == b"TEXT", origin=origin)
