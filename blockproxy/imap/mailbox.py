"""What one connection remembers about the selected mailbox, all of it bounded and gone with the next SELECT."""

from collections import OrderedDict

from blockproxy.imap import structure
from blockproxy.imap.structure import Node

MAX_REMEMBERED = 1024  # messages; more than a client reads in parts at a time
MAX_STRUCTURE = 64 * 1024  # octets; a message with some 300 parts
# octets; a client that reads an attachment in substrings would otherwise cost the whole of it each time, and 25 MB,
# the usual limit of providers, are 34 MB of base64
MAX_CACHED = 40 * 1024 * 1024


class Mailbox:
    """The selected mailbox: its name, UIDVALIDITY, and what was seen of its messages.

    `uids` maps sequence numbers to UIDs and is forgotten with every EXPUNGE.
    """

    __slots__ = ("_sections", "_size", "_structures", "name", "uids", "uidvalidity")

    def __init__(self, name: bytes = b"") -> None:
        self.name = b"INBOX" if name.upper() == b"INBOX" else name
        self.uidvalidity: int | None = None
        self.uids: dict[int, int] = {}
        self._structures: OrderedDict[int, bytes] = OrderedDict()
        self._sections: OrderedDict[tuple[int, bytes], bytearray | None] = OrderedDict()
        self._size = 0

    def number(self, sequence: int, uid: int) -> None:
        """Learn the UID of a message."""
        if len(self.uids) >= MAX_REMEMBERED:
            self.uids.clear()
        self.uids[sequence] = uid

    def describe(self, uid: int, raw: bytes) -> None:
        """Learn the BODYSTRUCTURE of a message."""
        if len(raw) <= MAX_STRUCTURE:
            self._structures[uid] = raw
            while len(self._structures) > MAX_REMEMBERED // 8:
                self._structures.popitem(last=False)

    def structure(self, uid: int | None) -> Node | None:
        """What is known about the parts of a message."""
        raw = None if uid is None else self._structures.get(uid)
        return None if raw is None else structure.parse(raw)

    def keep(self, uid: int, key: bytes, section: bytearray | None) -> None:
        """Keep a cleaned section for the substrings to come; None says that it passes unchanged."""
        self._size -= len(self._sections.pop((uid, key), None) or b"")
        self.make_room(len(section or b""))
        self._size += len(section or b"")
        self._sections[uid, key] = section

    def make_room(self, octets: int) -> None:
        """Forget what was not used for longest, so that a section of so many octets can be kept."""
        while self._sections and (self._size + octets > MAX_CACHED or len(self._sections) >= MAX_REMEMBERED):
            self._size -= len(self._sections.popitem(last=False)[1] or b"")

    def knows(self, uid: int, key: bytes) -> bool:
        """Whether the section is kept."""
        return (uid, key) in self._sections

    def section(self, uid: int, key: bytes) -> bytearray | None:
        """The section that was kept."""
        self._sections.move_to_end((uid, key))
        return self._sections[uid, key]
