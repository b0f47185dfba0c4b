"""Reading the event log, while it is written or after."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TypeVar

from blockproxy.eventlog import database, rollup
from blockproxy.eventlog.database import Place
from blockproxy.eventlog.events import Event, SkipEvent

Row = TypeVar("Row", Event, SkipEvent)

BY = {
    "vendor": "vendor",
    "technique": "technique",
    "sender": "sender_domain",
    "action": "action",
    "day": "day",
    "month": "substr(day, 1, 7)",
    "list": "list_domain",
    "operator": "operator",
    "host": "host",
    "party": "party",
    "identifier": "identifier",
    "rule": "rule",
    "rules": "rules",
    "protocol": "protocol",
    "direction": "direction",
}
"""What findings can be counted by, and the column. The first six are answered from days that are counted already."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which findings; every filter narrows, an empty one does not.

    `vendor` is the vendor's name, in any case and with any signs between its words; `sender` a domain, which includes
    its subdomains; `accounts` are pseudonyms, and `until` is included.
    """

    since: date | None = None
    until: date | None = None
    vendor: str = ""
    technique: str = ""
    sender: str = ""
    action: str = ""
    accounts: tuple[str, ...] = ()

    def sql(self, connection: sqlite3.Connection) -> tuple[str, tuple[str, ...]]:
        """The condition after WHERE, and its values."""
        vendors = _vendors(connection, self.vendor) if self.vendor else ()
        conditions = {
            "day >= ?": (self.since.isoformat(),) if self.since else (),
            "day <= ?": (self.until.isoformat(),) if self.until else (),
            "technique = ?": (self.technique,) if self.technique else (),
            "action = ?": (self.action,) if self.action else (),
            f"account IN ({', '.join('?' * len(self.accounts))})": self.accounts,
            f"vendor IN ({', '.join('?' * len(vendors))})": vendors,
            "'.' || sender_domain LIKE ? ESCAPE '\\'": (_ends_with(self.sender),) if self.sender else (),
        }
        used = {condition: values for condition, values in conditions.items() if values}
        return " AND ".join(used) or "1 = 1", tuple(value for values in used.values() for value in values)

    @property
    def columns(self) -> set[str]:
        """The columns beside the day that it looks at."""
        named = {
            "technique": self.technique,
            "vendor": self.vendor,
            "sender_domain": self.sender,
            "action": self.action,
        }
        return {column for column, value in {**named, "account": "".join(self.accounts)}.items() if value}


@dataclass(frozen=True, slots=True)
class Count:
    """A line of a summary: what it is about, and how many findings, how many of them blocked, in how many messages."""

    values: tuple[str, ...]
    findings: int
    blocked: int
    messages: int


def events(path: Place, filters: Filters = Filters()) -> Iterator[Event]:
    """The findings in the database at `path`, oldest first. Raises SettingsError where there is no event log."""
    database.open_for_reading(path).close()  # now, and not when the first row is asked for
    return _read(path, "findings", filters, Event)


def skips(path: Place, *, since: date | None = None) -> Iterator[SkipEvent]:
    """The parts that were left unread, oldest first. Raises SettingsError where there is no event log."""
    database.open_for_reading(path).close()
    return _read(path, "skips", Filters(since=since), SkipEvent)


def _read(path: Place, table: str, filters: Filters, row: type[Row]) -> Iterator[Row]:
    with database.reading(path) as connection:
        condition, values = filters.sql(connection)
        yield from _rows(connection, f"{table} WHERE {condition} ORDER BY day, id", values, row)


def newer(path: Place, filters: Filters, after: int | None) -> tuple[list[Event], int]:
    """The findings that came after the row numbered `after`, and the number of the newest row; None: none of them."""
    with database.reading(path) as connection:
        newest = connection.execute("SELECT COALESCE(MAX(id), 0) FROM findings").fetchone()[0]
        if after is None:
            return [], newest
        condition, values = filters.sql(connection)
        rest = f"findings WHERE {condition} AND id > ? AND id <= ? ORDER BY id"
        return list(_rows(connection, rest, (*values, after, newest), Event)), newest


def counts(path: Place, by: Sequence[str], filters: Filters = Filters()) -> list[Count]:
    """Findings counted by the names in `by` (keys of `BY`), days in their order, all else most messages first.

    Days that are counted already are read from there, if that can answer. Raises SettingsError where there is no log.
    """
    with database.reading(path) as connection:
        return counted(connection, by, filters)


def counted(connection: sqlite3.Connection, by: Sequence[str], filters: Filters) -> list[Count]:
    """The same from an open database."""
    columns = [BY[name] for name in by]
    condition, values = filters.sql(connection)
    needed = {column for column in columns if "day" not in column} | filters.columns
    names = "".join(f", {column} AS c{position}" for position, column in enumerate(columns))
    numbered = [f"c{position}" for position in range(len(columns))]
    raw = f"SELECT {rollup.COUNTS}{names} FROM findings WHERE {condition}"  # noqa: S608
    if not needed <= set(rollup.DIMENSIONS):
        return _sorted(connection.execute(raw + _group_by(numbered), values), by)
    fresh = rollup.fresh(connection)
    # A message belongs to one day as far as a count knows, so that days add up.
    also = "".join(f", {name}" for name in numbered)
    raw += f" AND day IN ({_marks(fresh)}){_group_by([*numbered, 'day'])}"
    rolled = f"SELECT SUM(findings), SUM(blocked), SUM(messages){names} FROM daily WHERE dimensions = ? AND {condition}"  # noqa: S608
    rolled = f"{rolled} AND day IN (SELECT day FROM rolled){_group_by(numbered)}"  # noqa: S608
    sql = f"WITH found(f, b, m{also}) AS ({rolled} UNION ALL {raw}) SELECT SUM(f), SUM(b), SUM(m){also} FROM found"  # noqa: S608
    sql += _group_by(numbered)
    return _sorted(connection.execute(sql, (rollup.mask(needed), *values, *values, *fresh)), by)


def _group_by(columns: Sequence[str]) -> str:
    return f" GROUP BY {', '.join(columns)}" if columns else ""


def _sorted(rows: sqlite3.Cursor, by: Sequence[str]) -> list[Count]:
    found = [Count(tuple(row[3:]), int(row[0] or 0), int(row[1] or 0), int(row[2] or 0)) for row in rows]
    if by and by[0] in {"day", "month"}:
        return sorted(found, key=lambda count: count.values)
    return sorted(found, key=lambda count: (-count.messages, -count.findings, count.values))


def _vendors(connection: sqlite3.Connection, wanted: str) -> tuple[str, ...]:
    """The vendors that `wanted` names as they are written in the rows; what no row has, where there are none."""
    fresh = rollup.fresh(connection)
    sql = f"SELECT DISTINCT vendor FROM daily WHERE dimensions = ? UNION {_FRESH_VENDORS} ({_marks(fresh)})"  # noqa: S608
    known = connection.execute(sql, (rollup.mask(["vendor"]), *fresh))
    return tuple(vendor for (vendor,) in known if _plain(vendor) == _plain(wanted)) or ("\0",)


_FRESH_VENDORS = "SELECT DISTINCT vendor FROM findings WHERE day IN"


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _rows(connection: sqlite3.Connection, rest: str, values: tuple[str | int, ...], row: type[Row]) -> Iterator[Row]:
    names = ", ".join(field.name for field in fields(row))
    for found in connection.execute(f"SELECT {names} FROM {rest}", values):  # noqa: S608
        yield row(*found)


def _ends_with(domain: str) -> str:
    escaped = "".join(f"\\{character}" if character in "%_\\" else character for character in domain.lower())
    return f"%.{escaped}" if escaped else ""
