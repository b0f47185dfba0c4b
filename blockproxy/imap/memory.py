"""What the connections to one server remember together: cleaned sections, for the substrings that are still to come.

A client that reads a message in substrings costs the server each section once, on whichever connection it goes on.
Everything is bounded, for each login and for all of them.
"""

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

MAX_REMEMBERED = 1024  # sections, or messages; more than a client reads in parts at a time
# octets for one login; a client that reads an attachment in substrings would otherwise cost the whole of it each time,
# and 25 MB, the usual limit of providers, are 34 MB of base64
MAX_CACHED = 40 * 1024 * 1024
MAX_SHARED = 256 * 1024 * 1024  # octets for all of them; some six of the largest messages, hundreds of usual ones
MAX_AGE = 20  # ticks without use; with the shell's 30 seconds these are ten minutes, longer than a download pauses
MAX_LOGINS = 10_000  # of which is known where they keep their own mail
ENTRY = 256  # octets that an entry costs beside its section

Key = tuple[bytes, int, int, bytes]
"""Mailbox, UIDVALIDITY, UID, section."""


class Shelf:
    """The sections of one login, in the order of their use."""

    __slots__ = ("sections", "size", "used")

    def __init__(self) -> None:
        self.sections: OrderedDict[Key, bytearray | None] = OrderedDict()
        self.size = 0
        self.used = 0

    def put(self, key: Key, section: bytearray | None) -> int:
        """Add; by how many octets it has grown."""
        grown = ENTRY + len(section or b"")
        self.sections[key] = section
        self.size += grown
        return grown

    def drop(self, key: Key) -> int:
        """Remove, if it is there; by how many octets it has grown."""
        if key not in self.sections:
            return 0
        grown = -ENTRY - len(self.sections.pop(key) or b"")
        self.size += grown
        return grown

    def drop_oldest(self) -> int:
        """Remove what was not used for longest; by how many octets it has grown."""
        return self.drop(next(iter(self.sections)))


class Memory:
    """Cleaned sections by owner (who logged in, and by which rules it was cleaned).

    For several threads it needs a `lock`, a reentrant one.
    """

    def __init__(self, limit: int = MAX_SHARED, lock: AbstractContextManager[Any] | None = None) -> None:
        self._limit = limit
        self._shelves: OrderedDict[Hashable, Shelf] = OrderedDict()
        self._size = 0
        self._names: dict[Hashable, set[bytes]] = {}
        self._tick = 0
        self._lock = nullcontext() if lock is None else lock

    @property
    def size(self) -> int:
        """Octets that are kept."""
        return self._size

    def names(self, login: Hashable) -> set[bytes]:
        """The mailboxes with the own mail of a login, to be filled by whoever learns of them."""
        with self._lock:
            if len(self._names) >= MAX_LOGINS:
                self._names.clear()
            return self._names.setdefault(login, set())

    def keep(self, owner: Hashable, key: Key, section: bytearray | None) -> None:
        """Keep a cleaned section; None says that it passes unchanged."""
        with self._lock:
            shelf = self._shelf(owner)
            self._size += shelf.drop(key)
            self.make_room(owner, len(section or b""))
            self._size += shelf.put(key, section)
            while self._size > self._limit:
                self._drop_oldest(owner)

    def make_room(self, owner: Hashable, octets: int) -> None:
        """Forget of this owner what was not used for longest, so that a section of so many octets can be kept."""
        with self._lock:
            shelf = self._shelf(owner)
            while shelf.sections and (
                shelf.size + ENTRY + octets > MAX_CACHED or len(shelf.sections) >= MAX_REMEMBERED
            ):
                self._size += shelf.drop_oldest()

    def find(self, owner: Hashable, key: Key) -> tuple[bytearray | None] | None:
        """The section that is kept, in a tuple of one; None where there is none."""
        with self._lock:
            shelf = self._shelves.get(owner)
            if shelf is None or key not in shelf.sections:
                return None
            self._shelf(owner).sections.move_to_end(key)
            return (shelf.sections[key],)

    def tick(self) -> None:
        """Time passes: what nobody asks for any more is forgotten."""
        with self._lock:
            self._tick += 1
            while self._shelves:
                owner, shelf = next(iter(self._shelves.items()))
                if shelf.used > self._tick - MAX_AGE:
                    break
                self._size -= self._shelves.pop(owner).size

    def _shelf(self, owner: Hashable) -> Shelf:
        shelf = self._shelves.setdefault(owner, Shelf())
        shelf.used = self._tick
        self._shelves.move_to_end(owner)
        return shelf

    def _drop_oldest(self, spared: Hashable) -> None:
        owner = next(iter(self._shelves))
        shelf = self._shelves[owner]
        if shelf.sections:  # room may have been made for a section that never came
            self._size += shelf.drop_oldest()
        if not shelf.sections and owner != spared:
            del self._shelves[owner]
