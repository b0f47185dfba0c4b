"""An explanation for a person at a terminal, with colours there and plain elsewhere."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from blockproxy.cleaner import SKIP_REASONS
from blockproxy.cli.explaining import Explanation, Note
from blockproxy.cli.output import plain
from blockproxy.url import parse

if TYPE_CHECKING:
    from rich.console import Console

MAX_TOLD = 1000  # findings; nobody reads more
MAX_HOSTS = 3  # named in a row of what was left alone


class Out:
    """Prints lines; a style (of rich) counts on a terminal only."""

    def __init__(self) -> None:
        self._console = _console() if sys.stdout.isatty() else None

    def __call__(self, text: str, style: str = "") -> None:
        """Print `text`, which holds other people's words."""
        shown = "\n".join(map(plain, text.split("\n")))
        if self._console is None:
            print(shown)
        else:
            self._console.print(shown, style=style, soft_wrap=True)


def counts(explanation: Explanation) -> str:
    """How much there is of everything, in one line."""
    notes = list(explanation.notes())
    blocked = sum(note.finding.blocked for note in notes)
    left = sum(note.left for note in notes)
    found = f"{blocked} blocked, {len(notes) - blocked - left} reported, {left} left alone"
    return f"{explanation.octets:,} octets, as many afterwards; {found}, {len(explanation.skipped)} skipped"


def tell(name: str, explanation: Explanation) -> None:
    """Print all of it."""
    out = Out()
    out(f"{name}: {counts(explanation)}", "bold")
    notes = list(explanation.notes())
    numbered = {id(note): number for number, note in enumerate((note for note in notes if not note.left), 1)}
    for title, style, chosen in (
        ("Blocked", "green", [note for note in notes if note.finding.blocked]),
        ("Seen, left as it is", "yellow", [note for note in notes if not note.finding.blocked and not note.left]),
    ):
        if chosen:
            out(f"\n{title}", "bold")
        for note in chosen[:MAX_TOLD]:
            _tell_finding(numbered[id(note)], note, style, out)
        if len(chosen) > MAX_TOLD:
            out(f"      and {len(chosen) - MAX_TOLD:,} more, which --json tells")
    _tell_left(groups(notes), out)
    _tell_unread(explanation, out)


def _tell_finding(number: int, note: Note, style: str, out: Out) -> None:
    finding = note.finding
    who = f"{finding.vendor}, " if finding.vendor else ""
    out(f"{number:>4}  {finding.technique}: {who}{finding.action}", style)
    out(f"      {where(note)}; rule {finding.rule}, sure {finding.confidence:.2f}")
    out(f"      {finding.evidence}")
    if note.why:
        out(f"      {note.why}")
    out(f"      before  {_flat(note.before)}", "dim")
    if finding.blocked:
        out(f"      after   {_flat(note.after)}")


def where(note: Note) -> str:
    """Part, line and octets, for a person."""
    start, end = note.finding.span
    part = f"part {note.source.part}, " if note.source.part else ""
    place = f"{note.place}, " if note.place else ""
    what = "header" if note.source.what == "header" else note.source.what
    return f"{place}{part}{what}, line {note.line}, octets {start} to {end}"


class Group(NamedTuple):
    """References that were left for the same reason."""

    why: str
    reason: str
    place: str
    notes: list[Note]

    @property
    def hosts(self) -> str:
        """Where most of them lead."""
        hosts = Counter(url.host for note in self.notes if (url := parse(note.finding.url)))
        named = [host for host, _ in hosts.most_common(MAX_HOSTS)]
        return ", ".join(named) + (f" and {len(hosts) - MAX_HOSTS} more" if len(hosts) > MAX_HOSTS else "")


def groups(notes: Iterable[Note]) -> list[Group]:
    """What was left alone, by reason and kind of place, the most first."""
    found: defaultdict[tuple[str, str, str], list[Note]] = defaultdict(list)
    for note in notes:
        if note.left:
            found[note.finding.rule, note.finding.evidence, note.place].append(note)
    return sorted((Group(*key, members) for key, members in found.items()), key=lambda group: -len(group.notes))


def _tell_left(left: Sequence[Group], out: Out) -> None:
    if left:
        out("\nLeft alone", "bold")
    for group in left:
        out(f"{len(group.notes):>4}  {group.place}: {group.reason}")
        lines = f"line {group.notes[0].line}" if len(group.notes) == 1 else f"from line {group.notes[0].line} on"
        out(f"      {group.hosts}; {lines}", "dim")


def _tell_unread(explanation: Explanation, out: Out) -> None:
    if explanation.skipped or explanation.passed:
        out("\nNot looked into", "bold")
    for skip in explanation.skipped:
        detail = f" ({skip.detail})" if skip.detail else ""
        out(f"      part {skip.part}: {skip.reason}, {SKIP_REASONS[skip.reason]}{detail}", "yellow")
    for passed in explanation.passed:
        out(f"      part {passed.part}: {passed.what}, {passed.octets:,} octets, not a kind that is read")


def _flat(text: str) -> str:
    return " ".join(text.split("\n")).replace("\r", "").rstrip()


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)
