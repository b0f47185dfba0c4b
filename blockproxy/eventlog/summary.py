"""The event log as a reader asks for it: who tracks me most, with what, over time, and what got through."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from blockproxy.eventlog import database, query
from blockproxy.eventlog.database import Place
from blockproxy.eventlog.query import Count, Filters

MOST = 12  # rows of a list that a person reads; the rest is a sum
SENDERS = 15  # of the matrix


@dataclass(frozen=True, slots=True)
class Newsletter:
    """A sender whose messages come from a list: `vendors` are those who get to know, `leaks` the address in URLs."""

    sender: str
    messages: int
    findings: int
    vendors: int
    leaks: int
    through: int


@dataclass(frozen=True, slots=True)
class Through:
    """What was seen and not blocked, and the reason as the evidence tells it."""

    technique: str
    reason: str
    findings: int
    messages: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The days from `since` to `until` in numbers; counts are sorted, most messages first."""

    since: date
    until: date
    total: Count
    vendors: Sequence[Count]
    techniques: Sequence[Count]
    senders: Sequence[Count]
    days: Sequence[Count]
    matrix: Sequence[Count]
    newsletters: Sequence[Newsletter]
    through: Sequence[Through]
    skips: Sequence[tuple[str, int]]
    receipts: Count
    passed: int
    lost: int


def summary(path: Place, filters: Filters, today: date) -> Summary:
    """Everything, read from the database at `path`. Raises SettingsError where there is no event log."""
    with database.reading(path) as connection:
        until = min(filters.until or today, today)
        since = filters.since or _first_day(connection) or until
        filters = replace(filters, since=since, until=until)

        def counted(*by: str) -> list[Count]:
            return query.counted(connection, by, filters)

        return Summary(
            since=since,
            until=until,
            total=counted()[0],
            vendors=counted("vendor"),
            techniques=counted("technique"),
            senders=counted("sender"),
            days=counted("day"),
            matrix=counted("sender", "technique"),
            newsletters=_newsletters(connection, filters),
            through=_through(connection, filters),
            skips=_skips(connection, filters),
            receipts=query.counted(connection, (), replace(filters, technique="read-receipt", action="hold"))[0],
            passed=_sum(connection, "messages", filters),
            lost=_sum(connection, "lost", filters),
        )


def _first_day(connection: sqlite3.Connection) -> date | None:
    (first,) = connection.execute("SELECT MIN(day) FROM findings").fetchone()
    return date.fromisoformat(first) if first else None


def _newsletters(connection: sqlite3.Connection, filters: Filters) -> list[Newsletter]:
    """Most messages first, then who tells most parties."""
    condition, values = filters.sql(connection)
    sql = (
        "SELECT sender_domain, COUNT(DISTINCT message) AS messages, COUNT(*),"  # noqa: S608
        " COUNT(DISTINCT NULLIF(vendor, '')) AS vendors,"
        " COUNT(*) FILTER (WHERE technique = 'address-leak'), COUNT(*) FILTER (WHERE action = 'report')"
        f" FROM findings WHERE list_domain <> '' AND direction = 'in' AND {condition}"
        " GROUP BY sender_domain ORDER BY messages DESC, vendors DESC, sender_domain LIMIT ?"
    )
    return [Newsletter(*row) for row in connection.execute(sql, (*values, MOST))]


def _through(connection: sqlite3.Connection, filters: Filters) -> list[Through]:
    condition, values = replace(filters, action="report").sql(connection)
    sql = (
        "SELECT technique, evidence, COUNT(*) AS findings, COUNT(DISTINCT message) AS messages"  # noqa: S608
        f" FROM findings WHERE {condition} GROUP BY technique, evidence ORDER BY messages DESC, findings DESC LIMIT ?"
    )
    return [Through(*row) for row in connection.execute(sql, (*values, MOST))]


def _skips(connection: sqlite3.Connection, filters: Filters) -> list[tuple[str, int]]:
    condition, values = Filters(filters.since, filters.until, sender=filters.sender, accounts=filters.accounts).sql(
        connection
    )
    sql = f"SELECT reason, COUNT(*) FROM skips WHERE {condition} GROUP BY reason ORDER BY 2 DESC, 1"  # noqa: S608
    return list(connection.execute(sql, values))


def _sum(connection: sqlite3.Connection, column: str, filters: Filters) -> int:
    condition, values = Filters(filters.since, filters.until).sql(connection)
    return int(connection.execute(f"SELECT SUM({column}) FROM sessions WHERE {condition}", values).fetchone()[0] or 0)  # noqa: S608
