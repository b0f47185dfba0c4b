"""`blockproxy forget`: the event log's memory of one account."""

from pathlib import Path
from typing import Annotated

import typer

from blockproxy.cli.event_options import event_log, forgotten

HELP = """Delete everything that the event log knows about an account.

ACCOUNT is the login name, as the mail client sends it. `blockproxy events show` shows what would be deleted."""

EXAMPLE = "\b\nExample:\n  blockproxy forget me@example.org"


def forget(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", show_default=False)],
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings that name the event log.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="The event log itself, instead.")] = None,
) -> None:
    """See `HELP`."""
    from blockproxy.eventlog import account as accounts

    forgotten(accounts.forget(event_log(config, log), account), account)
