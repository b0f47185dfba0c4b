"""FETCH answers on their way to the client. RFC 9051, section 7.5.2.

Read item by item in whatever order they come, whether anybody asked for them or not. Content passes through a filter,
what the client did not ask for is left out, a section is cut to the substring that was asked; every other octet is the
server's own. Literals are not held.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from blockproxy.errors import PeerError, Side
from blockproxy.imap import structure
from blockproxy.imap.content import Splice, Stream, bounds, filtered, string
from blockproxy.imap.fetch import CONTEXT_KEY, Request, Window
from blockproxy.imap.mailbox import Mailbox
from blockproxy.imap.memory import MAX_CACHED
from blockproxy.imap.sections import Late, Name, OpenSection, Section, SectionFilter, named
from blockproxy.imap.structure import Node
from blockproxy.imap.syntax import unquote
from blockproxy.model import Entity, Scope

MAX_COLLECTED = 1024 * 1024  # octets of a BODYSTRUCTURE, or of a header that is read for the sender's name

HEAD = re.compile(rb"\* ++(\d+) ++(?:UID)?FETCH *+\(", re.IGNORECASE)
CONTENT = re.compile(rb"BODY|BINARY|RFC822(?!\.SIZE)", re.IGNORECASE)
"""Found in every answer that has content in it."""

_ITEM = re.compile(
    rb' *+([^\s()\[\]"{]++(?:\[(?:[^\]"{]|"(?:[^"\\]|\\.)*+")*+\](?:<\d+>)?)?) ++'
    rb'(?:(~?\{\d+\+?\}\r?\n)|"((?:[^"\\]|\\.)*+)"|(\([^()"{]*+\)|[^\s()"{]++)|(\())',
    re.DOTALL,
)
_NESTING = re.compile(rb'[()]|"(?:[^"\\]|\\.)*+"', re.DOTALL)
_STEP = {b"(": 1, b")": -1}


class Answer:
    """One `* n FETCH (...)`: its lines, and between them the octets of its literals, come out as the client's."""

    def __init__(self, mailbox: Mailbox, request: Request | None, open_section: OpenSection) -> None:
        self._mailbox = mailbox
        self._request = request
        self._open = open_section
        self.structure: Node | None = None
        self._since = mailbox.whose()
        self._begun = False
        self._lost = False  # something was not understood: the rest passes
        self._head = b""  # `* n FETCH (`, until the first item that the client gets
        self._dropped = False
        self._added: frozenset[bytes] = frozenset()
        self._taken: dict[bytes, int] = {}
        self._sequence = 0
        self._uid: int | None = None
        self._late: Late | None = None
        self._unkept: list[tuple[bytes, bytearray | None]] = []  # cleaned sections of a message that is not known yet
        self._again: dict[bytes, tuple[bytes, bytes | bytearray]] = {}  # of sections asked for repeatedly: item, octets
        self._context = bytearray()
        # Of the item whose list or literal goes on:
        self._depth = 0
        self._drop = False
        self._collect: bytearray | None = None
        self._stream: Stream | Splice | None = None

    def line(self, raw: bytes, literal: int | None) -> bytes:
        """Take the first or next line of the answer; give what can go."""
        pieces: list[bytes] = []
        position = 0
        self._stream = None
        if not self._begun:
            position = self._begin(raw, literal)
        elif self._depth:
            position = self._list(raw, 0, pieces)
        while not self._depth and not self._lost and (match := _ITEM.match(raw, position)):
            position = match.end()
            self._item(match, pieces)
            if match[5] is not None:
                self._depth = 1
                position = self._list(raw, position, pieces)
        if position < len(raw):
            self._rest(raw[position:], pieces)
        if literal is None and (self._late is not None or self._unkept):
            self._settle()
        if self._stream is None:
            return b"".join(pieces)
        self._stream.lead = b"".join(pieces)
        return b""

    def _settle(self) -> None:
        """The answer is complete; it may have said behind the content whose it was."""
        if self._late is not None:
            self._late.settle(self._uid)
        if self._uid is not None:
            self._mailbox.learn_late(self._sequence, self._uid, self._unkept, self._since)

    def resume(self, uid: int | None, late: Late | None) -> None:
        """The first line was taken by somebody else."""
        self._begun = True
        self._uid, self._late = uid, late

    def data(self, data: bytes, last: bool) -> bytes:
        """Take octets of the literal that the last line announced; give what can go."""
        if self._collect is not None and len(self._collect) < MAX_COLLECTED:
            self._collect += data
        if self._stream is not None:
            return self._stream.feed(data, last)
        return b"" if self._drop else data

    def _begin(self, raw: bytes, literal: int | None) -> int:
        match = HEAD.match(raw)
        if match is None:
            raise ValueError("not the first line of a FETCH answer")
        self._begun = True
        self._sequence = int(match[1])
        self._head = match[0]
        # An answer without content is the server's own news (flags), and keeps its UID.
        if self._request is not None and (literal is not None or CONTENT.search(raw)):
            self._added = self._request.plan.added
        return match.end()

    def _item(self, match: re.Match[bytes], pieces: list[bytes]) -> None:
        name = named(match[1])
        self._drop = name.key in self._added
        self._collect = None
        text = match[0]
        if name.scope is not None:
            text = self._content(name, match)
        elif name.key == b"UID" and match[4] is not None and match[4].isdigit():
            self._uid = int(match[4])
        elif name.key == b"BODYSTRUCTURE" and match[5] is not None:
            self._collect = bytearray(b"(")
        self._emit(text, pieces)

    def _emit(self, text: bytes, pieces: list[bytes]) -> None:
        if self._drop:
            self._dropped = True
            return
        if self._head:
            pieces.append(self._head)
            self._head = b""
            text = text.lstrip(b" ")
        pieces.append(text)

    def _list(self, raw: bytes, start: int, pieces: list[bytes]) -> int:
        """Pass over a parenthesized list from `start` to its end or to a literal in it; give the position there."""
        end = len(raw)
        for match in _NESTING.finditer(raw, start):
            self._depth += _STEP.get(match[0], 0)
            if not self._depth:
                end = match.end()
                break
        text = raw[start:end]
        if not self._drop:
            pieces.append(text)
        if self._collect is not None:
            self._collect += text
            if not self._depth:
                self._describe(bytes(self._collect))
        return end

    def _rest(self, text: bytes, pieces: list[bytes]) -> None:
        self._drop = False
        if not text.lstrip(b" ").startswith(b")"):
            self._lost = True
        elif self._head and self._dropped:
            return  # there was nothing in it for the client
        else:
            pieces += self._repeated()
        self._emit(text, pieces)

    def _repeated(self) -> Iterator[bytes]:
        """A section that was asked for in several substrings, and that the server gave once: the rest of them."""
        request = self._request
        total = 0
        for key, (label, octets) in self._again.items():
            windows = () if request is None else request.plan.windows[key]
            for window in windows[self._taken[key] :]:
                start, stop = bounds(len(octets), window)
                total += stop - start
                if total > MAX_CACHED:
                    raise PeerError(Side.CLIENT, f"substrings of a section have at most {MAX_CACHED} octets together")
                origin = b"" if window is None else b"<%d>" % window.start
                yield b"%b%b {%d}\r\n%b" % (label, origin, stop - start, bytes(octets[start:stop]))

    def _describe(self, raw: bytes) -> None:
        self._collect = None
        self.structure = structure.parse(raw)
        if self._uid is not None:
            self._mailbox.describe(self._uid, raw)

    def _content(self, name: Name, match: re.Match[bytes]) -> bytes:
        """A content item as the client gets it; of a literal, its announcement."""
        if name.scope is Scope.HEADER and not name.part and (not self._context or name.key == CONTEXT_KEY):
            self._collect = self._context
            self._context += unquote(match[3] or b"")
        if self._drop:
            return b""
        if self._uid is not None:
            self._mailbox.number(self._sequence, self._uid)
        window, known = self._window(name.key), self._known(name.key)
        label = match[0][: match.end(1) - match.start()]
        if window is not None:
            label = label.split(b"<")[0] + b"<%d>" % window.start
        if match[2] is not None:
            return label + b" " + self._literal(name, label, match[2], window, known)
        if match[3] is None:  # NIL
            return label + match[0][match.end(1) - match.start() :]
        octets = self._quoted(name, unquote(match[3])) if known is None else bytes(known)
        self._remember(name.key, label, octets)
        start, stop = bounds(len(octets), window)
        return label + b" " + string(octets[start:stop])

    def _literal(
        self, name: Name, label: bytes, announced: bytes, window: Window | None, known: bytearray | None
    ) -> bytes:
        """Get ready for a literal; its announcement."""
        length = int(announced.strip(b"~{+}\r\n"))
        start, stop = bounds(length if known is None else len(known), window)
        if known is not None:
            self._remember(name.key, label, known)
            self._stream = Splice(bytes(memoryview(known)[start:stop]))
        elif not self._unchanged(name.key):
            self._stream = self._opened(name, label, length, window)
        eighth = b"~" if announced.startswith(b"~") else b""
        return announced if window is None else b"%b{%d}\r\n" % (eighth, stop - start)

    def _remember(self, key: bytes, label: bytes, octets: bytes | bytearray) -> None:
        if self._asked_again(key):
            self._again.setdefault(key, (b" " + label.lstrip(b" ").split(b"<")[0], octets))

    def _asked_again(self, key: bytes) -> bool:
        return self._request is not None and len(self._request.plan.windows.get(key, ())) > 1

    def _opened(self, name: Name, label: bytes, length: int, window: Window | None) -> Stream | None:
        section_filter = self._filter(name)
        if self._asked_again(name.key) and length <= MAX_CACHED:
            return Stream(length, section_filter, window, self._keeper(name.key, label, length))
        if window is None:
            return None if section_filter is None else Stream(length, section_filter, None)
        keep = None
        if section_filter is None:
            self._keep(name.key, None)
        elif length <= MAX_CACHED:
            self._mailbox.make_room(length)
            keep = partial(self._keep, name.key)
        return Stream(length, section_filter, window, keep)

    def _keep(self, key: bytes, octets: bytearray | None) -> None:
        if self._uid is not None:
            self._mailbox.keep(self._uid, key, octets, self._since)
        else:
            self._unkept.append((key, octets))

    def _keeper(self, key: bytes, label: bytes, length: int) -> Callable[[bytearray], None]:
        """Keeps a section that was asked for repeatedly, for this answer and for the next ones."""
        self._mailbox.make_room(length)

        def keep(octets: bytearray) -> None:
            self._remember(key, label, octets)
            self._keep(key, octets)

        return keep

    def _quoted(self, name: Name, octets: bytes) -> bytes:
        """A section that came as a quoted string, through its filter."""
        return filtered(octets, None if self._unchanged(name.key) else self._filter(name))

    def _filter(self, name: Name) -> SectionFilter | None:
        sound = name.origin is None and not name.opaque and name.scope is not None
        uid = self._identity()
        if uid is None and self._late is None:
            self._late = Late()
        scope = name.scope if sound and name.scope is not None else Scope.BODY
        return self._open(
            Section(
                scope,
                self._entity(name) if sound else None,
                name.part,
                uid,
                self._mailbox.name,
                self._mailbox.uidvalidity,
                bytes(self._context) if scope is Scope.BODY else b"",
                self._late,
                self._mailbox.own,
            )
        )

    def _entity(self, name: Name) -> Entity | None:
        node = (self.structure or self._mailbox.structure(self._uid)) if name.needs_structure else None
        if node is None:
            return None
        entity = node.text(name.part) if name.text else node.part(name.part)
        return structure.decoded(entity) if name.decoded and entity is not None else entity

    def _window(self, key: bytes) -> Window | None:
        """The window for this occurrence of a section: a client may ask for the same one several times."""
        windows = () if self._request is None else self._request.plan.windows.get(key, ())
        turn = self._taken.get(key, 0)
        self._taken[key] = turn + 1
        return windows[turn] if turn < len(windows) else None

    def _known(self, key: bytes) -> bytearray | None:
        request = self._request
        if request is None or request.known.get(key) is None:
            return None
        if request.uid != self._identity():
            raise PeerError(Side.SERVER, "a sequence number keeps its message during FETCH (RFC 9051, section 7.5.1)")
        return request.known[key]

    def _identity(self) -> int | None:
        """The UID, as this answer says or one before it said."""
        return self._uid if self._uid is not None else self._mailbox.uids.get(self._sequence)

    def _unchanged(self, key: bytes) -> bool:
        return self._request is not None and self._request.known.get(key, key) is None
