"""`blockproxy allow` and `blockproxy pause`: mail that the running proxy leaves alone."""

import re
from pathlib import Path
from typing import Annotated

import typer

ALLOW_HELP = """Leave a sender's mail alone, from the next time it is fetched; without SENDER, list who is allowed.

SENDER is an address, a domain with everything below it, or a List-Id in <>. A sender's name can be forged: whoever
writes it is let through. It is kept until `--undo`; nothing is restarted."""

PAUSE_HELP = """Leave all mail of an account alone for a while, from the next time it is fetched.

ACCOUNT is the login name, as the mail client sends it. `--for 0` ends it."""

ALLOW_EXAMPLE = "\b\nExample:\n  blockproxy allow news@example.org\n  blockproxy allow --undo news@example.org"
PAUSE_EXAMPLE = "\b\nExample:\n  blockproxy pause me@example.org --for 10m"

_UNITS = {"": 60, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(\d{1,6})([smh]?)")

Config = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The settings of the running proxy; `check` names the places.")
]


def allow(
    sender: Annotated[str | None, typer.Argument(metavar="[SENDER]", show_default=False)] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Clean this sender's mail again.")] = False,
    config: Config = None,
) -> None:
    """See `ALLOW_HELP`."""
    if sender is None:
        print(_ask(config, do="allowed"))
    else:
        print(_ask(config, do="disallow" if undo else "allow", sender=sender))


def pause(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", show_default=False)],
    duration: Annotated[str, typer.Option("--for", metavar="DURATION", help="Such as 10m, 2h or 90s.")] = "10m",
    config: Config = None,
) -> None:
    """See `PAUSE_HELP`."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise typer.BadParameter(f"{duration!r} must be a number with s, m or h behind it", param_hint="--for")
    print(_ask(config, do="pause", account=account, seconds=str(int(match[1]) * _UNITS[match[2]])))


def _ask(path: Path | None, **words: str) -> str:
    from blockproxy import config, control

    return control.ask(config.load(path).control, **words)
