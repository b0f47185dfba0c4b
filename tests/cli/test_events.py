"""`blockproxy events` on a real event log."""

import csv
import io
import json
import select
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from blockproxy.cli.events import By
from blockproxy.cli.tabular import parquet_is_there
from blockproxy.eventlog import database, rollup
from blockproxy.eventlog.events import Delivery
from blockproxy.eventlog.query import BY
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Finding, Origin, Technique
from tests.cli.command import PROGRAM, blockproxy, environment


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An event log with an open pixel on one day and a click redirect on the next."""
    path = tmp_path / "events.sqlite3"
    for day, technique, vendor in (
        (date(2026, 1, 1), Technique.OPEN_PIXEL, "Example Mailer"),
        (date(2026, 1, 2), Technique.LINK_REDIRECT, "Other"),
    ):
        finding = Finding(
            technique, "example/rule", vendor, 0.9, "why", Action.REMOVE, "https://t.example.net/o?u=FAKE1234"
        )
        events = EventLog(path, today=lambda day=day: day)  # type: ignore[misc]
        events.record(Cleaned(b"", (finding,), origin=Origin("example.org")), Delivery("imap", "me", str(day), "in"))
        events.close()
    return path


def test_events_are_a_table(log: Path) -> None:
    ended = blockproxy("events", "--log", log)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == [
        "day", "sender_domain", "technique", "vendor", "action", "confidence", "rule", "skeleton"
    ]  # fmt: skip
    assert lines[1].startswith("2026-01-01  example.org    open-pixel     Example Mailer  remove")
    assert lines[1].endswith("https://t.example.net/o?u=*")
    assert len(lines) == 3


def test_events_are_json_lines_and_csv_with_every_field(log: Path) -> None:
    rows = [json.loads(line) for line in blockproxy("events", "--log", log, "--format", "jsonl").out.splitlines()]
    table = list(csv.DictReader(io.StringIO(blockproxy("events", "--log", log, "--format", "csv").out)))
    assert [row["vendor"] for row in rows] == ["Example Mailer", "Other"]
    assert [{name: str(value) for name, value in row.items()} for row in rows] == table


@pytest.mark.parametrize(("words", "vendors"), [
    (["--since", "2026-01-02"], ["Other"]),
    (["--technique", "open-pixel"], ["Example Mailer"]),
    (["--vendor", "other"], ["Other"]),
    (["--sender", "example.org"], ["Example Mailer", "Other"]),
    (["--sender", "example.com"], []),
    (["--account", "me"], ["Example Mailer", "Other"]),
    (["--until", "2026-01-01"], ["Example Mailer"]),
    (["--action", "report"], []),
    (["--account", "somebody"], []),
])  # fmt: skip
def test_filters_narrow(log: Path, words: list[str], vendors: list[str]) -> None:
    lines = blockproxy("events", "--log", log, "--format", "jsonl", *words).out.splitlines()
    assert [json.loads(line)["vendor"] for line in lines] == vendors


def test_the_settings_say_where_the_log_is(log: Path, tmp_path: Path) -> None:
    settings = tmp_path / "blockproxy.yaml"
    settings.write_text(f"imap: {{upstream: {{host: imap.example.org, port: 993}}}}\neventlog: {{path: {log.name}}}\n")
    assert len(blockproxy("events", "--config", settings, "--format", "jsonl").out.splitlines()) == 2


@pytest.mark.parametrize(("words", "expected"), [
    (["--log", "/nonexistent.sqlite3"], "/nonexistent.sqlite3: no event log yet"),
    (["--technique", "magic"], "'magic' is not a known technique; allowed: open-pixel"),
    (["--action", "magic"], "'magic' is not a known action; allowed: remove"),
    (["--since", "yesterday"], "'yesterday' is no day; write 2026-01-31, or 30d"),
    (["--until", "99999999d"], "is no day"),
    (["--follow", "--by", "vendor"], "--follow goes with"),
    (["show", "me", "--log", "/nonexistent.sqlite3"], "no event log yet"),
])  # fmt: skip
def test_what_cannot_be_shown_is_told(words: list[str], expected: str) -> None:
    ended = blockproxy("events", *words)
    assert ended.code == 2
    assert expected in ended.err


def test_findings_are_counted(log: Path) -> None:
    ended = blockproxy("events", "--log", log, "--by", "vendor", "--by", "month", "--format", "csv")
    assert ended.out.splitlines() == [
        "vendor,month,findings,blocked,messages",
        "Example Mailer,2026-01,1,1,1",
        "Other,2026-01,1,1,1",
    ]


def test_everything_that_can_be_counted_by_is_offered() -> None:
    assert [by.value for by in By] == list(BY)


def test_a_spreadsheet_computes_nothing_and_a_terminal_obeys_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"
    found = Finding(Technique.OPEN_PIXEL, "x/y", '=HYPERLINK("https://example.org")\x1b[2J', 0.9, "why")
    events = EventLog(path)
    events.record(Cleaned(b"", (found,)), Delivery("imap", "me", "1", "in"))
    events.close()
    [row] = csv.DictReader(io.StringIO(blockproxy("events", "--log", path, "--format", "csv").out))
    assert row["vendor"].startswith("'=HYPERLINK")
    assert "\x1b" not in blockproxy("events", "--log", path).out


def test_parquet_is_written_or_it_is_said_what_is_missing(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    assert "needs a file: --out" in blockproxy("events", "--log", log, "--format", "parquet").err
    ended = blockproxy("events", "--log", log, "--format", "parquet", "--out", out)
    if not parquet_is_there():
        assert ended.code == 2
        assert "pip install 'blockproxy[parquet]'" in ended.err
        pytest.skip("pyarrow is not installed")
    import pyarrow.parquet  # type: ignore[import-not-found,unused-ignore]

    rows = pyarrow.parquet.read_table(out).to_pylist()
    assert [row["vendor"] for row in rows] == ["Example Mailer", "Other"]
    assert rows[0]["confidence"] == 0.9


def test_follow_shows_what_comes(log: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "events", "--log", log, "--follow", "--format", "jsonl"],
        stdout=subprocess.PIPE, env=environment(), text=True,
    ) as following:  # fmt: skip
        assert following.stdout is not None
        try:
            time.sleep(2)  # it says nothing of its own; before it looks for the first time nothing is new
            line = ""
            for number in range(20):
                events = EventLog(log)
                found = Finding(Technique.OPEN_PIXEL, "new/rule", "New", 0.9, "why")
                events.record(Cleaned(b"", (found,)), Delivery("imap", "me", f"new{number}", "in"))
                events.close()
                if select.select([following.stdout], [], [], 1)[0]:
                    line = following.stdout.readline()
                    break
            assert json.loads(line)["vendor"] == "New"
        finally:
            following.send_signal(signal.SIGINT)
            assert following.wait(10) == 130


def test_an_account_can_be_shown(log: Path) -> None:
    lines = blockproxy("events", "show", "me", "--log", log).out.splitlines()
    assert lines[1].split()[:2] == ["example.org", "link-redirect"]
    assert lines[-1].startswith("2 findings, 0 skips, 2 messages")
    assert blockproxy("events", "show", "you", "--log", log).out.splitlines()[-1].startswith("0 findings")


def test_the_chain_can_be_verified(log: Path) -> None:
    with closing(database.open_for_writing(log)) as connection:
        for _ in rollup.steps(connection, date(2026, 1, 3)):
            pass
    good = blockproxy("events", "verify", "--log", log)
    assert good.code == 0
    assert "2 days checked, 0 past their retention" in good.out
    with closing(sqlite3.connect(log)) as connection, connection:
        connection.execute("UPDATE findings SET vendor = 'Nobody'")
    bad = blockproxy("events", "verify", "--log", log)
    assert bad.code == 1
    assert "2026-01-01: 2 rows that are not the 2 which were sealed" in bad.err


def test_an_account_can_be_forgotten(log: Path) -> None:
    unknown = blockproxy("forget", "somebody", "--log", log)
    assert (unknown.code, unknown.out) == (1, "")
    assert "somebody: nothing is known about it; a login name is compared letter for letter" in unknown.err
    assert blockproxy("events", "forget", "me", "--log", log).out == "4 rows deleted\n"
    assert blockproxy("events", "--log", log, "--format", "jsonl").out == ""


@pytest.mark.parametrize("words", [
    ["events"], ["events", "--by", "host"], ["events", "show", "me"], ["events", "verify"], ["events", "forget", "me"],
    ["events", "export", "--research", "OUT"], ["report"], ["report", "--evidence"],
])  # fmt: skip
def test_a_corrupt_log_is_a_plain_error(log: Path, tmp_path: Path, words: list[str]) -> None:
    with closing(database.open_for_writing(log)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with log.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (log.stat().st_size - 4096))
    ended = blockproxy(*[str(tmp_path / "out") if word == "OUT" else word for word in words], "--log", log)
    assert ended.code == 2
    assert f"{log}: the event log cannot be " in ended.err


def test_options_in_front_of_a_subcommand_are_not_ignored(log: Path) -> None:
    for words in (
        ("--log", log, "verify"),
        ("--log", log, "forget", "somebody"),
        ("--since", "30d", "show", "somebody"),
    ):
        ended = blockproxy("events", *words)
        assert ended.code == 2
        assert "options stand behind it" in ended.err
