"""`blockproxy report --evidence`: the numbers agree with a count made independently, and name nobody."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from blockproxy.cleaner import clean
from blockproxy.detect.rules import built_in
from blockproxy.eventlog import database, rollup
from blockproxy.eventlog.events import Delivery
from blockproxy.eventlog.evidence import CATEGORIES, evidence
from blockproxy.eventlog.query import Filters, events
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Cleaned, Technique
from tests.cli.command import blockproxy

PAGE = (
    '<a href="https://example.us1.list-manage.com/track/click?u=0000fake0000&id=fake01&e=fake02">x</a>'
    '<img width=1 height=1 src="https://example.us1.list-manage.com/track/open.php?u=0000fake0000&id=fake01&e=fake0{}">'
)
DAYS = (date(2026, 1, 30), date(2026, 2, 1), date(2026, 2, 2))


def cleaned(number: int) -> Cleaned:
    sender = ("news.tide.org", "shop.quarry.com")[number % 2]
    text = f"From: <hello@{sender}>\r\nContent-Type: text/html\r\n\r\n{PAGE.format(number)}"
    return clean(text.encode(), built_in())


@pytest.fixture(scope="module")
def told() -> list[tuple[date, Cleaned]]:
    return [(DAYS[number % 3], cleaned(number)) for number in range(12)]


@pytest.fixture
def log(tmp_path: Path, told: list[tuple[date, Cleaned]]) -> Path:
    path, now = tmp_path / "events.sqlite3", [DAYS[0]]
    log = EventLog(path, today=lambda: now[0])
    for number, (day, one) in enumerate(told):
        now[0] = day
        log.record(one, Delivery("imap", f"reader{number % 4}", f"INBOX/1/{number}", "in", 100, built_in()))
    log.close()
    with closing(database.open_for_writing(path)) as connection:
        for _ in rollup.steps(connection, date(2026, 3, 1)):
            pass
    return path


def test_the_numbers_are_those_of_the_findings(log: Path, told: list[tuple[date, Cleaned]]) -> None:
    expected = Counter(
        (one.origin.sender_domain.split(".", 1)[1], found.technique.value) for _, one in told for found in one.findings
    )
    got: Counter[tuple[str, str]] = Counter()
    made = evidence(log, Filters(), DAYS[-1])
    for sender in made.senders:
        for mechanism in sender.mechanisms:
            got[sender.domain.split(".", 1)[-1], mechanism.technique] += mechanism.findings
        assert sum(count for _, count in sender.months) == sender.messages == 6
        assert [month for month, _ in sender.months] == ["2026-01", "2026-02"]
        assert {party.vendor for party in sender.parties} == {"Mailchimp"}
        assert {party.operator for party in sender.parties} == {"Intuit"}
        assert sender.examples
    assert got == expected
    assert built_in().digest.startswith(made.rules[0])


def test_the_text_says_who_receives_what_under_which_category_and_that_it_is_whole(log: Path) -> None:
    ended = blockproxy("report", "--evidence", "--log", log, "--since", "2026-01-01")
    assert ended.code == 0
    for expected in (
        "chain of digests unbroken; 3 days checked", built_in().digest[:12], "as long as the settings",
        "open-pixel: 6 found, 6 stopped, in 6 messages", "Mailchimp, Intuit, list-manage.com, a third party's",
        "tracking pixel: ePrivacy Directive 2002/58/EC, Article 5(3)",
        "by month: 2026-01 2, 2026-02 4", "list-manage.com/track/open.php?u=*&id=*&e=*",
    ):  # fmt: skip
        assert expected in ended.out, expected


def test_how_long_it_is_kept_is_said_where_settings_say_so(log: Path) -> None:
    settings = log.with_name("blockproxy.yaml")
    imap = "imap: {upstream: {host: imap.example.org, port: 993}}"
    settings.write_text(f"{imap}\neventlog: {{path: {log.name}, retention_days: 44}}\n")
    assert "Kept for:    44 days" in blockproxy("report", "--evidence", "--config", settings).out


def test_no_reader_is_in_it(log: Path) -> None:
    out = log.with_name("evidence.html")
    assert blockproxy("report", "--evidence", "--log", log, "--since", "2026-01-01", "--html", out).code == 0
    said = out.read_text() + blockproxy("report", "--evidence", "--log", log, "--since", "2026-01-01").out
    for event in events(log):
        assert event.account not in said
        assert event.message not in said
    assert "fake0" not in said
    assert not re.search(r"2026-01-30|2026-02-01", said.replace("2026-01-30 to", ""))  # months, no days
    assert "default-src 'none'" in said
    refused = blockproxy("report", "--evidence", "--account", "reader1", "--log", log)
    assert refused.code == 2
    assert "names no account" in refused.err


def test_changed_numbers_are_told_and_are_an_error(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection, connection:
        connection.execute("DELETE FROM findings WHERE day = '2026-02-01' AND technique = 'open-pixel'")
    ended = blockproxy("report", "--evidence", "--log", log, "--since", "2026-01-01")
    assert ended.code == 1
    assert "BROKEN: 2026-02-01: " in ended.out
    assert "2026-02-01: " in ended.err


def test_every_technique_has_a_category() -> None:
    assert set(CATEGORIES) == set(Technique)
