"""Reading the event log, while it is written or after."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TypeVar

from blockproxy.eventlog import database
from blockproxy.eventlog.events import Event, SkipEvent

Row = TypeVar("Row", Event, SkipEvent)


def events(
    path: Path, *, since: date | None = None, vendor: str = "", technique: str = "", sender: str = "", account: str = ""
) -> Iterator[Event]:
    """The findings in the database at `path`, oldest first; every filter narrows.

    `vendor` is the vendor's name or a rule's vendor-id, in any case; `sender` a domain, which includes its subdomains;
    `account` a pseudonym.
    Raises SettingsError where there is no event log.
    """
    conditions = {
        "day >= ?": since.isoformat() if since else "",
        "technique = ?": technique,
        "account = ?": account,
        "? IN (lower(vendor), substr(rule, 1, instr(rule, '/') - 1))": vendor.lower(),
        "'.' || sender_domain LIKE ? ESCAPE '\\'": _ends_with(sender),
    }
    return _rows(path, "findings", Event, {condition: value for condition, value in conditions.items() if value})


def skips(path: Path, *, since: date | None = None) -> Iterator[SkipEvent]:
    """The parts that were left unread, oldest first. Raises SettingsError where there is no event log."""
    return _rows(path, "skips", SkipEvent, {"day >= ?": since.isoformat()} if since else {})


def _rows(path: Path, table: str, row: type[Row], conditions: dict[str, str]) -> Iterator[Row]:
    names = ", ".join(field.name for field in fields(row))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    connection = database.open_for_reading(path)
    return _read(connection, f"SELECT {names} FROM {table}{where} ORDER BY day, id", tuple(conditions.values()), row)  # noqa: S608


def _read(connection: sqlite3.Connection, sql: str, values: tuple[str, ...], row: type[Row]) -> Iterator[Row]:
    with closing(connection):
        for found in connection.execute(sql, values):
            yield row(*found)


def _ends_with(domain: str) -> str:
    escaped = "".join(f"\\{character}" if character in "%_\\" else character for character in domain.lower())
    return f"%.{escaped}" if escaped else ""
