"""`blockproxy events`: what was blocked, from the event log."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blockproxy.cli import events_export
from blockproxy.cli.event_options import Account, Config, Log, Since, Until, day, event_log, forgotten, refuse_options
from blockproxy.cli.output import complain, plain, table
from blockproxy.cli.tabular import Form, write

if TYPE_CHECKING:
    from blockproxy.eventlog.database import Place
    from blockproxy.eventlog.query import Filters

HELP = """Show what was found and blocked, from the event log.

The log knows senders, vendors and techniques by the day. It has no text, no subject, no full URL and no time
of reading; accounts and messages are pseudonyms."""

EXAMPLE = (
    "\b\nExample:\n  blockproxy events --since 30d --technique open-pixel"
    "\n  blockproxy events --by vendor --by technique --format csv\n  blockproxy events --follow"
)

COLUMNS = ("day", "sender_domain", "technique", "vendor", "action", "confidence", "rule", "skeleton")
PAUSE = 1.0  # seconds between two looks for new events

app = typer.Typer(invoke_without_command=True, help=HELP, epilog=EXAMPLE)


class By(StrEnum):
    """What findings are counted by; the keys of `query.BY`."""

    VENDOR = "vendor"
    TECHNIQUE = "technique"
    SENDER = "sender"
    ACTION = "action"
    DAY = "day"
    MONTH = "month"
    LIST = "list"
    OPERATOR = "operator"
    HOST = "host"
    PARTY = "party"
    IDENTIFIER = "identifier"
    RULE = "rule"
    RULES = "rules"
    PROTOCOL = "protocol"
    DIRECTION = "direction"


@app.callback()
def events(  # noqa: PLR0913, PLR0917 - an option is an argument
    context: typer.Context,
    config: Config = None,
    log: Log = None,
    since: Since = "",
    until: Until = "",
    technique: Annotated[str, typer.Option(help="Only this one, such as open-pixel or link-redirect.")] = "",
    vendor: Annotated[str, typer.Option(help="Only this vendor.")] = "",
    sender: Annotated[str, typer.Option(metavar="DOMAIN", help="Only senders of this domain.")] = "",
    account: Annotated[str, typer.Option(metavar="LOGIN", help="Only the account with this login name.")] = "",
    action: Annotated[str, typer.Option(help="Only this one, such as remove or report.")] = "",
    by: Annotated[list[By] | None, typer.Option(help="Count by this; may be repeated.")] = None,
    form: Annotated[Form, typer.Option("--format", help="How it is printed.")] = Form.TABLE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; Parquet needs one.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
) -> None:
    """See `HELP`."""
    if context.invoked_subcommand is not None:
        refuse_options(context)
        return
    from blockproxy.eventlog import query
    from blockproxy.eventlog.account import pseudonyms
    from blockproxy.eventlog.events import Event
    from blockproxy.model import Action, Technique

    if follow and (by or form is Form.PARQUET or out):
        raise typer.BadParameter("--follow goes with --format table, jsonl or csv, and not with --by or --out")
    path = event_log(config, log)
    filters = query.Filters(
        since=day(since),
        until=day(until),
        technique=_one_of(technique, "technique", Technique),
        vendor=vendor,
        sender=sender,
        action=_one_of(action, "action", Action),
        accounts=pseudonyms(path, account) if account else (),
    )
    if follow:
        _follow(path, filters, form)
    elif by:
        counted = query.counts(path, by, filters)
        rows = ([*count.values, count.findings, count.blocked, count.messages] for count in counted)
        write(form, [*by, "findings", "blocked", "messages"], rows, out)
    else:
        columns = list(COLUMNS if form is Form.TABLE else Event.__dataclass_fields__)
        rows = ([getattr(event, column) for column in columns] for event in query.events(path, filters))
        write(form, columns, rows, out)


@app.command("show", help="Print everything that the event log knows about an account.")
def show(account: Account, config: Config = None, log: Log = None) -> None:
    """The answer to a reader who asks what is stored (GDPR, Article 15)."""
    from blockproxy.eventlog import account as accounts
    from blockproxy.eventlog import query

    path = event_log(config, log)
    rows = query.counts(path, ["sender", "technique", "vendor", "action"], _about(path, account))
    table(["sender", "technique", "vendor", "action", "findings", "messages"], (
        [*count.values, count.findings, count.messages] for count in rows
    ))  # fmt: skip
    there = accounts.show(path, account)
    print(f"\n{', '.join(f'{count} {name}' for name, count in there.items())}; all fields: blockproxy events --account")


def _about(path: "Place", account: str) -> "Filters":
    from blockproxy.eventlog import query
    from blockproxy.eventlog.account import pseudonyms

    return query.Filters(accounts=pseudonyms(path, account))


@app.command("forget", help="Delete everything that the event log knows about an account.")
def forget(account: Account, config: Config = None, log: Log = None) -> None:
    """The answer to a reader who wants to be forgotten (GDPR, Article 17)."""
    from blockproxy.eventlog import account as accounts

    forgotten(accounts.forget(event_log(config, log), account), account)


@app.command("verify", help="Check that nothing was changed in days that have ended. Exit code 1: something was.")
def verify(config: Config = None, log: Log = None) -> None:
    """Compute the digests of all days, and their chain, once more."""
    from blockproxy.eventlog import chain, database

    path = event_log(config, log)
    with database.reading(path) as connection:
        verdict = chain.verify(connection)
    complain(*(f"{path}: {problem}" for problem in verdict.problems))
    print(f"{verdict.days} days checked, {verdict.expired} past their retention")
    print(f"newest link: {verdict.head or 'none, no day has ended'}")
    raise typer.Exit(1 if verdict.problems else 0)


app.command("export", help=events_export.HELP, epilog=events_export.EXAMPLE)(events_export.export)


def _one_of(name: str, what: str, allowed: type[StrEnum]) -> str:
    if name and name not in list(allowed):
        raise typer.BadParameter(f"{name!r} is not a known {what}; allowed: {', '.join(allowed)}")
    return name


def _follow(path: "Place", filters: "Filters", form: Form) -> None:
    from blockproxy.eventlog import query
    from blockproxy.eventlog.events import Event

    names = list(COLUMNS if form is Form.TABLE else Event.__dataclass_fields__)
    newest: int | None = None
    try:
        while True:
            found, newest = query.newer(path, filters, newest)
            rows = [[getattr(event, name) for name in names] for event in found]
            if form is Form.TABLE:
                for row in rows:
                    print("  ".join(map(plain, row)), flush=True)
            else:
                write(form, names, rows, None, heading=False)
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
