"""`blockproxy events`: what was blocked, from the event log."""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, astuple, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blockproxy.cli.output import table

if TYPE_CHECKING:
    from blockproxy.eventlog.events import Event

HELP = """Show what was found and blocked, from the event log.

The log knows senders, vendors and techniques by the day. It has no text, no subject, no full URL and no time
of reading; accounts and messages are pseudonyms."""

EXAMPLE = "\b\nExample:\n  blockproxy events --since 2026-01-01 --technique open-pixel --json"

COLUMNS = ("day", "sender_domain", "technique", "vendor", "action", "confidence", "rule", "skeleton")


def events(  # noqa: PLR0913, PLR0917 - an option is an argument
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings that name the event log.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="The event log itself, instead.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day (UTC) on.")] = None,
    technique: Annotated[str, typer.Option(help="Only this one, such as open-pixel or link-redirect.")] = "",
    vendor: Annotated[str, typer.Option(help="Only this vendor, by name or id.")] = "",
    sender: Annotated[str, typer.Option(metavar="DOMAIN", help="Only senders of this domain.")] = "",
    account: Annotated[str, typer.Option(metavar="LOGIN", help="Only the account with this login name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an event, all fields.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header line, all fields.")] = False,
) -> None:
    """See `HELP`."""
    from blockproxy.eventlog import query
    from blockproxy.eventlog.account import pseudonyms

    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    path = event_log(config, log)
    found = query.events(
        path,
        query.Filters(
            since=since.date() if since else None,
            technique=_technique(technique),
            vendor=vendor,
            sender=sender,
            accounts=pseudonyms(path, account) if account else (),
        ),
    )
    if as_json:
        sys.stdout.writelines(json.dumps(asdict(event)) + "\n" for event in found)
    elif as_csv:
        _write_csv(found)
    else:
        table(COLUMNS, ([getattr(event, column) for column in COLUMNS] for event in found))


def event_log(config: Path | None, log: Path | None) -> Path:
    """The event log; its standard place where nobody has written settings."""
    from blockproxy import config as settings

    if log is not None:
        return log
    if config is None and not any(place.is_file() for place in settings.places()):
        return settings.default_eventlog()
    return settings.load(config).eventlog.path


def _technique(name: str) -> str:
    from blockproxy.model import Technique

    if name and name not in list(Technique):
        raise typer.BadParameter(f"{name!r} is not a technique; allowed: {', '.join(Technique)}")
    return name


def _write_csv(found: "Iterator[Event]") -> None:
    from blockproxy.eventlog.events import Event

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([field.name for field in fields(Event)])
    writer.writerows(map(astuple, found))
