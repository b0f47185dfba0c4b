"""What the event log's thread does: batches in, days counted and sealed, old rows out, keys renewed."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

from blockproxy.errors import SettingsError
from blockproxy.eventlog import chain, database, keys, rollup
from blockproxy.eventlog.database import Place, Transaction
from blockproxy.eventlog.events import (
    Event,
    MessageEvent,
    Numbers,
    Pseudonyms,
    Seen,
    SkipEvent,
    finding_rows,
    message_row,
    skip_rows,
)
from blockproxy.eventlog.postgres import Server

_log = logging.getLogger(__name__)

# What sqlite3 raises when it is locked, full, read-only or corrupt; the other kinds speak of what was to be written.
THE_DATABASE = (sqlite3.OperationalError, sqlite3.DatabaseError)

WAYS_OUT = {
    "locked": "another program holds it; end that",
    "full": "make room on the disk",
    "readonly": "let the user that runs blockproxy write to it",
    "malformed": "stop blockproxy, move the file away, and start again: a new one is made",
    "not a database": "stop blockproxy, move the file away, and start again: a new one is made",
    "I/O error": "look after the disk",
}
"""What an operator can do, by a word in the message of SQLite (sqlite3_errstr)."""

DATED = ("findings", "skips", "messages", "sessions", "rolled")


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long rows are kept, and for how long a key makes the pseudonyms."""

    retention: timedelta = timedelta(days=90)
    key_lifetime: timedelta = timedelta(days=90)


class TakesNothingError(Exception):
    """The database takes nothing at the moment; the arguments are the reason and what an operator can do."""


def _way_out(reason: str) -> str:
    return next((way for word, way in WAYS_OUT.items() if word in reason), "see whether another program uses it")


class Writer:
    """The database at `path`. `key` makes the pseudonyms; without one they are made by the keys beside the database."""

    def __init__(self, path: Place, key: bytes | None, terms: Terms) -> None:
        self._path = path
        self._terms = terms
        self._own_key = key is None
        self._pseudonyms = Pseudonyms(key or keys.load(path)[0])
        self._connection = database.open_for_writing(path)
        if isinstance(path, Server):
            self._agree(path, key)
        self._kept_on: date | None = None
        self._steps: Iterator[None] = iter(())

    def _agree(self, server: Server, key: bytes | None) -> None:
        try:
            with Transaction(self._connection) as connection:
                self._pseudonyms = Pseudonyms(key or keys.agreed(server, connection, datetime.now(UTC).date()))
        except SettingsError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def write(self, batch: Sequence[Seen], numbers: Mapping[date, Iterable[Numbers]]) -> int:
        """Write `batch`, and add up `numbers` by the day; returns how many messages could not be made rows of.

        Raises TakesNothingError where the database is the reason: it may take them later.
        """
        try:
            self._insert(batch, numbers)
        except Exception as error:
            if type(error) in THE_DATABASE:
                raise TakesNothingError(str(error), _way_out(str(error))) from error
            if len(batch) < 2:
                _log.exception("the events of a message could not be written to %s", self._path)
                return len(batch)
            # One cannot be stored; the others can.
            return sum(self.write([seen], {}) for seen in batch) + self.write([], numbers)
        return 0

    def keep_house(self, today: date) -> bool:
        """Whatever a new day asks for, a small piece at a time; true where there is more to do."""
        try:
            if today != self._kept_on:
                self._renew(today)
                self._expire(today)
                self._steps = rollup.steps(self._connection, today)
                self._kept_on = today
            return next(self._steps, self) is not self
        except sqlite3.Error:
            _log.exception("the event log at %s cannot be kept in order", self._path)
            return False

    def _insert(self, batch: Sequence[Seen], numbers: Mapping[date, Iterable[Numbers]]) -> None:
        rows = [(seen, message_row(seen, self._pseudonyms)) for seen in batch]
        messages = [_MESSAGE(row) for _, row in rows]
        findings = [_FINDING(finding) for seen, row in rows for finding in finding_rows(seen, row)]
        skips = [_SKIP(skip) for seen, row in rows for skip in skip_rows(seen, row)]
        with Transaction(self._connection) as connection:
            days = {seen.day.isoformat() for seen in batch}
            rollup.undo(connection, days)
            connection.executemany(_insert("messages", MessageEvent, _ENLARGE), messages)
            connection.executemany(_insert("findings", Event, " ON CONFLICT DO NOTHING"), findings)
            connection.executemany(_insert("skips", SkipEvent, " ON CONFLICT DO NOTHING"), skips)
            counted = [(on.isoformat(), *astuple(one)) for on, several in numbers.items() for one in several]
            connection.executemany(_COUNT, counted)
            for day in days:
                if chain.is_sealed(connection, day):  # what was waiting when its day ended
                    chain.seal(connection, day, "late")

    def _renew(self, today: date) -> None:
        if self._own_key and not isinstance(self._path, Server):
            with Transaction(self._connection) as connection:
                lifetime, retention = self._terms.key_lifetime, self._terms.retention
                self._pseudonyms = Pseudonyms(keys.renewed(self._path, connection, today, lifetime, retention))

    def _expire(self, today: date) -> None:
        oldest = (today - self._terms.retention).isoformat()
        with Transaction(self._connection) as connection:
            for table in DATED:
                connection.execute(f"DELETE FROM {table} WHERE day < ?", (oldest,))  # noqa: S608
            for dimensions in range(rollup.EVERY):
                connection.execute("DELETE FROM daily WHERE dimensions = ? AND day < ?", (dimensions, oldest))


def _insert(table: str, row: type[Event] | type[SkipEvent] | type[MessageEvent], otherwise: str = "") -> str:
    names = [field.name for field in fields(row)]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}){otherwise}"  # noqa: S608


# `dataclasses.astuple` copies every value, which costs more than writing it.
_FINDING, _SKIP, _MESSAGE = (
    attrgetter(*(field.name for field in fields(row))) for row in (Event, SkipEvent, MessageEvent)
)

# A message that is read part by part is as large as its largest part that was looked at.
_ENLARGE = (
    " ON CONFLICT (message) DO UPDATE SET size = excluded.size"
    " WHERE excluded.size > messages.size AND excluded.day = messages.day"
)
_COUNT = (
    "INSERT INTO sessions (day, protocol, direction, sessions, messages, octets, lost) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (day, protocol, direction) DO UPDATE SET sessions = sessions.sessions + excluded.sessions,"
    " messages = sessions.messages + excluded.messages,"
    " octets = sessions.octets + excluded.octets, lost = sessions.lost + excluded.lost"
)
