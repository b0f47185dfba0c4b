"""What goes out for research names nobody, counts right, and opens as the document shows."""

import csv
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import closing
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest

from blockproxy.cli.tabular import parquet_is_there
from blockproxy.eventlog import database
from blockproxy.eventlog.events import Delivery
from blockproxy.eventlog.query import events
from blockproxy.eventlog.research import COLUMNS, COUNTS
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Finding, Origin, Technique
from tests.cli.command import Ended, blockproxy

DOCUMENT = (Path(__file__).parents[2] / "docs" / "research.md").read_text()
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", DOCUMENT.partition("## Opening it")[2], re.DOTALL)
PIXEL = Finding(
    Technique.OPEN_PIXEL, "example/open", "Example", 0.9, "why", Action.REMOVE, "https://t.example.net/o?u=FAKE1"
)

OTHER = PIXEL._replace(rule="example/other")

# Who got what: accounts, sender, finding.
MAIL = [
    (range(7), "common.org", PIXEL),
    (range(4), "rare.org", PIXEL),
    (range(2, 6), "rarer.org", PIXEL),
    (range(2), "own.org", PIXEL._replace(url="https://own.org/o?u=FAKE1")),
    (range(3), "here.org", OTHER._replace(url="https://t.example.com/o?u=FAKE1")),
    (range(3, 6), "there.org", OTHER._replace(url="https://t.example.org/o?u=FAKE1")),
    (range(1), "lonely.org", PIXEL._replace(technique=Technique.ADDRESS_LEAK, rule="address")),
]


def fill(path: Path, day: date = date(2026, 1, 5)) -> None:
    log = EventLog(path, today=lambda: day, key_days=10)
    for accounts, sender, found in MAIL:
        for account in accounts:
            delivery = Delivery("smtp", f"user{account}@example.org", f"{sender}{day}", "in")
            log.record(Cleaned(b"", (found, found), origin=Origin(sender, f"<news.{sender}>")), delivery)
    log.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.sqlite3"
    fill(path)
    return path


def export(log: Path, *words: object) -> tuple[Ended, list[dict[str, str]]]:
    ended = blockproxy("events", "export", "--log", log, "--research", log.parent / "out", *words)
    with (log.parent / "out" / "findings.csv").open() as file:
        return ended, list(csv.DictReader(file))


def test_a_row_holds_for_five_accounts_or_is_coarser_or_missing(log: Path) -> None:
    ended, rows = export(log)
    assert [(row["sender_domain"], row["host"], row["rule"], row["findings"], row["step"]) for row in rows] == [
        ("common.org", "example.net", "example/open", "14", "0"),
        ("*", "example.net", "example/open", "16", "1"),
        ("*", "*", "example/other", "12", "2"),
    ]
    assert "42 of 48 findings are in" in ended.out
    assert "6 findings were left out: fewer than 5" in ended.err


def test_every_row_holds_for_k_accounts_counted_independently(log: Path) -> None:
    for k in (2, 3, 5):
        _, rows = export(log, "--k", k)
        holders: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for event in events(log):
            for sender in (event.sender_domain, "*"):
                for host in (event.host, "*"):
                    holders[sender, host, event.rule].add(event.account)
        assert rows
        for row in rows:
            assert len(holders[row["sender_domain"], row["host"], row["rule"]]) >= k


def test_with_one_everything_is_there_and_agrees_with_a_count_of_the_log(log: Path) -> None:
    _, rows = export(log, "--k", 1)
    published: Counter[tuple[str, str]] = Counter()
    for row in rows:
        published[row["sender_domain"], row["technique"]] += int(row["findings"])
    assert published == Counter((event.sender_domain, event.technique) for event in events(log))


def test_two_pseudonyms_of_one_account_are_not_two_accounts(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"
    for day in (5, 20):
        fill(path, date(2026, 1, day))
    assert len({event.account for event in events(path)}) > len(MAIL)  # the key was replaced in between
    _, rows = export(path)
    assert "rare.org" not in {row["sender_domain"] for row in rows}


def test_no_pseudonym_and_no_day_goes_out_and_a_first_party_url_does_not_name_the_sender(log: Path) -> None:
    export(log)
    everything = "".join(file.read_text() for file in (log.parent / "out").iterdir() if file.suffix != ".parquet")
    for event in events(log):
        assert event.account not in everything
        assert event.message not in everything
    assert "2026-01-05" not in everything
    for sender in ("own.org", "rare.org", "rarer.org", "here.org", "lonely.org"):
        assert sender not in everything


def test_the_dictionary_explains_every_column_and_the_datasheet_says_what_is_missing(log: Path) -> None:
    _, rows = export(log)
    with (log.parent / "out" / "dictionary.csv").open() as file:
        explained = {row["column"]: row["meaning"] for row in csv.DictReader(file)}
    assert list(explained) == list(rows[0]) == [*COLUMNS, *COUNTS]
    sheet = (log.parent / "out" / "datasheet.md").read_text()
    assert "k = 5" in sheet
    assert "Left out: 6 of 48." in sheet


def test_the_log_is_only_read(log: Path) -> None:
    with closing(database.open_for_reading(log)) as connection:
        before = list(connection.iterdump())
    export(log)
    with closing(sqlite3.connect(log)) as connection:
        assert list(connection.iterdump()) == before


@pytest.mark.parametrize(("language", "block"), BLOCKS, ids=["python", "sqlite3", "pandas", "duckdb"])
def test_what_the_document_shows_works(log: Path, language: str, block: str) -> None:
    export(log)
    if language == "sh":
        if shutil.which("sqlite3") is None:
            pytest.skip("sqlite3 is not installed")
        command = ["sh", "-ec", block]
    else:
        missing = [name for name in re.findall(r"import (pandas|duckdb)", block) if find_spec(name) is None]
        if missing or ("parquet" in block and not parquet_is_there()):
            pytest.skip(f"not installed: {', '.join(missing) or 'pyarrow'}")
        command = [sys.executable, "-c", block]
    ended = subprocess.run(command, check=False, cwd=log.parent / "out", capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "Example" in ended.stdout or "open-pixel" in ended.stdout


def test_a_folder_that_cannot_be_made_is_told(log: Path) -> None:
    ended = blockproxy("events", "export", "--log", log, "--research", log / "sub")
    assert ended.code == 2
    assert "cannot be written: Not a directory" in ended.err
