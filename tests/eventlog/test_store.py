"""The event log as a real SQLite file."""

import logging
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from blockproxy.errors import SettingsError
from blockproxy.eventlog.events import Delivery, Event
from blockproxy.eventlog.query import Filters, events, skips
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Finding, Origin, Skip, Span, Technique

DAY = date(2026, 1, 31)
DELIVERY = Delivery(protocol="imap", account="reader@example.com", message="INBOX/1/7", direction="in")
PIXEL = Finding(
    technique=Technique.OPEN_PIXEL,
    rule="example-mailer/open",
    vendor="Example Mailer",
    confidence=0.95,
    evidence="an image of 1x1 pixels at https://u77.t.example.net/open?u=FAKETOKEN1234",
    action=Action.REMOVE,
    url="https://u77.t.example.net/open?u=FAKETOKEN1234",
    part="1.2",
    span=Span(1000, 1090),
)
CLEANED = Cleaned(
    message=b"Subject: FAKESECRET\r\n\r\nbody",
    findings=(PIXEL,),
    skipped=(Skip("1.3", "error", "ZeroDivisionError"), Skip("1.4", "charset", "the charset FAKE42 is unknown")),
    origin=Origin(sender_domain="news.example.org", list_id="Weekly <abc123.list.example.org>"),
)


def record(path: Path, *cleaned: Cleaned, delivery: Delivery = DELIVERY, day: date = DAY, retention: int = 90) -> None:
    log = EventLog(path, retention_days=retention, today=lambda: day)
    for one in cleaned:
        log.record(one, delivery)
    log.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.sqlite3"


def test_a_finding_is_stored_as_what_may_be_known_about_it(path: Path) -> None:
    record(path, CLEANED)
    (event,) = events(path)
    assert replace(event, account="", message="") == Event(
        day="2026-01-31",
        protocol="imap",
        direction="in",
        account="",
        message="",
        sender_domain="news.example.org",
        list_domain="example.org",
        part="1.2",
        occurrence=1,
        technique="open-pixel",
        rule="example-mailer/open",
        vendor="Example Mailer",
        action="remove",
        confidence=0.95,
        host="example.net",
        skeleton="https://*.t.example.net/open?u=*",
        evidence="an image of 1x1 pixels at https://*.t.example.net/open?u=*",
        operator="",
        party="third",
        identifier="token",
        rules="",
    )


def test_a_skip_says_why_without_the_senders_words(path: Path) -> None:
    record(path, CLEANED)
    assert [(skip.part, skip.reason, skip.detail) for skip in skips(path)] == [
        ("1.3", "error", "ZeroDivisionError"),
        ("1.4", "charset", "the charset * is unknown"),
    ]


def test_no_octet_of_the_file_names_the_reader_the_message_or_the_token(path: Path) -> None:
    record(path, CLEANED)
    octets = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for secret in (b"reader@example", b"INBOX", b"FAKE", b"u77", b"abc123"):
        assert secret not in octets


def test_a_message_that_is_read_again_counts_once(path: Path) -> None:
    record(path, CLEANED, CLEANED)
    record(path, CLEANED, day=date(2026, 2, 1))
    assert [event.day for event in events(path)] == ["2026-01-31"]
    assert len(list(skips(path))) == 2


def test_a_part_that_is_fetched_alone_counts_once_though_its_offsets_are_others(path: Path) -> None:
    twice = (PIXEL, PIXEL._replace(span=Span(2000, 2090)))
    record(path, Cleaned(b"", twice), Cleaned(b"", tuple(one._replace(span=Span(7, 97)) for one in twice)))
    assert [event.occurrence for event in events(path)] == [1, 2]


def test_two_messages_and_two_accounts_count_each(path: Path) -> None:
    record(path, CLEANED)
    record(path, CLEANED, delivery=replace(DELIVERY, message="INBOX/1/8"))
    record(path, CLEANED, delivery=replace(DELIVERY, account="other@example.com"))
    rows = list(events(path))
    assert len({row.message for row in rows}) == 3
    assert [row.account == rows[0].account for row in rows] == [True, True, False]


