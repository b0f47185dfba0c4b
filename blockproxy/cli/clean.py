"""`blockproxy clean`: messages on disk, without a proxy, a server or a network."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from blockproxy.cli import chosen
from blockproxy.cli.output import check_addresses, check_target, complain, counted, plain, repeated, table
from blockproxy.errors import InputError
from blockproxy.scan.kept import kept

if TYPE_CHECKING:
    from blockproxy.cli.cleaning import Outcome

HELP = """Find and neutralise trackers in messages on disk.

PATH is a message (.eml), a folder of messages, or - for a message on standard input. Without --out, a table of
findings for each message is printed and nothing is changed. With --out, the cleaned messages are written under the same
relative names, each exactly as long as it was. Nothing is ever fetched. The exit code is 0 whatever was found, 1 when a
file could not be read."""

EXAMPLE = "\b\nExample:\n  blockproxy clean --out cleaned --findings findings.jsonl --address me@example.org ~/Mail"

WHO = 2  # the column of the table that says how often a row comes

STRICT = "Act on every finding, however uncertain (the threshold of confidence is 0 instead of 0.7)."


class Remote(StrEnum):
    """What happens to remote content that no rule knows."""

    KEEP = "keep"
    BLOCK = "block"


def clean(  # noqa: PLR0913, PLR0917 - an option is an argument
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the cleaned messages here.")] = None,
    findings: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="Write one JSON object a finding and a skip; - is stdout.")
    ] = None,
    address: chosen.Addresses = None,
    remote: Annotated[Remote, typer.Option(help="block: no remote content at all.")] = Remote.KEEP,
    strict: Annotated[bool, typer.Option("--strict", help=STRICT)] = False,
    rules: chosen.Folders = None,
    config: chosen.Config = None,
    jobs: Annotated[
        int, typer.Option(min=0, help="Processes; 0 is one a core for more than 200 messages, else one.")
    ] = 0,
) -> None:
    """See `HELP`."""
    with kept(for_good=False):
        from blockproxy.cli import cleaning
        from blockproxy.model import Context, Policy

    check_addresses(address or ())
    policy = Policy(remote=remote.value, threshold=0.0 if strict else Policy().threshold)
    work = cleaning.Work(chosen.rules(config, rules), policy, Context(tuple(address or ())), out)
    messages = cleaning.sources(paths, out)
    if findings is not None and str(findings) != "-":
        check_target("--findings", findings, paths, _is_findings)
    with ExitStack() as stack:
        tellers: list[Callable[[Outcome], None]] = []
        if findings is not None:
            lines = sys.stdout if str(findings) == "-" else stack.enter_context(_opened(findings))
            tellers.append(lambda outcome: lines.writelines(_jsonl(outcome)))
        if out is None and str(findings) != "-":
            tellers.append(_tell)
        cleaned = stack.enter_context(closing(cleaning.clean_all(messages, work, jobs)))
        outcomes = stack.enter_context(_progress(cleaned, len(messages), out))
        summary = Summary()
        interrupted = False
        try:
            for outcome in outcomes:
                summary.add(outcome)
                for tell in tellers if not outcome.problem else ():
                    tell(outcome)
        except KeyboardInterrupt:
            interrupted = True
            complain("interrupted; this is what was done until then")
    print(summary, file=sys.stderr)
    if interrupted:
        raise typer.Exit(130)
    if summary.unread:
        raise typer.Exit(1)


class Summary:
    """Counts for the last line; complains about files as they come."""

    def __init__(self) -> None:
        self.messages = self.tracked = self.blocked = self.reported = self.skipped = 0
        self.unread = self.others = 0

    def add(self, outcome: "Outcome") -> None:
        """Count one message."""
        if outcome.problem:
            self.unread += 1
            complain(outcome.problem)
            return
        if not outcome.mail:
            self.others += 1
            return
        blocked = sum(finding.blocked for finding in outcome.findings)
        self.messages += 1
        self.tracked += bool(outcome.findings)
        self.blocked += blocked
        self.reported += len(outcome.findings) - blocked
        self.skipped += len(outcome.skipped)

    def __str__(self) -> str:
        rest = f", {self.unread} not readable" if self.unread else ""
        rest += f", {counted(self.others, 'file')} not a message" if self.others else ""
        findings = f"{self.tracked} with findings: {self.blocked} blocked, {self.reported} reported"
        return f"{counted(self.messages, 'message')}, {findings}; {counted(self.skipped, 'part')} skipped{rest}"


def _jsonl(outcome: "Outcome") -> Iterator[str]:
    for row in _objects(outcome):
        yield json.dumps(row) + "\n"


def _objects(outcome: "Outcome") -> Iterator[dict[str, Any]]:
    from blockproxy.cleaner import SKIP_REASONS

    for finding in outcome.findings:
        yield {
            "file": outcome.source.name,
            "part": finding.part,
            "technique": finding.technique.value,
            "rule": finding.rule,
            "vendor": finding.vendor,
            "action": finding.action.value,
            "confidence": finding.confidence,
            "url": finding.url,
            "evidence": finding.evidence,
        }
    for skip in outcome.skipped:
        reason = skip.detail or SKIP_REASONS[skip.reason]
        yield {"file": outcome.source.name, "part": skip.part, "skipped": skip.reason, "reason": reason}


def _tell(outcome: "Outcome") -> None:
    """The findings of one message, for a person; nothing for a message without any."""
    if not outcome.findings and not outcome.skipped:
        return
    print(plain(outcome.source.name))
    rows: list[tuple[str, ...]] = [
        (f.action, f.technique, f.vendor or f.rule, f"{f.confidence:.2f}", f.part, f.evidence) for f in outcome.findings
    ]
    rows += [("skip", s.reason, "", "", s.part, s.detail) for s in outcome.skipped]
    table(["action", "technique", "who", "sure", "part", "why"], repeated(rows, WHO))
    print()


def _is_findings(beginning: bytes) -> bool:
    """Whether a file begins with an object of `_objects`."""
    return beginning.startswith(b'{"file": "')


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # whole URLs are for their owner
        file = os.fdopen(descriptor, "w", encoding="utf-8")
    except OSError as error:
        raise InputError([f"{path}: cannot be written: {error.strerror}"]) from error
    with file:
        yield file


@contextmanager
def _progress(outcomes: Iterable["Outcome"], total: int, out: Path | None) -> Iterator[Iterable["Outcome"]]:
    """A bar on stderr where a person would otherwise wait in front of nothing."""
    if not sys.stderr.isatty() or (out is None and sys.stdout.isatty()):
        yield outcomes
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        yield bar.track(outcomes, total=total)
