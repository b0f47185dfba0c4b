"""`blockproxy events` on a real event log."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from blockproxy.eventlog.events import Delivery
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Finding, Origin, Technique
from tests.cli.command import blockproxy


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
    rows = [json.loads(line) for line in blockproxy("events", "--log", log, "--json").out.splitlines()]
    table = list(csv.DictReader(io.StringIO(blockproxy("events", "--log", log, "--csv").out)))
    assert [row["vendor"] for row in rows] == ["Example Mailer", "Other"]
    assert [{name: str(value) for name, value in row.items()} for row in rows] == table


@pytest.mark.parametrize(("words", "vendors"), [
    (["--since", "2026-01-02"], ["Other"]),
    (["--technique", "open-pixel"], ["Example Mailer"]),
    (["--vendor", "other"], ["Other"]),
    (["--sender", "example.org"], ["Example Mailer", "Other"]),
    (["--sender", "example.com"], []),
    (["--account", "me"], ["Example Mailer", "Other"]),
    (["--account", "somebody"], []),
])  # fmt: skip
def test_filters_narrow(log: Path, words: list[str], vendors: list[str]) -> None:
    lines = blockproxy("events", "--log", log, "--json", *words).out.splitlines()
    assert [json.loads(line)["vendor"] for line in lines] == vendors


def test_the_settings_say_where_the_log_is(log: Path, tmp_path: Path) -> None:
    settings = tmp_path / "blockproxy.yaml"
    settings.write_text(f"imap: {{upstream: {{host: imap.example.org, port: 993}}}}\neventlog: {{path: {log.name}}}\n")
    assert len(blockproxy("events", "--config", settings, "--json").out.splitlines()) == 2


@pytest.mark.parametrize(("words", "expected"), [
    (["--log", "/nonexistent.sqlite3"], "/nonexistent.sqlite3: no event log yet"),
    (["--technique", "magic"], "'magic' is not a technique; allowed: open-pixel"),
    (["--since", "yesterday"], "does not match the format"),
    (["--json", "--csv"], "exclude each other"),
])  # fmt: skip
def test_what_cannot_be_shown_is_told(words: list[str], expected: str) -> None:
    ended = blockproxy("events", *words)
    assert ended.code == 2
    assert expected in ended.err


def test_an_account_can_be_forgotten(log: Path) -> None:
    assert blockproxy("forget", "somebody", "--log", log).out == "0 rows deleted\n"
    assert blockproxy("forget", "me", "--log", log).out == "4 rows deleted\n"
    assert blockproxy("events", "--log", log, "--json").out == ""
