"""`blockproxy rules test`: the proof of the rule files."""

from pathlib import Path
from typing import Annotated

import typer

from blockproxy.cli.output import complain

HELP = """Try every example of every rule file, the shipped ones and those in PATH.

Every mistake is told with its file and line; the exit code is then 1."""

EXAMPLE = "\b\nExample:\n  blockproxy rules test my-rules"

app = typer.Typer(help="Rule files: the trackers that are known by name.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _rules() -> None:
    """A group, even while it has one command."""


@app.command("test", help=HELP, epilog=EXAMPLE)
def try_examples(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", exists=True, file_okay=False, show_default=False),
    ] = None,
) -> None:
    """See `HELP`."""
    from blockproxy.detect.checks import check

    problems = check(paths or [])
    complain(*map(str, problems))
    if problems:
        raise typer.Exit(1)
    print("every example of every rule does what it says")
