"""A month of real mail: report, research export and evidence agree with a count of the findings themselves."""

import csv
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from blockproxy.cleaner import clean
from blockproxy.detect.identity import Identity
from blockproxy.detect.rules import built_in
from blockproxy.eventlog import database, rollup, skeleton
from blockproxy.eventlog.events import (
    Delivery,
    Event,
    MessageEvent,
    Pseudonyms,
    Seen,
    SkipEvent,
    finding_rows,
    message_row,
    skip_rows,
)
from blockproxy.eventlog.evidence import evidence
from blockproxy.eventlog.query import Filters, counts
from blockproxy.eventlog.store import EventLog
from blockproxy.eventlog.summary import summary
from blockproxy.model import Cleaned, Context
from blockproxy.scan.report import recipients
from tests.cli.command import blockproxy
from tests.corpus_path import messages

FIRST = date(2026, 1, 1)
LAST = FIRST + timedelta(29)
MESSAGES = 300
READERS = 7


@pytest.fixture(scope="module")
def told() -> list[Cleaned]:
    read = islice(messages("newsletters"), MESSAGES)
    return [clean(message, built_in()) for _, message in read]


@pytest.fixture(scope="module")
def log(told: list[Cleaned], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, today = tmp_path_factory.mktemp("month") / "events.sqlite3", [FIRST]
    log = EventLog(path, today=lambda: today[0])
    for number, cleaned in enumerate(told):
        today[0] = FIRST + timedelta(number * 30 // len(told))
        log.record(cleaned, Delivery("imap", f"reader{number % READERS}", f"INBOX/1/{number}", "in", rules=built_in()))
    log.close()
    with closing(database.open_for_writing(path)) as connection:
        for _ in rollup.steps(connection, LAST):
            pass
    return path


def test_the_report_counts_what_was_found(told: list[Cleaned], log: Path) -> None:
    found = [(finding, number) for number, one in enumerate(told) for finding in one.findings]
    assert len(found) > 500
    said = summary(log, Filters(), LAST)
    assert said.total.findings == len(found)
    assert said.total.blocked == sum(finding.blocked for finding, _ in found)
    assert said.total.messages == len({number for _, number in found})
    assert {one.values[0]: one.findings for one in said.techniques} == Counter(one.technique for one, _ in found)
    assert {one.values[0]: one.findings for one in said.vendors} == Counter(one.vendor for one, _ in found)
    assert {one.values[0]: one.messages for one in said.vendors} == Counter(
        vendor for vendor, _ in {(one.vendor, number) for one, number in found}
    )
    assert sum(number for _, number in said.skips) == sum(
        len({(s.part, s.reason) for s in one.skipped}) for one in told
    )


def test_counting_by_rule_agrees_too(told: list[Cleaned], log: Path) -> None:
    expected = Counter(finding.rule for one in told for finding in one.findings)
    assert {one.values[0]: one.findings for one in counts(log, ["rule"])} == expected


def test_evidence_and_export_count_the_same(told: list[Cleaned], log: Path, tmp_path: Path) -> None:
    expected = Counter(
        skeleton.of_host(one.origin.sender_domain) for one in told for _ in one.findings if one.origin.sender_domain
    )
    made = evidence(log, Filters(), LAST)
    assert {one.domain: sum(row.findings for row in one.mechanisms) for one in made.senders} == expected
    assert made.verdict.problems == ()
    assert made.verdict.days == 29  # the last one has not ended
    blockproxy("events", "export", "--log", log, "--research", tmp_path, "--k", 1)
    with (tmp_path / "findings.csv").open() as file:
        exported = Counter[str]()
        for row in csv.DictReader(file):
            exported[row["sender_domain"]] += int(row["findings"])
    exported.pop("", None)
    assert exported == expected


def test_our_own_leak_detector_finds_no_recipient_in_the_rows(told: list[Cleaned]) -> None:
    pseudonyms, searched = Pseudonyms(b"k" * 32), 0
    for _, message in islice(messages("newsletters"), MESSAGES):
        addresses = recipients(message.partition(b"\n\n")[0] + b"\n\n")
        own = [address for address in addresses if not address.endswith(("example.com", "example.org"))]
        if not own:
            continue
        cleaned = clean(message, built_in(), context=Context(tuple(own)))
        seen = Seen(cleaned.findings, cleaned.skipped, cleaned.origin, Delivery("imap", own[0], "1", "in"), FIRST)
        identity = Identity(own)
        whole = message_row(seen, pseudonyms)
        rows: list[Event | SkipEvent | MessageEvent] = [*finding_rows(seen, whole), *skip_rows(seen, whole)]
        rows.append(whole)
        for row in rows:
            searched += 1
            assert identity.find("\n".join(str(value) for value in asdict(row).values())) is None, row
    assert searched > 100
