"""`blockproxy rules`: what is known by name, why a URL is treated as it is, and the proof of the rule files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from blockproxy.cli import rules_explain, rules_list, rules_update
from blockproxy.cli.output import complain

TEST_HELP = """Try every example of every rule file, the shipped ones and those in PATH.

PATH is a folder of rules, or a single file: then only what this file says is tried, beside all other rules. Every
mistake is told with its file and line; the exit code is then 1."""

TEST_EXAMPLE = "\b\nExample:\n  blockproxy rules test rules/vendors/mandrill.yaml"

LINT_HELP = """Look for what is no mistake and does no good: in the shipped rules and those in PATH.

Told with file and line: patterns that can never match or that nobody has shown to, rules and parameters that another
one hides, names and patterns that are too wide. The exit code is then 1."""

LINT_EXAMPLE = "\b\nExample:\n  blockproxy rules lint my-rules"

app = typer.Typer(help="Rule files: the trackers that are known by name.", no_args_is_help=True, rich_markup_mode=None)
app.command("list", help=rules_list.HELP, epilog=rules_list.EXAMPLE)(rules_list.list_rules)
app.command("explain", help=rules_explain.HELP, epilog=rules_explain.EXAMPLE)(rules_explain.explain)
app.command("update", help=rules_update.HELP, epilog=rules_update.EXAMPLE)(rules_update.update)

Paths = Annotated[list[Path] | None, typer.Argument(metavar="PATH", exists=True, show_default=False)]


@app.command("test", help=TEST_HELP, epilog=TEST_EXAMPLE)
def try_examples(paths: Paths = None) -> None:
    """See `TEST_HELP`."""
    from blockproxy.detect.checks import check

    _tell(check(paths or []))
    print("every example of every rule does what it says")


@app.command("lint", help=LINT_HELP, epilog=LINT_EXAMPLE)
def lint(paths: Paths = None) -> None:
    """See `LINT_HELP`."""
    from blockproxy.detect.lint import lint as problems

    _tell(problems(paths or []))
    print("every pattern can match, none hides another, none is too wide")


def _tell(problems: Sequence[object]) -> None:
    complain(*map(str, problems))
    if problems:
        raise typer.Exit(1)
