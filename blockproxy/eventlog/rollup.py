"""Days that have ended, counted once and for all, so that a question about a million rows reads a few thousand.

For every combination of `DIMENSIONS` a day has rows of its own: counts of messages cannot be added up from finer ones,
because a message has trackers of several vendors. An answer never depends on it: a day that is not counted yet, or was
counted before something in it changed, is read from the findings.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date

from blockproxy.eventlog import chain
from blockproxy.eventlog.database import Transaction

DIMENSIONS = ("technique", "vendor", "sender_domain", "action")
"""The columns, by the bit that stands for them in `daily.dimensions`: 1, 2, 4, 8."""

EVERY = 2 ** len(DIMENSIONS)
COUNTS = "COUNT(*), COUNT(*) FILTER (WHERE action <> 'report'), COUNT(DISTINCT message)"


def mask(names: Iterable[str]) -> int:
    """The number that stands for the columns called `names`."""
    return sum(1 << DIMENSIONS.index(name) for name in set(names))


def steps(connection: sqlite3.Connection, today: date) -> Iterator[None]:
    """Count every day before `today` that is not counted yet, in transactions of moments, and seal it."""
    for day in waiting(connection, today):
        for dimensions in range(EVERY):
            with Transaction(connection):
                _count(connection, day, dimensions)
            yield
        with Transaction(connection):
            if _is_complete(connection, day):
                connection.execute("INSERT INTO rolled VALUES (?) ON CONFLICT DO NOTHING", (day,))
            chain.seal(connection, day, "day")
        yield


def waiting(connection: sqlite3.Connection, today: date) -> list[str]:
    """The days that have ended and are not counted yet."""
    counted = {day for (day,) in connection.execute("SELECT day FROM rolled")}
    there = {day for table in ("findings", "skips", "messages") for day in days(connection, table)}
    return sorted(day for day in there - counted if day < today.isoformat())


def fresh(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The days with findings that are not counted."""
    counted = {day for (day,) in connection.execute("SELECT day FROM rolled")}
    return tuple(day for day in days(connection, "findings") if day not in counted)


def days(connection: sqlite3.Connection, table: str) -> list[str]:
    """The days that `table` has rows of, from one to the next by its index: SELECT DISTINCT would read all of it."""
    sql = (
        f"WITH RECURSIVE d(day) AS (SELECT MIN(day) FROM {table} UNION ALL"  # noqa: S608
        f" SELECT (SELECT MIN(day) FROM {table} WHERE day > d.day) FROM d WHERE d.day IS NOT NULL)"
        " SELECT day FROM d WHERE day IS NOT NULL"
    )
    return [day for (day,) in connection.execute(sql)]


def undo(connection: sqlite3.Connection, days: Iterable[str]) -> None:
    """Something in `days` changes: their counts are not true any more."""
    for day in set(days):
        if connection.execute("DELETE FROM rolled WHERE day = ?", (day,)).rowcount:
            marks = ", ".join(map(str, range(EVERY)))  # by the beginning of its key, and not through the whole table
            connection.execute(f"DELETE FROM daily WHERE dimensions IN ({marks}) AND day = ?", (day,))  # noqa: S608


def _is_complete(connection: sqlite3.Connection, day: str) -> bool:
    """Whether nothing came or went between the first count and the last: another process may write as well."""
    there = connection.execute("SELECT COUNT(*) FROM findings WHERE day = ?", (day,)).fetchone()[0]
    sql = "SELECT SUM(findings) FROM daily WHERE dimensions = ? AND day = ?"
    return all((connection.execute(sql, (one, day)).fetchone()[0] or 0) == there for one in range(EVERY))


def _count(connection: sqlite3.Connection, day: str, dimensions: int) -> None:
    columns = [name if dimensions >> bit & 1 else "''" for bit, name in enumerate(DIMENSIONS)]
    grouped = [name for name in columns if name != "''"]
    connection.execute("DELETE FROM daily WHERE dimensions = ? AND day = ?", (dimensions, day))
    connection.execute(
        f"INSERT INTO daily SELECT {dimensions}, day, {', '.join(columns)}, {COUNTS} FROM findings WHERE day = ?"  # noqa: S608
        f" GROUP BY {', '.join(['day', *grouped])}",
        (day,),
    )
