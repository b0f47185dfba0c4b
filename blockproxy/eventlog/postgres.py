"""A PostgreSQL server in place of the file, for proxies on several machines: the same tables, the same questions.

`connect` gives what speaks like a `sqlite3.Connection` as far as this package uses one: SQL in SQLite's dialect goes
in, errors of `sqlite3` come out. What is written here is written so that both understand it; `_DIALECT` is the rest.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from blockproxy.errors import SettingsError

PATIENCE = 5  # seconds to reach the server, and for a statement of another proxy to end
LOCK = 0x626C6F63  # of all proxies that write; one at a time keeps the order of the rows, and of the chain

_DIALECT = (
    (re.compile(r"%"), "%%"),
    (re.compile(r"\?"), "%s"),
    (re.compile(r"^BEGIN IMMEDIATE$"), f"BEGIN; SELECT pg_advisory_xact_lock({LOCK})"),
    (re.compile(r"json_array\((.*)\) FROM"), r"json_build_array(\1)::text FROM"),
    (re.compile(r"^PRAGMA .*$"), "SELECT 1"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A database at `url`; the key file is where it would be beside an event log at `path`."""

    url: str
    path: Path

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"postgresql://{parts.hostname or 'localhost'}{parts.path}"  # without the password


def connect(server: Server) -> sqlite3.Connection:
    """The database, with its tables. Raises SettingsError where the driver is missing, sqlite3.Error else."""
    try:
        import psycopg  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        raise SettingsError([f"{server}: needs psycopg: pip install 'blockproxy[postgresql]'"]) from error
    connection = _Connection(server)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute((resources.files("blockproxy.eventlog") / "postgresql.sql").read_text("utf-8"))
    connection.execute("COMMIT")
    return cast(sqlite3.Connection, connection)


class _Connection:
    """What quacks. It comes back by itself when the server does, with the next transaction or question."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._opened: Any = None
        self._open()

    @property
    def in_transaction(self) -> bool:
        return not self._opened.closed and self._opened.info.transaction_status.name != "IDLE"

    def execute(self, sql: str, values: Sequence[object] = ()) -> Any:
        return self._ask("execute", sql, values or None)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> Any:
        return self._ask("executemany", sql, list(rows))

    def close(self) -> None:
        self._opened.close()

    def _open(self) -> None:
        import psycopg

        settings = {"connect_timeout": PATIENCE, "options": f"-c lock_timeout={PATIENCE}s"}
        try:
            self._opened = psycopg.connect(
                self._server.url, autocommit=True, cursor_factory=psycopg.ClientCursor, **cast(dict[str, Any], settings)
            )
        except psycopg.Error as error:
            raise sqlite3.OperationalError(_reason(error)) from error

    def _ask(self, how: str, sql: str, values: Any) -> Any:
        import psycopg

        if self._opened.closed:
            self._open()
        try:
            cursor = self._opened.cursor()
            getattr(cursor, how)(_translated(sql) if values is not None else _plain(sql), values)
        except psycopg.OperationalError as error:
            raise sqlite3.OperationalError(_reason(error)) from error
        except psycopg.Error as error:
            raise sqlite3.IntegrityError(_reason(error)) from error
        return cursor


def _translated(sql: str) -> str:
    for pattern, replacement in _DIALECT:
        sql = pattern.sub(replacement, sql)
    return sql


def _plain(sql: str) -> str:
    """The same without values, where `%` stands for itself."""
    for pattern, replacement in _DIALECT[2:]:
        sql = pattern.sub(replacement, sql)
    return sql


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
