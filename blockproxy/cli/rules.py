"""`blockproxy rules`: what is known by name, why a URL is treated as it is, and the proof of the rule files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from blockproxy.cli import chosen, rules_explain, rules_list, rules_update
from blockproxy.cli.output import complain, plain

TEST_HELP = """Try every example of every rule file, the shipped ones and those in PATH.

PATH is a folder of rules, or a single file: then only what this file says is tried, beside all other rules. Every
mistake is told with its file and line; the exit code is then 1. It says where PATH is not among the rules that mail
goes by: the shipped ones, and those of --rules and --config."""

TEST_EXAMPLE = "\b\nExample:\n  blockproxy rules test rules/vendors/mandrill.yaml"

LINT_HELP = """Look for what is no mistake and does no good: in the shipped rules and those in PATH.

Told with file and line: patterns that can never match or that nobody has shown to, rules and parameters that another
one hides, names and patterns that are too wide. The exit code is then 1."""

LINT_EXAMPLE = "\b\nExample:\n  blockproxy rules lint my-rules"

NOT_IN_USE = """{} is not among the rules in use. They are those this program was installed with, where `make` in a
checkout makes its rules/ the ones (an editable install), and the folders that `--rules DIR` or `rules: folders:` in the
settings name."""

app = typer.Typer(help="Rule files: the trackers that are known by name.", no_args_is_help=True, rich_markup_mode=None)
app.command("list", help=rules_list.HELP, epilog=rules_list.EXAMPLE)(rules_list.list_rules)
app.command("explain", help=rules_explain.HELP, epilog=rules_explain.EXAMPLE)(rules_explain.explain)
app.command("update", help=rules_update.HELP, epilog=rules_update.EXAMPLE)(rules_update.update)

Folders = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="A folder of rules to read beside these; may be repeated."),
]
Paths = Annotated[list[Path] | None, typer.Argument(metavar="PATH", exists=True, show_default=False)]


@app.command("test", help=TEST_HELP, epilog=TEST_EXAMPLE)
def try_examples(paths: Paths = None, folders: Folders = None, config: chosen.Config = None) -> None:
    """See `TEST_HELP`."""
    from blockproxy.detect.checks import check

    beside = chosen.rules(config, folders).folders
    _tell(check(paths or [], beside))
    print("every example of every rule does what it says")
    for path in _not_in_use(paths or [], beside):
        print(NOT_IN_USE.format(plain(path)))


@app.command("lint", help=LINT_HELP, epilog=LINT_EXAMPLE)
def lint(paths: Paths = None, folders: Folders = None, config: chosen.Config = None) -> None:
    """See `LINT_HELP`."""
    from blockproxy.detect.lint import lint as problems

    _tell(problems(paths or [], chosen.rules(config, folders).folders))
    print("every pattern can match, none hides another, none is too wide")


def _not_in_use(paths: Sequence[Path], folders: Sequence[Path]) -> list[Path]:
    from blockproxy.detect.loading import files
    from blockproxy.detect.rules import built_in_folder

    used = {path.resolve() for folder in (built_in_folder(), *folders) for path in (folder, *files(folder))}
    return [path for path in paths if path.resolve() not in used]


def _tell(problems: Sequence[object]) -> None:
    complain(*map(str, problems))
    if problems:
        raise typer.Exit(1)
