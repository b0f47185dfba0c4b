"""The event log as the shells see it: `record`, `count` and forget.

One thread writes, fed by a bounded queue, many messages in one transaction. Reading mail never waits for the disk: when
the database takes nothing, events wait in memory; when the queue is full, they are dropped, counted, and the operator
is told.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from blockproxy.eventlog.database import Place
from blockproxy.eventlog.events import Delivery, Numbers, Seen
from blockproxy.eventlog.writer import TakesNothingError, Terms, Writer
from blockproxy.model import Cleaned

MAX_WAITING = 5_000  # messages; a mailbox pulled at full speed fills it only when the disk stands still
BATCH = 500  # messages in a transaction; larger ones gain little
GATHER = 0.5  # seconds that a batch waits for more, and so the most that a crash loses
IDLE = 60.0  # seconds after which an idle writer looks whether a day has ended
RETRY = 2.0  # seconds between two attempts while the database takes nothing
PATIENCE = 10.0  # seconds that `close` waits for the disk

_log = logging.getLogger(__name__)


def _utc_day() -> date:
    return datetime.now(UTC).date()


class EventLog:
    """The database at `path`. Raises SettingsError where it cannot be opened.

    Rows of more than `retention_days` ago are deleted at the start and once a day. `key` makes the pseudonyms; without
    one it is read from, or written to, the key file beside the database, and renewed after `key_days`.
    """

    def __init__(
        self,
        path: Place,
        key: bytes | None = None,
        *,
        retention_days: int = 90,
        key_days: int = 90,
        today: Callable[[], date] = _utc_day,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.path = path
        self._database = Writer(path, key, Terms(timedelta(days=retention_days), timedelta(days=key_days)))
        self._today = today
        self._waiting: queue.Queue[Seen | None] = queue.Queue(max_waiting)
        self._numbers = _Tally()
        self._batch: list[Seen] = []  # what is to be written next, again where that failed
        self._failing = False
        self._closed = False
        self._closing = threading.Event()
        self.dropped = 0
        self._writer = threading.Thread(target=self._run, name="event log", daemon=True)
        self._writer.start()

    def record(self, cleaned: Cleaned, delivery: Delivery) -> None:
        """Keep what was found in a message. Never waits, never raises."""
        if not cleaned.findings and not cleaned.skipped:
            return
        if self._closed:
            self._drop(delivery)
            return
        try:
            # Without the octets, which a reference leads to as well: a full queue must not hold a mailbox in memory.
            findings = tuple(finding._replace(reference=None) for finding in cleaned.findings)
            self._waiting.put_nowait(Seen(findings, cleaned.skipped, cleaned.origin, delivery, self._today()))
        except queue.Full:
            self._drop(delivery)
        except Exception:  # noqa: BLE001 - logging must never be the reason why a message does not arrive
            _log.exception("an event was lost")

    def count(self, numbers: Numbers) -> None:
        """Add up what is counted of a session that ended. Never waits, never raises."""
        self._numbers.add(self._today(), numbers)

    def close(self) -> None:
        """Write everything that is waiting, then close the file. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._waiting.put(None, timeout=PATIENCE)
        except queue.Full:
            _log.error("the event log does not take its last %d messages", self._waiting.qsize())
        self._closing.set()
        self._writer.join(PATIENCE)

    def _drop(self, delivery: Delivery) -> None:
        self.dropped += 1
        self._numbers.add(self._today(), Numbers(delivery.protocol, delivery.direction, lost=1))
        if self.dropped & (self.dropped - 1) == 0:  # 1, 2, 4, 8, ...: told at once, and not a line each
            _log.warning("the event log is too slow or closed: the events of %d messages are lost", self.dropped)

    def _run(self) -> None:
        last = False
        while not last or self._failing:
            if self._failing:
                last = self._closing.wait(RETRY) or last
            else:
                busy = self._database.keep_house(self._today())
                last = self._gather(0.0 if busy else IDLE)
            self._write()
            if last and self._failing:
                self._give_up()
        self._database.close()

    def _gather(self, patience: float) -> bool:
        """Take what is waiting, up to a batch; whether it is the last there will ever be."""
        deadline = time.monotonic() + patience
        while len(self._batch) < BATCH:
            try:
                seen = self._waiting.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if seen is None:
                return True
            if not self._batch:
                deadline = time.monotonic() + GATHER
            self._batch.append(seen)
        return False

    def _write(self) -> None:
        """Write the batch. Where the database takes nothing now it is kept, and the queue fills behind it."""
        numbers = self._numbers.take()
        if not self._batch and not numbers:
            return
        try:
            self.dropped += self._database.write(self._batch, numbers)
        except TakesNothingError as error:
            self._numbers.give_back(numbers)
            if not self._failing:
                waiting = len(self._batch) + self._waiting.qsize()
                _log.error(
                    "%s takes no events: %s (%s). Mail goes on; %d messages' events wait, at most %d will",
                    *(self.path, *error.args, waiting, self._waiting.maxsize),
                )
            self._failing = True
            return
        if self._failing:
            _log.warning("%s takes events again", self.path)
        self._failing, self._batch = False, []

    def _give_up(self) -> None:
        """The program ends, and the database has taken nothing until now."""
        waiting = len(self._batch)
        while not self._waiting.empty():
            waiting += self._waiting.get_nowait() is not None
        self.dropped += waiting
        _log.error("the events of %d messages could not be written to %s and are lost", waiting, self.path)
        self._failing, self._batch = False, []


class _Tally:
    """Numbers that several threads add up, by day, protocol and direction."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._days: dict[date, dict[tuple[str, str], Numbers]] = {}

    def add(self, day: date, numbers: Numbers) -> None:
        with self._lock:
            rows = self._days.setdefault(day, {})
            key = numbers.protocol, numbers.direction
            rows[key] = _sum(rows.get(key), numbers)

    def take(self) -> Mapping[date, Iterable[Numbers]]:
        with self._lock:
            taken, self._days = self._days, {}
        return {day: list(rows.values()) for day, rows in taken.items()}

    def give_back(self, taken: Mapping[date, Iterable[Numbers]]) -> None:
        for day, rows in taken.items():
            for numbers in rows:
                self.add(day, numbers)


def _sum(one: Numbers | None, other: Numbers) -> Numbers:
    if one is None:
        return other
    counts = (getattr(one, name) + getattr(other, name) for name in ("sessions", "messages", "octets", "lost"))
    return Numbers(one.protocol, one.direction, *counts)
