"""How many findings there are, by vendor, technique, sender or month, in memory that does not grow with the mail."""

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum

from blockproxy.scan.report import Report, Row

MAX_NAMES = 50_000  # names counted in one column; what is new after that is one row, `OTHERS`
OTHERS = "(others)"


class By(StrEnum):
    """What findings are counted by."""

    VENDOR = "vendor"
    TECHNIQUE = "technique"
    SENDER = "sender"
    MONTH = "month"

    def of(self, row: Row) -> str:
        """The name under which `row` counts."""
        if self is By.VENDOR:
            return row.vendor or "(no known vendor)"
        return str(getattr(row, self.value))


class Tally:
    """Counts, as plain numbers that can be written to a file and taken up again."""

    def __init__(self, counts: Mapping[str, Mapping[str, tuple[int, int]]] | None = None) -> None:
        given = counts or {}
        totals = given.get("total", {})
        self.messages, self.tracked = totals.get("messages", (0, 0))
        self.skipped, self.unread = totals.get("parts", (0, 0))
        self.others = 0  # files that are no messages; an account has none
        self._findings: dict[By, Counter[str]] = {by: Counter() for by in By}
        self._messages: dict[By, Counter[str]] = {by: Counter() for by in By}
        for by in By:
            for name, (findings, messages) in given.get(by.value, {}).items():
                self._findings[by][name], self._messages[by][name] = findings, messages

    def add(self, report: Report) -> None:
        """Count one message."""
        if report.problem:
            self.unread += 1
            return
        if not report.mail:
            self.others += 1
            return
        found = [row for row in report.rows if not row.skipped]
        self.messages += 1
        self.tracked += bool(found)
        self.skipped += len(report.rows) - len(found)
        for by in By:
            names = [self._known(by, by.of(row)) for row in found]
            self._findings[by].update(names)
            self._messages[by].update(set(names))

    def rows(self, by: By) -> Iterator[tuple[str, int, int]]:
        """Name, findings and messages with at least one of them; months in their order, others the most first."""
        names = self._findings[by]
        ordered = sorted(names) if by is By.MONTH else sorted(names, key=lambda name: (-names[name], name))
        for name in ordered:
            yield name, names[name], self._messages[by][name]

    def counts(self) -> dict[str, dict[str, tuple[int, int]]]:
        """All of it, for the constructor."""
        totals = {"messages": (self.messages, self.tracked), "parts": (self.skipped, self.unread)}
        each = {by.value: {name: (found, mail) for name, found, mail in self.rows(by)} for by in By}
        return {"total": totals, **each}

    def _known(self, by: By, name: str) -> str:
        return name if name in self._findings[by] or len(self._findings[by]) < MAX_NAMES else OTHERS

    @property
    def findings(self) -> int:
        """All of them."""
        return sum(self._findings[By.TECHNIQUE].values())
