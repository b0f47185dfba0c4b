"""What all commands have in common."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from blockproxy import __version__
from blockproxy.scan.kept import kept
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


def test_a_start_takes_no_time_to_look_for_garbage_and_leaves_the_collector_as_it_was() -> None:
    with kept(for_good=False):
        assert not gc.isenabled()
    assert gc.isenabled()
    for _ in range(2):
        with kept():
            pass
        assert gc.isenabled()
    first = gc.get_freeze_count()
    assert first > 0
    with kept():
        made: list[list[int]] = [[] for _ in range(1000)]
    assert len(made) == 1000
    assert gc.get_freeze_count() <= first


def test_cleaning_a_message_imports_nothing_that_only_others_need(tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(b"Subject: lunch\nContent-Type: text/html\n\n<p>at noon?\n")
    script = (
        "import sys\nfrom blockproxy import cli\ntry: cli.main(['clean', sys.argv[1]])\nfinally: print(*sys.modules)"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "letter.eml")]
    printed = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    assert not {"bs4", "asyncio", "sqlite3", "aiosmtpd", "rich.table"} & set(printed.stdout.split())
