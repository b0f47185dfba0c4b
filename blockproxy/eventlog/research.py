"""The event log as a data set for research: counts by month that nobody can be found in.

Every row that goes out is true for at least `k` accounts (k-anonymity: Samarati and Sweeney, 1998). What is not, is
made coarser step by step (`STEPS`), and left out where even that is not enough. A finding is counted in one row only,
so that no two rows can be subtracted from one another. Pseudonyms stay here.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from blockproxy.eventlog.query import Filters

COLUMNS = {
    "month": "month in which the messages were first read, such as 2026-01",
    "direction": "in: to the reader, out: from the reader",
    "sender_domain": "domain of From; * where fewer than k accounts got such a finding from it",
    "list_domain": "registrable domain of List-Id; * as in sender_domain",
    "technique": "how it reports back",
    "vendor": "name of the vendor, empty where none is known",
    "operator": "the company behind the vendor, as the rules name it",
    "host": "registrable domain of the URL; * where fewer than k accounts got such a finding",
    "party": "first: the URL's domain is the sender's or the list's own; third: another; empty without a URL",
    "skeleton": "the URL with everything individual masked; * as in host",
    "identifier": "address, recipient, click, campaign, token, none, reply: what the tracker carries",
    "rule": "vendor-id/rule-id, family/parameter, or the name of a heuristic",
    "rules": "beginning of the rule set's SHA-256",
    "action": "what was done; report: seen and left alone",
    "confidence": "0 to 1",
}
COUNTS = {
    "findings": "how many such findings, in messages of at least k accounts",
    "messages": "in how many messages",
    "step": "how coarse the row was made: 0 not at all, 1 without the sender, 2 without sender and URL",
}
STEPS = (
    "",
    # A URL of the sender's own would name the sender again.
    """sender_domain = '*', list_domain = '*',
       host = CASE party WHEN 'first' THEN '*' ELSE host END,
       skeleton = CASE party WHEN 'first' THEN '*' ELSE skeleton END""",
    "host = '*', skeleton = '*'",
)

_SOURCES = {name: name for name in COLUMNS} | {"month": "substr(findings.day, 1, 7)"}
_ALL = ", ".join(COLUMNS)

# Under two keys one account has two pseudonyms: accounts are counted under one key at a time.
_EPOCH = "(SELECT COUNT(*) FROM keys WHERE since <= findings.day)"
_SAFE = (
    f"SELECT {_ALL} FROM"  # noqa: S608
    f" (SELECT {_ALL}, COUNT(DISTINCT account) AS accounts FROM rest GROUP BY {_ALL}, epoch) AS counted"
    f" GROUP BY {_ALL} HAVING MAX(accounts) >= ?"
)


@dataclass(slots=True)
class Export:
    """What became of the findings: how many of them are in the rows of each step, and how many were left out."""

    total: int = 0
    published: list[int] = field(default_factory=lambda: [0] * len(STEPS))
    first: str = ""
    last: str = ""
    rules: list[str] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """Findings that no row tells of."""
        return self.total - sum(self.published)


def rows(connection: sqlite3.Connection, filters: Filters, k: int, told: Export) -> Iterator[tuple[object, ...]]:
    """The rows, and meanwhile in `told` what became of the findings. The database may be read-only."""
    condition, values = filters.sql(connection)
    selected = ", ".join(f"{source} AS {name}" for name, source in _SOURCES.items())
    connection.execute(
        f"CREATE TEMP TABLE rest AS SELECT {selected}, account, message, {_EPOCH} AS epoch, COUNT(*) AS findings"  # noqa: S608
        f" FROM findings WHERE {condition} GROUP BY {', '.join(_SOURCES.values())}, account, message, epoch",
        values,
    )
    told.total, told.first, told.last = connection.execute(
        "SELECT CAST(COALESCE(SUM(findings), 0) AS INTEGER), COALESCE(MIN(month), ''), COALESCE(MAX(month), '')"
        " FROM rest"
    ).fetchone()
    told.rules = [version for (version,) in connection.execute("SELECT DISTINCT rules FROM rest ORDER BY 1") if version]
    for step, coarser in enumerate(STEPS):
        if coarser:
            connection.execute(f"UPDATE rest SET {coarser}")  # noqa: S608
        connection.execute(f"CREATE TEMP TABLE safe AS {_SAFE}", (k,))
        counts = "CAST(SUM(findings) AS INTEGER), COUNT(DISTINCT message)"
        counted = f"SELECT {_ALL}, {counts} FROM rest WHERE ({_ALL}) IN (SELECT * FROM safe) GROUP BY {_ALL}"  # noqa: S608
        for row in connection.execute(counted):
            told.published[step] += row[-2]
            yield (*row, step)
        connection.execute(f"DELETE FROM rest WHERE ({_ALL}) IN (SELECT * FROM safe)")  # noqa: S608
        connection.execute("DROP TABLE safe")
    connection.execute("DROP TABLE rest")