def test_a_pseudonym_cannot_be_made_without_the_key(path: Path, tmp_path: Path) -> None:
    record(path, CLEANED)
    record(tmp_path / "other.sqlite3", CLEANED)
    assert next(events(path)).account != next(events(tmp_path / "other.sqlite3")).account


def test_the_database_and_its_key_are_for_their_owner_only(path: Path) -> None:
    record(path, CLEANED)
    for file in (path, path.with_name("events.sqlite3.key")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_events_past_their_retention_are_deleted_at_the_start(path: Path) -> None:
    record(path, CLEANED, day=date(2026, 1, 1))
    record(path, CLEANED, delivery=replace(DELIVERY, message="INBOX/1/8"), day=date(2026, 1, 2))
    record(path, day=date(2026, 1, 31), retention=29)
    assert [event.day for event in events(path)] == ["2026-01-02"]


def test_events_past_their_retention_are_deleted_when_a_day_ends(path: Path) -> None:
    days = [date(2026, 1, 1)]
    log = EventLog(path, retention_days=1, today=lambda: days[0])
    log.record(CLEANED, DELIVERY)
    wait_until(lambda: len(list(events(path))) == 1)
    days[0] = date(2026, 1, 9)
    log.record(CLEANED, replace(DELIVERY, message="INBOX/1/8"))
    wait_until(lambda: [event.day for event in events(path)] == ["2026-01-09"])
    log.close()


def wait_until(reached: Callable[[], bool], seconds: float = 10) -> None:
    for _ in range(int(seconds * 50)):
        if reached():
            return
        threading.Event().wait(0.02)
    pytest.fail("waited in vain")


def test_filters_narrow(path: Path) -> None:
    link = PIXEL._replace(
        technique=Technique.LINK_REDIRECT, rule="other/click", vendor="Other", part="2", action=Action.REPORT
    )
    record(path, CLEANED)
    record(path, Cleaned(b"", (link,), origin=Origin("example.com")), day=date(2026, 2, 1))
    for filters, parts in (
        (Filters(), ["1.2", "2"]),
        (Filters(since=date(2026, 2, 1)), ["2"]),
        (Filters(until=date(2026, 1, 31)), ["1.2"]),
        (Filters(technique="open-pixel"), ["1.2"]),
        (Filters(vendor="EXAMPLE mailer"), ["1.2"]),
        (Filters(vendor="example-mailer"), ["1.2"]),
        (Filters(vendor="other"), ["2"]),
        (Filters(vendor="nobody"), []),
        (Filters(action="report"), ["2"]),
        (Filters(sender="example.org"), ["1.2"]),
        (Filters(sender="ample.org"), []),
        (Filters(sender="example.org", vendor="other"), []),
    ):
        assert [event.part for event in events(path, filters)] == parts


def test_a_full_queue_drops_and_says_so_and_nobody_waits(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog(path, today=lambda: DAY, max_waiting=1)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # the writer waits for this transaction
        with caplog.at_level(logging.WARNING):
            for number in range(600):
                log.record(CLEANED, replace(DELIVERY, message=f"INBOX/1/{number}"))
        other.execute("ROLLBACK")
    other.close()
    log.close()
    assert log.dropped > 0
    assert "are lost" in caplog.text
    assert len(list(events(path))) == 600 - log.dropped


def test_what_the_database_does_not_take_now_waits(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog(path, today=lambda: DAY)
    log._database._connection.execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.record(CLEANED, DELIVERY)
        wait_until(lambda: "takes no events: database is locked (another program holds it; end that)" in caplog.text)
        assert "Mail goes on; 1 messages' events wait, at most 5000 will" in caplog.text
        log.record(CLEANED, replace(DELIVERY, message="INBOX/1/8"))
        other.execute("ROLLBACK")
    wait_until(lambda: "takes events again" in caplog.text)
    log.close()
    assert log.dropped == 0
    assert len({event.message for event in events(path)}) == 2


def full(log: EventLog, path: Path) -> None:
    log._database._connection.execute("PRAGMA max_page_count=1")


def corrupt(log: EventLog, path: Path) -> None:
    log._database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log._database._connection.execute("PRAGMA cache_size=0")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def read_only(log: EventLog, path: Path) -> None:
    log._database._connection.execute("PRAGMA query_only=ON")


@pytest.mark.parametrize(("harm", "way_out"), [
    (full, "full (make room on the disk)"),
    (corrupt, "(stop blockproxy, move the file away, and start again: a new one is made)"),
    (read_only, "(let the user that runs blockproxy write to it)"),
])  # fmt: skip
def test_an_operator_reads_one_line_with_the_way_out(
    path: Path, harm: Callable[[EventLog, Path], object], way_out: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = EventLog(path, today=lambda: DAY)
    for number in range(20):
        log.record(CLEANED, replace(DELIVERY, message=f"{number}"))
    wait_until(lambda: len(list(events(path))) == 20)
    harm(log, path)
    # More than fits into the pages that are there.
    long = [PIXEL._replace(part=f"{part}") for part in range(500)]
    log.record(Cleaned(b"", tuple(long)), replace(DELIVERY, message="new"))
    wait_until(lambda: "takes no events" in caplog.text)
    log.close()
    told = [one.message for one in caplog.records if one.name.startswith("blockproxy.eventlog")]
    assert way_out in told[0]
    assert told[1:] == [f"the events of 1 messages could not be written to {path} and are lost"]
    assert log.dropped == 1


def test_what_is_lost_at_the_end_is_counted(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog(path, today=lambda: DAY)
    log._database._connection.execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.record(CLEANED, DELIVERY)
        log.close()
        other.execute("ROLLBACK")
    assert log.dropped == 1
    assert "the events of 1 messages could not be written" in caplog.text


def test_a_closed_log_takes_nothing_and_does_not_raise(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog(path)
    log.close()
    log.close()
    log.record(CLEANED, DELIVERY)
    assert log.dropped == 1


def test_a_finding_that_cannot_be_stored_does_not_stop_the_writer(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = PIXEL._replace(vendor=object())  # type: ignore[arg-type]
    log = EventLog(path, today=lambda: DAY)
    log.record(Cleaned(b"", (broken,)), DELIVERY)
    wait_until(lambda: "could not be written" in caplog.text)
    log.record(CLEANED, DELIVERY)
    log.close()
    assert len(list(events(path))) == 1


def test_many_threads_record_at_once(path: Path) -> None:
    log = EventLog(path, today=lambda: DAY)

    def work(thread: int) -> None:
        for number in range(50):
            log.record(CLEANED, replace(DELIVERY, message=f"{thread}/{number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len(list(events(path))) == 400


def test_two_processes_may_share_a_database(path: Path) -> None:
    first, second = EventLog(path, today=lambda: DAY), EventLog(path, today=lambda: DAY)
    first.record(CLEANED, DELIVERY)
    second.record(CLEANED, replace(DELIVERY, message="INBOX/1/8"))
    first.close()
    second.close()
    assert len({event.account for event in events(path)}) == 1


def write(path: Path, octets: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)


def newer(path: Path) -> None:
    record(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=999")
    connection.close()


UNUSABLE = [
    ("a folder", lambda path: path.mkdir(parents=True), "the event log cannot be opened"),
    ("no database", lambda path: write(path, b"not a database" * 100), "file is not a database"),
    ("a short key", lambda path: write(path.with_name("events.sqlite3.key"), b"short"), "must hold 32 octets"),
    ("from the future", newer, "written by a newer blockproxy"),
]


@pytest.mark.parametrize(("name", "make", "expected"), UNUSABLE, ids=[row[0] for row in UNUSABLE])
def test_a_database_that_cannot_be_used_is_named(
    path: Path, name: str, make: Callable[[Path], object], expected: str
) -> None:
    make(path)
    with pytest.raises(SettingsError, match=expected) as caught:
        EventLog(path)
    assert "events.sqlite3" in caught.value.problems[0]


def test_reading_a_log_that_is_not_there_is_a_plain_error(path: Path) -> None:
    with pytest.raises(SettingsError, match="no event log yet"):
        events(path)
    assert not path.exists()
