"""What all commands have in common."""

import subprocess
import sys

import pytest

from blockproxy import __version__
from tests.cli.command import PROGRAM, blockproxy, environment

COMMANDS = [["run"], ["check"], ["demo"], ["clean"], ["events"], ["forget"], ["rules", "test"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: list[str]) -> None:
    ended = blockproxy(*command, "--help")
    assert ended.code == 0
    assert f"blockproxy {' '.join(command)} " in ended.out.partition("Example:")[2]


def test_the_version_is_told() -> None:
    assert blockproxy("--version").out == f"blockproxy {__version__}\n"


def test_an_unknown_command_ends_with_2() -> None:
    ended = blockproxy("celan")
    assert ended.code == 2
    assert "celan" in ended.err


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    script = "import sys; import blockproxy.cli; print(*(m for m in sys.argv[1:] if m in sys.modules))"
    heavy = ["pydantic", "yaml", "lxml", "asyncio", "tldextract", "ada_url", "sqlite3", "aiosmtpd", "rich.table"]
    printed = subprocess.run(
        [sys.executable, "-c", script, *heavy], env=environment(), capture_output=True, text=True, check=True
    )
    assert printed.stdout.split() == []


def test_a_reader_of_the_output_that_goes_away_is_no_error() -> None:
    words = " ".join([*PROGRAM, "check", "--example", "|", "head", "-1"])
    ended = subprocess.run(["bash", "-c", words], env=environment(), capture_output=True, text=True, check=False)
    assert ended.stdout.startswith("# Settings")
    assert ended.stderr == ""
