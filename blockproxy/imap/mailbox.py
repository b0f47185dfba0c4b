"""What one connection knows about the selected mailbox, all of it bounded and gone with the next SELECT."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable

from blockproxy.imap import structure
from blockproxy.imap.memory import MAX_REMEMBERED, Key, Memory
from blockproxy.imap.structure import Node

Version = Callable[[], Hashable]
"""What the cleaned form of a section depends on beside its octets: it changes when that changes."""

MAX_STRUCTURE = 64 * 1024  # octets; a message with some 300 parts


class Mailbox:
    """The selected mailbox: its name, UIDVALIDITY, and what was seen of its messages.

    `uids` maps sequence numbers to UIDs and is forgotten with every EXPUNGE. Cleaned sections are kept in `memory`, for
    whoever has the same `login` and cleans by the same `version`. Of a mailbox that holds the reader's `own` mail the
    receipt requests are the reader's.
    """

    __slots__ = ("_alone", "_memory", "_owner", "_structures", "_version", "late", "name", "own", "uids", "uidvalidity")

    def __init__(
        self,
        name: bytes = b"",
        memory: Memory | None = None,
        login: bytes | None = None,
        version: Version = lambda: 0,
        *,
        own: bool = False,
    ) -> None:
        self.name = b"INBOX" if name.upper() == b"INBOX" else name
        self.own = own
        self.late = False  # the server tells UIDs behind the content
        self.uidvalidity: int | None = None
        self.uids: dict[int, int] = {}
        self._memory = Memory() if memory is None else memory
        self._alone = object()  # what cannot be told from another mailbox's belongs to nobody else
        self._owner: Hashable = self._alone if login is None else login
        self._version = version
        self._structures: OrderedDict[int, bytes] = OrderedDict()

    def number(self, sequence: int, uid: int) -> None:
        """Learn the UID of a message."""
        if len(self.uids) >= MAX_REMEMBERED:
            self.uids.clear()
        self.uids[sequence] = uid

    def learn_late(
        self, sequence: int, uid: int, sections: Iterable[tuple[bytes, bytearray | None]], since: Hashable = None
    ) -> None:
        """Learn a UID that the server told behind the content, and so whose sections those were."""
        self.late = True
        self.number(sequence, uid)
        for key, section in sections:
            self.keep(uid, key, section, since)

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

    def keep(self, uid: int, key: bytes, section: bytearray | None, since: Hashable = None) -> None:
        """Keep a cleaned section for the substrings to come; None says that it passes unchanged.

        What began when it was kept for somebody else, `since`, was treated as mail is no longer treated now.
        """
        whose = self.whose()
        if since is None or since == whose:
            self._memory.keep(whose, self._key(uid, key), section)

    def make_room(self, octets: int) -> None:
        """Forget what was not used for longest, so that a section of so many octets can be kept."""
        self._memory.make_room(self.whose(), octets)

    def kept(self, uid: int, key: bytes) -> tuple[bytearray | None] | None:
        """The section that is kept, in a tuple of one; None where there is none."""
        return self._memory.find(self.whose(), self._key(uid, key))

    def whose(self) -> Hashable:
        """For whom sections are kept now: a login, and how its mail is treated."""
        return self._alone if self.uidvalidity is None else self._owner, self._version()

    def _key(self, uid: int, key: bytes) -> Key:
        return self.name, self.uidvalidity or 0, uid, key
