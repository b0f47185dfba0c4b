"""What the commands about the event log have in common: where it is, which days, whose."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from blockproxy.eventlog.database import Place

from blockproxy.cli.output import complain

Config = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings that name the event log.")]
Log = Annotated[Path | None, typer.Option(metavar="FILE", help="The event log itself, instead.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", show_default=False)]
Since = Annotated[str, typer.Option(metavar="DAY", help="From this day (UTC) on: 2026-01-31, or 30d ago.")]
Until = Annotated[str, typer.Option(metavar="DAY", help="Up to this day, which is included.")]


def event_log(config: Path | None, log: Path | None) -> "Place":
    """The event log; its standard place where nobody has written settings."""
    if log is not None:
        return log
    from blockproxy import config as settings

    if config is None and not any(place.is_file() for place in settings.places()):
        return settings.default_eventlog()
    return settings.load(config).eventlog.place


def refuse_options(context: typer.Context) -> None:
    """Raise BadParameter for options in front of a subcommand: `--log` would be ignored, and another log asked."""
    given = [
        f"--{name}"
        for name in context.params
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    if given:
        command = context.invoked_subcommand
        raise typer.BadParameter(
            f"{', '.join(given)} in front of {command}: options stand behind it, where it has them"
        )


def forgotten(rows: int, account: str) -> None:
    """Say that `rows` about `account` are gone; exit code 1 where there were none: it may have another spelling."""
    if rows == 0:
        complain(f"{account}: nothing is known about it; a login name is compared letter for letter")
        raise typer.Exit(1)
    print(f"{rows} rows deleted")


def kept(config: Path | None, log: Path | None) -> str:
    """For how long the event log keeps its rows, as far as settings say so."""
    from blockproxy import config as settings

    if log is not None or (config is None and not any(place.is_file() for place in settings.places())):
        return "as long as the settings of the proxy say"
    return f"{settings.load(config).eventlog.retention_days} days"


def day(text: str) -> date | None:
    """A day as it is written on the command line: `2026-01-31`, or `30d` for as many days ago."""
    if not text:
        return None
    try:
        if text.endswith("d"):
            return datetime.now(UTC).date() - timedelta(int(text[:-1]))
        return date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{text!r} is no day; write 2026-01-31, or 30d for thirty days ago") from error
