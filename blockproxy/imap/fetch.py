"""FETCH commands: what a client asks for, and what the server is asked instead. RFC 9051, section 6.4.5.

A command is widened in place, under the client's own tag: a substring becomes its whole section, and what it takes to
read a section (UID, BODYSTRUCTURE, three header fields) is asked for with it. `answer` takes the extra out again. No
command of our own stands between the client's, because its answers could bring EXPUNGE at a forbidden time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from blockproxy.imap.sections import Name, named
from blockproxy.model import Scope

MAX_KNOWN = 1024  # octets of data items whose plan is remembered; Thunderbird's longest have 400

CONTEXT = b"BODY.PEEK[HEADER.FIELDS (From Sender List-Id)]"
CONTEXT_KEY = named(CONTEXT).key

# Everything else might be content that nothing here understands; a client that asks for it gets BAD.
_WITHOUT_CONTENT = frozenset(
    b"ALL BODY BODYSTRUCTURE EMAILID ENVELOPE FAST FLAGS FULL INTERNALDATE MODSEQ PREVIEW RFC822.SIZE SAVEDATE SNIPPET "
    b"THREADID UID X-GM-LABELS X-GM-MSGID X-GM-THRID".split()
)
SIMPLE = re.compile(
    rb'([^\x00-\x20(){%*"\\+\x7f]+) (UID )?FETCH ([0-9:,*]+) (\([^(){}"\r\n]*\)|[^(){}" \r\n]+)\r\n\Z', re.IGNORECASE
)
"""The usual FETCH: tag, `UID `, sequence set, data items."""

_COMMAND = re.compile(rb"[^ ]+ (?:UID ++)?FETCH ++([^ ()\r\n]++) ++(.*)\r\n\Z", re.IGNORECASE | re.DOTALL)
_EMPTY = re.compile(rb"[^ ]+ (?:UID ++)?FETCH *+[^ ()\r\n]*+ *+\r\n\Z", re.IGNORECASE)
_ITEM = re.compile(
    rb'([A-Z][A-Z0-9.-]*(?:\[(?:[^\]\["{}\r\n]|"(?:[^"\\\r\n]|\\.)*+")*+\])?)'
    rb"(?:<(\d{1,19})\.(\d{1,19})>)?"
    rb"(?: \((?:LAZY|FUZZY|LAZY=FUZZY)\))?",  # PREVIEW and SNIPPET
    re.IGNORECASE,
)
_MODIFIERS = re.compile(rb" *(?:\([^()\r\n]*(?:\([^()\r\n]*\)[^()\r\n]*)*\))?\Z")


class Window(NamedTuple):
    """The octets of a section that a client asked for."""

    start: int
    octets: int


class Item(NamedTuple):
    """One data item of a command: as written, without its window, what it names, its window."""

    raw: bytes
    bare: bytes
    name: Name
    window: Window | None


class Asked(NamedTuple):
    """The data items of a command, and the modifiers behind them (RFC 4466) with the space in front."""

    items: tuple[Item, ...]
    modifiers: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What the server is asked, and how its answer differs from the one that the client expects.

    `keys` are the sections that the answer contains. `windows` holds, for a section asked in substrings, one entry for
    each time it was asked; None is the whole. `added` are the keys that the client did not ask for. With `explained`
    there are bodies in the answer, and a BODYSTRUCTURE for them.
    """

    arguments: bytes
    keys: frozenset[bytes]
    windows: Mapping[bytes, tuple[Window | None, ...]]
    added: frozenset[bytes]
    explained: bool
    changed: bool


@dataclass(slots=True)
class Request:
    """A FETCH in flight: its plan, and for the message `uid` the cleaned sections that are already here.

    A section that is `known` as None passes unchanged. `answered` holds the sequence numbers of the messages that the
    server has spoken of. A `standing` one stays in flight (NOTIFY).
    """

    plan: Plan
    messages: bytes = b"1:*"
    by_uid: bool = False
    uid: int | None = None
    known: Mapping[bytes, bytearray | None] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    standing: bool = False

    def covers(self, sequence: int, uid: int | None) -> bool:
        """Whether it asks for this message, as far as that can be told."""
        number = uid if self.by_uid else sequence
        return number is None or any(_within(number, part) for part in self.messages.split(b","))


def _within(number: int, part: bytes) -> bool:
    """Whether a range such as `7` or `3:9` includes the number; `*` and `$` may be any (RFC 9051, section 9)."""
    ends = [int(end) for end in part.split(b":") if end.isdigit()]
    if b"*" in part or b"$" in part:
        return True
    return bool(ends) and min(ends) <= number <= max(ends)


def arguments(raw: bytes) -> tuple[bytes, bytes, bytes] | None:
    """A FETCH command up to its data items, its sequence set, its items and modifiers; None when it cannot be read."""
    match = _COMMAND.match(raw)
    return None if match is None else (raw[: match.start(2)], match[1], match[2].rstrip(b" "))


