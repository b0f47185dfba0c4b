"""The commands; the only place that prints and exits.

One file a command. What is heavy is imported inside a command, so that `--help` is quick. Exit codes: 0 it worked, 1 it
worked in part or something out there does not, 2 what was asked for cannot be done (a setting, a rule, an argument),
130 interrupted.
"""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from blockproxy import __version__
from blockproxy.cli import check, clean, demo, events, exempt, explain, forget, report, rules, run, scan
from blockproxy.cli.output import complain
from blockproxy.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

app = typer.Typer(
    name="blockproxy",
    help="Takes trackers out of mail on its way to the reader, and keeps automatic read receipts from leaving.",
    epilog="\b\nTo begin:\n  blockproxy check --example > blockproxy.yaml\n  blockproxy run --config blockproxy.yaml",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # help is plain text, on a terminal and in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"blockproxy {__version__}")
        raise typer.Exit


@app.callback()
def _blockproxy(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Nothing is common to all commands but their way to fail."""


app.command("run", help=run.HELP, epilog=run.EXAMPLE)(run.run)
app.command("check", help=check.HELP, epilog=check.EXAMPLE)(check.check)
app.command("demo", help=demo.HELP, epilog=demo.EXAMPLE)(demo.demo)
app.command("clean", help=clean.HELP, epilog=clean.EXAMPLE)(clean.clean)
app.command("explain", help=explain.HELP, epilog=explain.EXAMPLE)(explain.explain)
app.command("scan", help=scan.HELP, epilog=scan.EXAMPLE)(scan.scan)
app.command("allow", help=exempt.ALLOW_HELP, epilog=exempt.ALLOW_EXAMPLE)(exempt.allow)
app.command("pause", help=exempt.PAUSE_HELP, epilog=exempt.PAUSE_EXAMPLE)(exempt.pause)
app.add_typer(events.app, name="events")
app.command("report", help=report.HELP, epilog=report.EXAMPLE)(report.report)
app.command("forget", help=forget.HELP, epilog=forget.EXAMPLE)(forget.forget)
app.add_typer(rules.app, name="rules")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: run the command that `arguments` (or the command line) name, and exit."""
    try:
        app(args=arguments, prog_name="blockproxy")
    except InputError as error:
        complain(*error.problems)
        sys.exit(2)
    except OSError as error:
        if error.errno not in FULL:
            raise
        complain(f"what was found cannot be written: {error.strerror}")
        # What is still in the buffer of stdout would fail once more on the way out.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
