"""Everything about one account: the only question that needs the key, and the only answer that deletes."""

from contextlib import closing
from pathlib import Path

from blockproxy.eventlog import database
from blockproxy.eventlog.events import Pseudonyms


def pseudonym(path: Path, login: str) -> str:
    """What stands for `login` in the event log at `path`. Raises SettingsError where there is no event log."""
    database.open_for_reading(path).close()
    return Pseudonyms(database.key(path)).account(login)


def forget(path: Path, login: str) -> int:
    """Delete every row about `login` and return how many there were. Raises SettingsError where there is no event log.

    The rows are overwritten in the file, not only unlinked.
    """
    account = pseudonym(path, login)
    with closing(database.open_for_writing(path)) as connection:
        deleted = sum(
            connection.execute(f"DELETE FROM {table} WHERE account = ?", (account,)).rowcount  # noqa: S608
            for table in ("findings", "skips")
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # old pages would live on in the write-ahead log
    return deleted
