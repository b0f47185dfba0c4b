"""`blockproxy report`: who tracks me, from the event log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blockproxy.cli.event_options import Config, Log, Since, Until, day, event_log, kept
from blockproxy.cli.output import complain, table
from blockproxy.errors import InputError

if TYPE_CHECKING:
    from blockproxy.eventlog.database import Place
    from blockproxy.eventlog.query import Filters
    from blockproxy.eventlog.summary import Summary

HELP = """Show who tracks you most, with what, over time, and which newsletters to unsubscribe from first.

With --html it writes one page with pictures, which needs nothing else and loads nothing. With --evidence it is a
document for a data-protection officer: sender by sender what was found, who receives it, and proof that nobody
changed the numbers. Exit code 1: somebody did."""

EXAMPLE = "\b\nExample:\n  blockproxy report --since 30d --html report.html"

BAR = 24  # characters of the longest bar in the terminal


def report(  # noqa: PLR0913, PLR0917 - an option is an argument
    config: Config = None,
    log: Log = None,
    since: Since = "30d",
    until: Until = "",
    account: Annotated[str, typer.Option(metavar="LOGIN", help="Only the account with this login name.")] = "",
    sender: Annotated[str, typer.Option(metavar="DOMAIN", help="Only senders of this domain.")] = "",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page.")] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="For a data-protection officer: by sender, in aggregates, with a digest.")
    ] = False,
) -> None:
    """See `HELP`."""
    if evidence and account:
        raise typer.BadParameter("--evidence names no account: it is made of aggregates only")
    from blockproxy.eventlog.account import pseudonyms
    from blockproxy.eventlog.query import Filters
    from blockproxy.eventlog.summary import summary

    path = event_log(config, log)
    accounts = pseudonyms(path, account) if account else ()
    filters = Filters(since=day(since), until=day(until), sender=sender, accounts=accounts)
    if evidence:
        _evidence(path, filters, html, kept(config, log))
        return
    found = summary(path, filters, datetime.now(UTC).date())
    if html is None:
        _print(found)
        return
    from blockproxy.cli.report_page import report_page

    save(html, report_page(found))


def _evidence(path: "Place", filters: "Filters", html: Path | None, kept: str) -> None:
    from blockproxy.cli import report_evidence
    from blockproxy.eventlog.evidence import evidence

    found = evidence(path, filters, datetime.now(UTC).date())
    if html is None:
        print("\n".join(report_evidence.text(found, kept)))
    else:
        save(html, report_evidence.evidence_page(found, kept))
    if found.verdict.problems:
        complain(*found.verdict.problems)
        raise typer.Exit(1)


def save(path: Path, text: str) -> None:
    """Write `text` to the file at `path`. Raises InputError where that is impossible."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([f"{path}: cannot be written: {error.strerror}"]) from error


def _print(found: "Summary") -> None:
    from blockproxy.cleaner import SKIP_REASONS
    from blockproxy.cli.report_page import named

    total = found.total
    print(f"{found.since} to {found.until}: {total.findings:,} trackers in {total.messages:,} messages,")
    print(f"{total.blocked:,} stopped, {total.findings - total.blocked:,} seen and left alone")
    for title, counts in (("vendor", found.vendors), ("technique", found.techniques), ("sender", found.senders)):
        most = max((one.messages for one in counts), default=0)
        _titled(
            {"vendor": "Who tracks me most", "technique": "With what", "sender": "Who sends it"}[title],
            [title, "messages", "findings", "stopped", ""],
            [
                [named(one.values[0], title), one.messages, one.findings, one.blocked, _bar(one.messages, most)]
                for one in counts[:10]
            ],
        )
    _titled(
        "Where to unsubscribe first",
        ["newsletter of", "messages", "trackers", "vendors", "with your address"],
        [[one.sender, one.messages, one.findings, one.vendors, one.leaks] for one in found.newsletters],
    )
    through: list[list[object]] = [[one.technique, one.reason, one.findings] for one in found.through]
    skips: list[list[object]] = [["not looked into", SKIP_REASONS.get(why, why), count] for why, count in found.skips]
    _titled("What was not blocked, and why", ["what", "why", "how often"], through + skips)


def _titled(title: str, columns: list[str], rows: list[list[object]]) -> None:
    if rows:
        print(f"\n{title}\n{'-' * len(title)}")
        table(columns, rows)


def _bar(found: int, most: int) -> str:
    return "#" * round(found / most * BAR) if most else ""
