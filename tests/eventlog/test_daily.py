"""Days that have ended are counted, sealed, and answer the same as the rows would."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from blockproxy.eventlog import chain, database, keys, rollup
from blockproxy.eventlog.account import forget, pseudonyms
from blockproxy.eventlog.events import Delivery, Numbers
from blockproxy.eventlog.query import BY, Filters, counts, events
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Origin, Technique
from tests.eventlog.test_store import DELIVERY, PIXEL, record, wait_until

LINK = PIXEL._replace(technique=Technique.LINK_REDIRECT, rule="other/click", vendor="Other", action=Action.REPORT)
START = date(2026, 1, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five days of mail of two senders and two accounts, of which the last day has not ended."""
    path = tmp_path / "events.sqlite3"
    for number in range(5):
        log = EventLog(path, today=lambda day=START + timedelta(number): day)  # type: ignore[misc]
        for message in range(4):
            found = (PIXEL, LINK, LINK)[message % 2 :]
            cleaned = Cleaned(b"", found, origin=Origin(("news.example.org", "example.com")[message // 2]))
            log.record(cleaned, replace(DELIVERY, account=f"user{message % 2}", message=f"{number}/{message}"))
        log.close()
    settle(path, START + timedelta(4))
    return path


def settle(path: Path, today: date) -> None:
    """What a running log does when a day has begun."""
    with closing(database.open_for_writing(path)) as connection:
        for _ in rollup.steps(connection, today):
            pass


def rolled(path: Path) -> list[str]:
    with closing(database.open_for_reading(path)) as connection:
        return [day for (day,) in connection.execute("SELECT day FROM rolled ORDER BY day")]


def slow(path: Path, by: Iterable[str], filters: Filters) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """The same counts, from the rows."""
    found: dict[tuple[str, ...], list[object]] = {}
    for event in events(path, filters):
        fields = {"sender": event.sender_domain, "month": event.day[:7]}
        key = tuple(fields.get(name) or getattr(event, name) for name in by)
        found.setdefault(key, []).append(event)
    return {
        key: (len(rows), sum(row.action != "report" for row in rows), len({row.message for row in rows}))  # type: ignore[attr-defined]
        for key, rows in found.items()
    }


FILTERS = [
    Filters(), Filters(since=date(2026, 1, 2), until=date(2026, 1, 3)), Filters(vendor="other"),
    Filters(action="report"),
    Filters(sender="example.org", technique="open-pixel"), Filters(since=date(2026, 1, 5)), Filters(vendor="nobody"),
]  # fmt: skip
QUICK = ["vendor", "technique", "sender", "action", "day", "month"]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_counted_days_answer_as_the_rows_do(path: Path, filters: Filters) -> None:
    assert len(rolled(path)) == 4
    for by in [(), *((name,) for name in QUICK), *combinations(QUICK, 2), ("party",), ("identifier", "rule")]:
        got = {count.values: (count.findings, count.blocked, count.messages) for count in counts(path, by, filters)}
        expected = slow(path, by, filters)
        assert got == (expected or ({(): (0, 0, 0)} if not by else {})), by


def test_findings_can_be_counted_by_everything_there_is(path: Path) -> None:
    for name in BY:
        assert sum(count.findings for count in counts(path, [name])) == 50


def test_an_account_is_counted_from_its_rows(path: Path) -> None:
    (count,) = counts(path, [], Filters(accounts=pseudonyms(path, "user0")))
    assert (count.findings, count.messages) == (30, 10)


def test_a_day_is_counted_when_it_has_ended_while_the_log_runs(tmp_path: Path) -> None:
    path, days = tmp_path / "events.sqlite3", [START]
    log = EventLog(path, today=lambda: days[0])
    log.record(Cleaned(b"", (PIXEL,)), DELIVERY)
    wait_until(lambda: bool(list(events(path))))
    assert rolled(path) == []
    days[0] += timedelta(1)
    log.record(Cleaned(b"", (LINK,)), DELIVERY)
    wait_until(lambda: rolled(path) == ["2026-01-01"])
    log.close()


def test_what_comes_late_counts(path: Path) -> None:
    record(path, Cleaned(b"", (PIXEL,)), delivery=replace(DELIVERY, message="late"), day=date(2026, 1, 2))
    assert sum(count.findings for count in counts(path, ["vendor"])) == 51
    assert "2026-01-02" not in rolled(path)
    settle(path, date(2026, 1, 5))
    assert sum(count.findings for count in counts(path, ["vendor"])) == 51
    assert verdict(path).problems == ()


def verdict(path: Path) -> chain.Verdict:
    with closing(database.open_for_reading(path)) as connection:
        return chain.verify(connection)


def test_the_chain_holds_as_long_as_nobody_touches_a_row(path: Path) -> None:
    before = verdict(path)
    assert (before.days, before.expired, before.problems) == (4, 0, ())
    settle(path, date(2026, 1, 6))
    after = verdict(path)
    assert (after.days, after.problems) == (5, ())
    assert after.head != before.head


@pytest.mark.parametrize(("sql", "problem"), [
    ("UPDATE findings SET action = 'remove' WHERE id = 2", "2026-01-01: 14 rows that are not the 14 which were sealed"),
    ("DELETE FROM findings WHERE day = '2026-01-03' AND part = '1.2'", "2026-01-03: 4 rows that are not the 14"),
    ("DELETE FROM chain WHERE number = 2", "entry 3 of the chain, about 2026-01-03, was changed, or one before it"),
    ("UPDATE chain SET records = 1 WHERE number = 1", "entry 1 of the chain, about 2026-01-01, was changed"),
    ("DELETE FROM chain WHERE number = 4", "2026-01-04: its entry in the chain is missing"),
])  # fmt: skip
def test_whoever_changes_something_is_found_out(path: Path, sql: str, problem: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)
    assert any(found.startswith(problem) for found in verdict(path).problems), verdict(path).problems


def test_retention_and_forgetting_keep_the_chain_whole(path: Path) -> None:
    assert forget(path, "user1") == 30
    assert verdict(path).problems == ()
    assert sum(count.findings for count in counts(path, ["vendor"])) == 30
    record(path, day=date(2026, 1, 6), retention=3)
    found = verdict(path)
    assert found.problems == ()
    assert found.expired == 2
    assert {count.values[0] for count in counts(path, ["day"])} == {"2026-01-03", "2026-01-04", "2026-01-05"}


def test_numbers_add_up_by_the_day(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"
    log = EventLog(path, today=lambda: START)
    for _ in range(3):
        log.count(Numbers("imap", "in", sessions=1, messages=7, octets=1000))
    log.close()
    with closing(database.open_for_reading(path)) as connection:
        assert connection.execute("SELECT * FROM sessions").fetchall() == [("2026-01-01", "imap", "in", 3, 21, 3000, 0)]


def record_with_keys(path: Path, day: date, delivery: Delivery) -> None:
    log = EventLog(path, key_days=10, retention_days=15, today=lambda: day)
    wait_until(lambda: log._database._kept_on == day)
    log.record(Cleaned(b"", (PIXEL,)), delivery)
    log.close()


def test_a_key_is_replaced_and_kept_as_long_as_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"
    for days in (0, 9, 10, 19, 20, 31):
        record_with_keys(path, START + timedelta(days), replace(DELIVERY, message=f"{days}"))
        if days == 20:
            assert len(keys.load(path)) == 3
            assert len({event.account for event in events(path)}) == 3
            assert {event.account for event in events(path)} == set(pseudonyms(path, DELIVERY.account))
    assert len(keys.load(path)) == 3  # of days 10, 20 and 31; the first ended 21 days ago
    assert {event.account for event in events(path)} <= set(pseudonyms(path, DELIVERY.account))
    assert forget(path, DELIVERY.account) == 6
    assert list(events(path)) == []