def asks_nothing(raw: bytes) -> bool:
    """Whether a FETCH command is so short that it names no data item: the server may say so itself."""
    return _EMPTY.match(raw) is not None


def asked(text: bytes, passed: frozenset[bytes] = frozenset()) -> Asked | None:
    """Read data items and modifiers; None for what the machine does not understand.

    Items whose names are in `passed` (in upper case) are taken without being understood.
    """
    read = listed(text, 0, passed) if text.startswith(b"(") else _single(text, passed)
    if read is None:
        return None
    items, position = read
    return Asked(items, text[position:]) if _MODIFIERS.match(text, position) else None


def listed(text: bytes, start: int, passed: frozenset[bytes] = frozenset()) -> tuple[tuple[Item, ...], int] | None:
    """The data items of the list whose `(` is at `start`, and where it ends; None where not all are understood."""
    position = start + 1
    items: list[Item] = []
    while match := _ITEM.match(text, position):
        item = _understood(match, passed)
        if item is None:
            return None
        items.append(item)
        position = match.end()
        while text[position : position + 1] == b" ":
            position += 1
    return (tuple(items), position + 1) if items and text[position : position + 1] == b")" else None


def _single(text: bytes, passed: frozenset[bytes]) -> tuple[tuple[Item, ...], int] | None:
    match = _ITEM.match(text)
    item = None if match is None else _understood(match, passed)
    return None if match is None or item is None else ((item,), match.end())


def _understood(match: re.Match[bytes], passed: frozenset[bytes]) -> Item | None:
    name = named(match[1])
    strange = name.opaque or (name.scope is None and name.key not in _WITHOUT_CONTENT and b"[" not in name.key)
    if strange and name.key.partition(b"[")[0] not in passed:
        return None
    window = None if match[2] is None else Window(int(match[2]), int(match[3]))
    return Item(match[0], match[1], name, window)


def plan(text: bytes, by_uid: bool, passed: frozenset[bytes] = frozenset()) -> Plan | None:
    """The plan for a command of which nothing is known yet; None for what the machine does not understand."""
    return (_plan if len(text) > MAX_KNOWN else _known_plan)(text, by_uid, passed)


def _plan(text: bytes, by_uid: bool, passed: frozenset[bytes]) -> Plan | None:
    wanted = asked(text, passed)
    return None if wanted is None else widen(wanted, by_uid, {})


_known_plan = lru_cache(maxsize=256)(_plan)


def widen(wanted: Asked, by_uid: bool, known: Mapping[bytes, bytearray | None]) -> Plan:
    """Make the plan. `by_uid` says that the answer has the UID anyway, `known` which sections need not come again."""
    names = [item.name for item in wanted.items]
    extra = _extra(names, by_uid, known)
    added = frozenset(named(item).key for item in extra)
    explained = any(name.needs_structure and name.key not in known for name in names)
    windows = _windows(wanted, known)
    items = [_upstream(item, known) for item in wanted.items]
    return Plan(
        b"(" + b" ".join([*extra, *items]) + b")" + wanted.modifiers,
        frozenset(name.key for name in names if name.scope is not None) | (added & {CONTEXT_KEY}),
        windows,
        added,
        explained,
        bool(extra or windows or known),
    )


def _extra(names: list[Name], by_uid: bool, known: Mapping[bytes, bytearray | None]) -> list[bytes]:
    """Items to ask in addition, UID in front: Thunderbird files a body under the wrong header otherwise."""
    content = [name for name in names if name.scope is not None]
    present = {name.key for name in names}
    extra = []
    if content and not by_uid:
        extra.append(b"UID")
    if any(name.needs_structure and name.key not in known for name in content):
        extra.append(b"BODYSTRUCTURE")
        if not any(map(_tells_sender, content)):
            extra.append(CONTEXT)
    return [item for item in extra if named(item).key not in present]


def _tells_sender(name: Name) -> bool:
    if name.part or name.scope is Scope.BODY:
        return False
    return b"HEADER.FIELDS " not in name.key or b"FROM" in name.key.strip(b"]").split(b" ")


def _windows(wanted: Asked, known: Mapping[bytes, bytearray | None]) -> dict[bytes, tuple[Window | None, ...]]:
    cut = {item.name.key for item in wanted.items if item.window and item.name.scope is not None}
    return {
        key: tuple(item.window for item in wanted.items if item.name.key == key)
        for key in cut
        if known.get(key, key) is not None
    }


def _upstream(item: Item, known: Mapping[bytes, bytearray | None]) -> bytes:
    if item.window is None or item.name.scope is None:
        return item.raw
    if item.name.key not in known:
        return item.bare
    # One octet keeps the item in its place and its effect on \Seen.
    return item.raw if known[item.name.key] is None else item.bare + b"<0.1>"
