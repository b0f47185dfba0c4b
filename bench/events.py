"""The event log: how many findings a second it takes, and how quickly it answers when it has a million."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from bench.measure import Row
from blockproxy.eventlog import database, query, rollup
from blockproxy.eventlog.events import Delivery
from blockproxy.eventlog.query import Filters
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Finding, Origin, Technique

FINDINGS = 1_000_000
MESSAGES = 5_000  # whose findings are written to measure the writer
EACH = 20  # findings of a message
DAYS = 90
TODAY = date(2026, 4, 1)
QUESTIONS: dict[str, tuple[tuple[str, ...], Filters]] = {
    "by vendor": (("vendor",), Filters()),
    "by sender and technique": (("sender", "technique"), Filters()),
    "by day, one vendor": (("day",), Filters(vendor="Vendor 7")),
    "by sender, 30 days": (("sender",), Filters(since=TODAY - timedelta(30))),
}


def events(quick: bool) -> Iterator[Row]:
    """Writing and asking."""
    with tempfile.TemporaryDirectory(prefix="blockproxy-bench-") as folder:
        yield from _writing(Path(folder) / "written.sqlite3", MESSAGES // (10 if quick else 1))
        path = Path(folder) / "full.sqlite3"
        yield from _asking(path, FINDINGS // (20 if quick else 1))


def _writing(path: Path, messages: int) -> Iterator[Row]:
    techniques = list(Technique)
    found = tuple(
        Finding(techniques[number % 4], f"vendor/{number}", "Vendor", 0.9, "an image of 1x1 pixels", Action.REMOVE,
                f"https://t.example.net/open/{number}?u=FAKETOKEN{number}", part="1.2")
        for number in range(EACH)
    )  # fmt: skip
    cleaned = Cleaned(b"", found, origin=Origin("news.example.org"))
    log = EventLog(path, max_waiting=messages + 1)
    waits, began = [], time.process_time()
    for number in range(messages):
        start = time.perf_counter()
        log.record(cleaned, Delivery("imap", "reader@example.com", f"INBOX/1/{number}", "in"))
        waits.append(time.perf_counter() - start)
    log.close()
    seconds = time.process_time() - began
    how = f"{messages * EACH:,} findings, recorded and on disk; 50 us is 20,000 a second"
    yield Row("event log, a finding", seconds / messages / EACH * 1e6, "us", 50, how)
    wait = sorted(waits)[-max(1, messages // 100)]
    yield Row("event log, a session waits", wait * 1e3, "ms", 5, "99 of 100 calls of `record` are shorter")


def _asking(path: Path, findings: int) -> Iterator[Row]:
    fill(path, findings)
    with closing(database.open_for_writing(path)) as connection:
        start = time.perf_counter()
        for _ in rollup.steps(connection, TODAY):
            pass
        spent = time.perf_counter() - start
        yield Row(
            "event log, counting a day", spent / DAYS * 1e3, "ms", None, f"{findings // DAYS:,} findings, 17 steps"
        )
    for name, (by, filters) in QUESTIONS.items():
        seconds = min(_timed(lambda by=by, filters=filters: query.counts(path, by, filters)) for _ in range(5))  # type: ignore[misc]
        yield Row(f"event log, {name}", seconds * 1e3, "ms", 100, f"{findings:,} findings in {DAYS} days")


def _timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def fill(path: Path, findings: int) -> None:
    """A database as a year of a family's mail, or a week of a company's, would leave it."""
    with closing(database.open_for_writing(path)) as connection:
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO findings VALUES (NULL{', ?' * 21})", map(_row, range(findings)))
        connection.execute("COMMIT")


def _row(number: int) -> tuple[str | int | float, ...]:
    message = number // EACH
    sender = message * 7919 % 400
    technique = list(Technique)[number % 4]
    vendor = f"Vendor {(sender + number % EACH // 10) % 60}"
    day = (TODAY - timedelta(1 + message % DAYS)).isoformat()
    return (
        *(day, "imap", "in", f"account{message % 5}", f"message{message}", f"news{sender}.example.org", "example.org"),
        *("1.2", number % EACH, technique.value, f"{vendor}/open", vendor, ("remove", "report")[number % 3 == 0], 0.9),
        *("example.net", "https://t.example.net/open?u=*", "an image of 1x1 pixels", "Company", "third", "token", ""),
    )
