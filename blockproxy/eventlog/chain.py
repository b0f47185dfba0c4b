"""The proof that a day was not changed afterwards: a digest of each day that has ended, linked to the one before.

Whoever keeps the newest link, from an evidence report, can tell that nothing before it has changed since. It proves
nothing about what was never written, and nothing to somebody who kept no link: all of it can be made anew.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass

START = "0" * 64  # what the first link is linked to
CHUNK = 1_000  # rows that are hashed at once

# What is sealed. A column that a later schema adds is not: the digests of before would hold no more.
_MESSAGE = "day, protocol, direction, account, message, sender_domain"
TABLES = {
    "findings": f"{_MESSAGE}, list_domain, part, occurrence, technique, rule, vendor, action, confidence, host,"
    " skeleton, evidence, operator, party, identifier, rules",
    "skips": f"{_MESSAGE}, part, reason, detail",
    "messages": f"{_MESSAGE}, list_domain, size, rules",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`days` that are as they were sealed, days past their retention, what is wrong, the newest link ("" for none)."""

    days: int
    expired: int
    problems: tuple[str, ...]
    head: str


def seal(connection: sqlite3.Connection, day: str, reason: str) -> None:
    """Add the digest of `day` to the chain, unless it says the same already; `reason` is "day", "late" or "forget"."""
    records, digest = _digest(connection, day)
    last = connection.execute("SELECT digest FROM chain WHERE day = ? ORDER BY number DESC LIMIT 1", (day,)).fetchone()
    if last == (digest,):
        return
    before = connection.execute("SELECT link FROM chain ORDER BY number DESC LIMIT 1").fetchone()
    link = _link(before[0] if before else START, day, reason, records, digest)
    connection.execute(
        "INSERT INTO chain (day, reason, records, digest, link) VALUES (?, ?, ?, ?, ?)",
        (day, reason, records, digest, link),
    )


def is_sealed(connection: sqlite3.Connection, day: str) -> bool:
    """Whether the chain says anything about `day`."""
    return connection.execute("SELECT 1 FROM chain WHERE day = ? LIMIT 1", (day,)).fetchone() is not None


def verify(connection: sqlite3.Connection) -> Verdict:
    """Compute everything once more."""
    problems, before = [], START
    latest: dict[str, tuple[int, str]] = {}
    for number, day, reason, records, digest, link in connection.execute("SELECT * FROM chain ORDER BY number"):
        if link != _link(before, day, reason, records, digest):
            problems.append(f"entry {number} of the chain, about {day}, was changed, or one before it is missing")
        before = link
        latest[day] = records, digest
    kept = {day for table in TABLES for (day,) in connection.execute(f"SELECT DISTINCT day FROM {table}")}  # noqa: S608
    expired = {day for day in latest if kept and day < min(kept)} if kept else set(latest)
    for day in sorted(latest.keys() - expired):
        records, digest = _digest(connection, day)
        if (records, digest) != latest[day]:
            problems.append(f"{day}: {records} rows that are not the {latest[day][0]} which were sealed")
    rolled = {day for (day,) in connection.execute("SELECT day FROM rolled")}
    problems += [f"{day}: its entry in the chain is missing" for day in sorted(rolled - latest.keys())]
    return Verdict(len(latest.keys() - expired), len(expired), tuple(problems), before if latest else "")


def _link(before: str, *facts: object) -> str:
    return hashlib.sha256(json.dumps([before, *facts]).encode()).hexdigest()


def _digest(connection: sqlite3.Connection, day: str) -> tuple[int, str]:
    """The number of rows of `day`, and the SHA-256 over them as lines of JSON."""
    digest, records = hashlib.sha256(), 0
    for table, columns in TABLES.items():
        # `id` is the order in which they came, and the order of nothing else is sure to last. SQLite writes the JSON:
        # that takes a quarter of the time.
        sql = f"SELECT json_array('{table}', {columns}) FROM {table} WHERE day = ? ORDER BY id"  # noqa: S608
        rows = connection.execute(sql, (day,))
        while lines := rows.fetchmany(CHUNK):
            digest.update("".join(f"{line}\n" for (line,) in lines).encode())
            records += len(lines)
    return records, digest.hexdigest()
