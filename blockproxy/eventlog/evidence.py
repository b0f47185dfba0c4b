"""The event log as a data-protection officer asks for it: sender by sender, in aggregates that name no reader."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from blockproxy.eventlog import chain, database
from blockproxy.eventlog.database import Place
from blockproxy.eventlog.query import Filters
from blockproxy.model import Technique

EXAMPLES = 3  # skeletons that are shown of a sender

TERMINAL = "ePrivacy Directive 2002/58/EC, Article 5(3); EDPB Guidelines 2/2023, URL and pixel tracking"
PERSONAL = "GDPR, Articles 4(1) and 6: personal data go to whoever receives the request"

CATEGORIES: dict[str, tuple[str, str]] = {
    Technique.OPEN_PIXEL: ("tracking pixel", TERMINAL),
    Technique.REMOTE_STYLE: ("tracking pixel, in a style sheet or frame", TERMINAL),
    Technique.LINK_REDIRECT: ("tracking link", TERMINAL),
    Technique.LINK_DECORATION: ("tracking link, by its parameters", TERMINAL),
    Technique.ADDRESS_LEAK: ("disclosure of the recipient's address", PERSONAL),
    Technique.REMOTE_CONTENT: ("remote content", "fetching it discloses the reader's IP address (GDPR, recital 30)"),
    Technique.RECEIPT_REQUEST: (
        "request for a read receipt",
        "nothing is sent until the mail client or its user answers",
    ),
    Technique.READ_RECEIPT: ("read receipt", PERSONAL),
    Technique.DELIVERY_RECEIPT: ("request for a delivery receipt", "the receiving server answers, not the reader"),
}
"""The category under which each technique is usually discussed, and where. No legal advice; a consent is not seen."""


class Mechanism(NamedTuple):
    """A technique in a sender's messages: what it carries, how many were found and blocked, in how many messages."""

    technique: str
    identifier: str
    findings: int
    blocked: int
    messages: int


class Party(NamedTuple):
    """Who receives what the tracker reports: as far as the rules name it, else the host alone."""

    vendor: str
    operator: str
    host: str
    party: str
    messages: int


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender; `months` are pairs of a month and the number of messages."""

    domain: str
    messages: int
    mechanisms: Sequence[Mechanism]
    parties: Sequence[Party]
    months: Sequence[tuple[str, int]]
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is signed off: `rules` are the beginnings of the rule sets' digests."""

    since: str
    until: str
    senders: Sequence[Sender]
    rules: Sequence[str]
    verdict: chain.Verdict


def evidence(path: Place, filters: Filters, today: date) -> Evidence:
    """Read from the database at `path`. Raises SettingsError where there is no event log."""
    with database.reading(path) as connection:
        condition, values = filters.sql(connection)
        rows = _Rows(
            connection, f"FROM findings WHERE direction = 'in' AND sender_domain <> '' AND {condition}", values
        )
        first, last = rows.read("SELECT MIN(day), MAX(day)")[0]
        order = rows.read("SELECT sender_domain, COUNT(DISTINCT message) AS n", "GROUP BY 1 ORDER BY n DESC, 1")
        return Evidence(
            since=str(filters.since or first or today),
            until=str(filters.until or last or today),
            senders=_senders(rows, order),
            rules=[version for (version,) in rows.read("SELECT DISTINCT rules", "ORDER BY 1") if version],
            verdict=chain.verify(connection),
        )


class _Rows:
    """Questions about the same rows."""

    def __init__(self, connection: sqlite3.Connection, source: str, values: tuple[str, ...]) -> None:
        self._connection, self._source, self._values = connection, source, values

    def read(self, what: str, rest: str = "") -> list[tuple[str, ...]]:
        return self._connection.execute(f"{what} {self._source} {rest}", self._values).fetchall()

    def by_sender(self, what: str, columns: str, order: str) -> dict[str, list[tuple[str, ...]]]:
        """Groups of `columns`, each with the counts in `what`, by their sender: one pass, however many senders."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for sender, *row in self.read(
            f"SELECT sender_domain, {columns}, {what}", f"GROUP BY sender_domain, {columns} ORDER BY {order}"
        ):
            found.setdefault(sender, []).append(tuple(row))
        return found


def _senders(rows: _Rows, order: list[tuple[str, ...]]) -> list[Sender]:
    messages = "COUNT(DISTINCT message) AS n"
    mechanisms = rows.by_sender(
        f"COUNT(*), COUNT(*) FILTER (WHERE action <> 'report'), {messages}",
        "technique, identifier",
        "n DESC, technique, identifier",
    )
    parties = rows.by_sender(messages, "vendor, operator, host, party", "n DESC, vendor, host")
    months = rows.by_sender(messages, "substr(day, 1, 7)", "2")
    examples = rows.by_sender(messages, "skeleton", "n DESC, skeleton")
    return [
        Sender(
            domain=sender,
            messages=int(count),
            mechanisms=[Mechanism(*row) for row in mechanisms[sender]],  # type: ignore[arg-type]
            parties=[Party(*row) for row in parties[sender] if row[0] or row[2]],  # type: ignore[arg-type]
            months=[(month, int(found)) for month, found in months[sender]],
            examples=[skeleton for skeleton, _ in examples[sender] if skeleton][:EXAMPLES],
        )
        for sender, count in order
    ]
