"""The document, the schema and the rows agree; a database of before becomes one of now with everything in it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from blockproxy.errors import SettingsError
from blockproxy.eventlog import chain, database
from blockproxy.eventlog.events import Event, MessageEvent, SkipEvent
from blockproxy.eventlog.query import events

DOCUMENT = (Path(__file__).parents[2] / "docs" / "eventlog.md").read_text()


def documented() -> dict[str, list[str]]:
    """The columns that the document explains, by table."""
    tables = {}
    for section in DOCUMENT.split("\n## ")[1:]:
        columns = re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)
        if columns:
            tables[section.partition("\n")[0]] = columns
    return tables


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(database.open_for_writing(tmp_path / "events.sqlite3")) as opened:
        yield opened


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_every_column_is_in_the_document_and_nothing_else_is(connection: sqlite3.Connection) -> None:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    assert documented() == {name: columns(connection, name) for (name,) in names}


@pytest.mark.parametrize(("table", "row"), [("findings", Event), ("skips", SkipEvent), ("messages", MessageEvent)])
def test_every_column_is_a_field(
    connection: sqlite3.Connection, table: str, row: type[Event] | type[SkipEvent] | type[MessageEvent]
) -> None:
    assert sorted(columns(connection, table)) == sorted(["id", *(field.name for field in fields(row))])


def old_database(path: Path) -> None:
    """A database as the first schema made it, with a finding and a skip."""
    with closing(sqlite3.connect(path)) as old:
        old.executescript(database.migrations()[0])
        finding = (
            "'2026-01-31', 'imap', 'in', 'a', '{}', 'example.org', 'example.org', '1', 1, 'open-pixel', 'shape', '',"
        )
        for message in ("m1", "m2"):
            row = finding.format(message) + "'remove', 0.9, 'example.net', 'https://example.net/*', 'why'"
            old.execute(f"INSERT INTO findings VALUES (NULL, {row})")
        old.execute(
            "INSERT INTO skips VALUES (NULL, '2026-01-31', 'imap', 'in', 'a', 'm3', 'example.org', '1', 'signed', '')"
        )
        old.execute("PRAGMA user_version=1")
        old.commit()


def test_an_old_database_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    old_database(path)
    found = list(events(path))  # looking is enough
    assert [(event.message, event.technique, event.operator, event.rules) for event in found] == [
        ("m1", "open-pixel", "", ""),
        ("m2", "open-pixel", "", ""),
    ]
    with closing(database.open_for_reading(path)) as connection:
        assert connection.execute("SELECT message, day FROM messages").fetchall() == [
            (message, "2026-01-31") for message in ("m1", "m2", "m3")
        ]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.sqlite3"
    old_database(path)
    scripts = [*database.migrations(), "CREATE TABLE more (a);\nCREATE TABLE more (a);\n"]
    monkeypatch.setattr(database, "migrations", lambda: scripts)
    with pytest.raises(SettingsError, match="more already exists"):
        database.open_for_writing(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert columns(connection, "findings")[-1] == "evidence"


def test_every_column_of_a_sealed_table_is_sealed(connection: sqlite3.Connection) -> None:
    for table, sealed in chain.TABLES.items():
        assert sorted(["id", *sealed.replace("\n", "").split(", ")]) == sorted(columns(connection, table))
