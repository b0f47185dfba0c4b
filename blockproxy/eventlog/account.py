"""Everything about one account: the only question that needs the keys, and the only answer that deletes."""

from contextlib import closing

from blockproxy.eventlog import chain, database, keys, rollup
from blockproxy.eventlog.database import Place, Transaction
from blockproxy.eventlog.events import Pseudonyms

TABLES = ("findings", "skips", "messages")


def pseudonyms(path: Place, login: str) -> tuple[str, ...]:
    """What stands for `login` in the event log at `path`, by every key that is kept, the newest first.

    A gateway's accounts are addresses, which it writes in lower case: strangers choose how they spell them.

    Raises SettingsError where there is no event log.
    """
    database.open_for_reading(path).close()
    names = dict.fromkeys((login, login.lower()))
    return tuple(Pseudonyms(key).account(name) for key in keys.load(path) for name in names)


def show(path: Place, login: str) -> dict[str, int]:
    """How many rows of each table are about `login`. Raises SettingsError where there is no event log."""
    accounts = pseudonyms(path, login)
    with database.reading(path) as connection:
        sql = "SELECT COUNT(*) FROM {} WHERE account IN ({})"
        marks = ", ".join("?" * len(accounts))
        return {table: connection.execute(sql.format(table, marks), accounts).fetchone()[0] for table in TABLES}


def forget(path: Place, login: str) -> int:
    """Delete every row about `login` and return how many there were. Raises SettingsError where there is no event log.

    The rows are overwritten in the file, not only unlinked. Their days are counted and sealed anew.
    """
    accounts = pseudonyms(path, login)
    marks = ", ".join("?" * len(accounts))
    deleted, days = 0, set()
    with closing(database.open_for_writing(path)) as connection:
        with Transaction(connection):
            for table in TABLES:
                sql = f"FROM {table} WHERE account IN ({marks})"
                days |= {day for (day,) in connection.execute(f"SELECT DISTINCT day {sql}", accounts)}
                deleted += connection.execute(f"DELETE {sql}", accounts).rowcount
            rollup.undo(connection, days)
            for day in sorted(days):
                if chain.is_sealed(connection, day):
                    chain.seal(connection, day, "forget")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # old pages would live on in the write-ahead log
    return deleted
