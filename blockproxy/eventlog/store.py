"""The event log as the shells see it: `record` and forget.

One thread writes, fed by a bounded queue, many messages in one transaction. Reading mail never waits for the disk: when
the queue is full the event is dropped, counted, and the operator told.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from blockproxy.eventlog import database
from blockproxy.eventlog.events import Delivery, Event, Pseudonyms, Seen, SkipEvent, finding_rows, skip_rows
from blockproxy.model import Cleaned

MAX_WAITING = 5_000  # messages; a mailbox pulled at full speed fills it only when the disk stands still
BATCH = 500  # messages in a transaction; larger ones gain little
GATHER = 0.5  # seconds that a batch waits for more, and so the most that a crash loses
IDLE = 60.0  # seconds after which an idle writer looks whether a day has ended
PATIENCE = 10.0  # seconds that `close` waits for the disk

_log = logging.getLogger(__name__)


def _utc_day() -> date:
    return datetime.now(UTC).date()


class EventLog:
    """The database at `path`. Raises SettingsError where it cannot be opened.

    Rows of more than `retention_days` ago are deleted at the start and once a day. `key` makes the pseudonyms; without
    one it is read from, or written to, the key file beside the database.
    """

    def __init__(
        self,
        path: Path,
        key: bytes | None = None,
        *,
        retention_days: int = 90,
        today: Callable[[], date] = _utc_day,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.path = path
        self._pseudonyms = Pseudonyms(database.key(path) if key is None else key)
        self._connection = database.open_for_writing(path)
        self._retention = timedelta(days=retention_days)
        self._today = today
        self._expired_on: date | None = None
        self._waiting: queue.Queue[Seen | None] = queue.Queue(max_waiting)
        self._closed = False
        self.dropped = 0
        self._writer = threading.Thread(target=self._run, name="event log", daemon=True)
        self._writer.start()

    def record(self, cleaned: Cleaned, delivery: Delivery) -> None:
        """Keep what was found in a message. Never waits, never raises."""
        if not cleaned.findings and not cleaned.skipped:
            return
        if self._closed:
            self._count_dropped()
            return
        try:
            # Without the octets, which a reference leads to as well: a full queue must not hold a mailbox in memory.
            findings = tuple(finding._replace(reference=None) for finding in cleaned.findings)
            self._waiting.put_nowait(Seen(findings, cleaned.skipped, cleaned.origin, delivery, self._today()))
        except queue.Full:
            self._count_dropped()
        except Exception:  # noqa: BLE001 - logging must never be the reason why a message does not arrive
            _log.exception("an event was lost")

    def close(self) -> None:
        """Write everything that is waiting, then close the file. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._waiting.put(None, timeout=PATIENCE)
        except queue.Full:
            _log.error("the event log does not take its last %d messages", self._waiting.qsize())
        self._writer.join(PATIENCE)

    def _count_dropped(self) -> None:
        self.dropped += 1
        if self.dropped & (self.dropped - 1) == 0:  # 1, 2, 4, 8, ...: told at once, and not a line each
            _log.warning("the event log is too slow or closed: the events of %d messages are lost", self.dropped)

    def _run(self) -> None:
        last = False
        while not last:
            self._expire()
            batch, last = self._gather()
            if batch:
                self._write(batch)
        self._connection.close()

    def _gather(self) -> tuple[list[Seen], bool]:
        """What is waiting, up to a batch, and whether it is the last there will ever be."""
        batch: list[Seen] = []
        deadline = time.monotonic() + IDLE
        while len(batch) < BATCH:
            try:
                seen = self._waiting.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if seen is None:
                return batch, True
            if not batch:
                deadline = time.monotonic() + GATHER
            batch.append(seen)
        return batch, False

    def _write(self, batch: Sequence[Seen]) -> None:
        """A batch that cannot be written is lost and logged; the next one may find room on the disk again."""
        try:
            findings = [astuple(row) for seen in batch for row in finding_rows(seen, self._pseudonyms)]
            skips = [astuple(row) for seen in batch for row in skip_rows(seen, self._pseudonyms)]
            with _transaction(self._connection):
                self._connection.executemany(_insert("findings", Event), findings)
                self._connection.executemany(_insert("skips", SkipEvent), skips)
        except Exception:  # noqa: BLE001 - the thread must live, whatever a batch holds
            _log.exception("the events of %d messages could not be written to %s", len(batch), self.path)

    def _expire(self) -> None:
        today = self._today()
        if today == self._expired_on:
            return
        oldest = (today - self._retention).isoformat()
        try:
            with _transaction(self._connection):
                for table in ("findings", "skips"):
                    self._connection.execute(f"DELETE FROM {table} WHERE day < ?", (oldest,))  # noqa: S608
            self._expired_on = today
        except sqlite3.Error:
            _log.exception("events older than %s could not be deleted from %s", oldest, self.path)


class _transaction:  # noqa: N801
    """All of it or nothing; `with connection:` would not begin one in autocommit mode."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _insert(table: str, row: type[Event] | type[SkipEvent]) -> str:
    names = [field.name for field in fields(row)]
    return f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
