"""The SQLite file: where it is, who may read it, and how an old one becomes a new one.

Migrations are the numbered files in `schema/`; `PRAGMA user_version` says how far a database has come.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from blockproxy.errors import SettingsError
from blockproxy.eventlog import postgres

BUSY = 5.0  # seconds to wait for another process's transaction; ours last milliseconds


Place = Path | postgres.Server
"""Where an event log is: a file, or a server."""


def open_for_writing(path: Place) -> sqlite3.Connection:
    """The database at `path`, made where it is missing, brought to the newest schema.

    Raises SettingsError where that is impossible.
    """
    if isinstance(path, postgres.Server):
        return _connected(path)
    try:
        make_folder(path)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # in WAL a power cut loses the last rows, never the file
        connection.execute("PRAGMA secure_delete=ON")  # what is past its retention is overwritten, not just unlinked
        _migrate(connection)
    except (sqlite3.Error, SettingsError) as error:
        connection.close()
        raise unusable(path, error) from error
    return connection


class Transaction:
    """All of it or nothing; `with connection:` would not begin one in autocommit mode."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # a full disk has ended some by itself
                self._connection.execute("ROLLBACK")


def _connected(server: postgres.Server) -> sqlite3.Connection:
    try:
        return postgres.connect(server)
    except sqlite3.Error as error:
        raise unusable(server, error) from error


def open_for_reading(path: Place) -> sqlite3.Connection:
    """The database at `path`, which must be there; raises SettingsError where it is not or is none."""
    if isinstance(path, postgres.Server):
        return _connected(path)
    if not path.exists():
        raise SettingsError([f"{path}: no event log yet; `blockproxy run` makes it, --log names another one"])
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY)
        connection.execute("SELECT 1 FROM findings LIMIT 1")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        _not_newer(version)
    except (sqlite3.Error, SettingsError) as error:
        raise unusable(path, error) from error
    if version < len(migrations()):  # somebody looks before the new proxy has run once
        connection.close()
        open_for_writing(path).close()
        return open_for_reading(path)
    return connection


@contextmanager
def reading(path: Place) -> Iterator[sqlite3.Connection]:
    """The database at `path` for the time of the block; raises SettingsError where it cannot be read to its end."""
    connection = open_for_reading(path)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error
    finally:
        connection.close()


def make_folder(path: Path) -> None:
    """The folder of the database at `path`, for its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _migrate(connection: sqlite3.Connection) -> None:
    """Run every migration that this database has not seen, all or none."""
    scripts = migrations()
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _not_newer(version)
        for script in scripts[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(scripts)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _not_newer(version: int) -> None:
    known = len(migrations())
    if version > known:
        raise SettingsError([f"was written by a newer blockproxy (schema {version}, this one knows {known})"])


def migrations() -> list[str]:
    """The SQL of every migration, 0001.sql first."""
    files = sorted(
        (f for f in (resources.files("blockproxy.eventlog") / "schema").iterdir() if f.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return [file.read_text(encoding="utf-8") for file in files]


def _statements(script: str) -> Iterator[str]:
    # `executescript` would commit the transaction that makes a migration whole.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def unusable(path: object, error: Exception) -> SettingsError:
    """What to raise where `path` cannot be used because of `error`."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return SettingsError([f"{path}: the event log cannot be opened: {reason}"])
