"""What the cleaner finds in real mail becomes rows that identify nobody."""

import base64
import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from blockproxy.cleaner import clean
from blockproxy.detect.identity import Identity
from blockproxy.detect.rules import built_in
from blockproxy.eventlog import identifier, skeleton
from blockproxy.eventlog.events import Delivery, Pseudonyms, Seen, finding_rows, message_row
from blockproxy.eventlog.identifier import Identifier
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Cleaned, Finding, Origin, Skip, Technique
from tests.corpus_path import messages

DELIVERY = Delivery("imap", "reader@example.com", "INBOX/1/7", "in")
ORIGIN = Origin("news.example.org")
PSEUDONYMS = Pseudonyms(b"k" * 32)


def tokens(url: str) -> Iterator[str]:
    """The parts of `url` that are eight characters or longer and no listed word: maybe somebody's."""
    parts = urlsplit(url)
    values = [value for _, value in parse_qsl(parts.query)] + parts.path.split("/")
    for piece in re.split(r"[^\w-]+", unquote(" ".join(values))):
        words = [word for word in re.split(r"[-_]+", piece) if word]
        if len(piece) >= 8 and not all(word.lower() in skeleton.WORDS for word in words):
            yield piece


def findings() -> Iterator[Finding]:
    for _, message in messages("newsletters", "spam"):
        yield from clean(message, built_in()).findings


def test_no_token_of_a_real_url_is_in_its_row() -> None:
    seen = [Seen((finding,), (), ORIGIN, DELIVERY, date(2026, 1, 31)) for finding in findings()]
    assert len(seen) > 500
    for one in seen:
        (row,) = finding_rows(one, message_row(one, PSEUDONYMS))
        host = urlsplit(one.findings[0].url).hostname or ""
        for token in tokens(one.findings[0].url):
            if token.lower() not in host:
                assert token not in row.skeleton
                assert token not in row.evidence


READER = "jonathan.fakereader@example.com"
LEAKS = [READER, hashlib.md5(READER.encode()).hexdigest(), base64.b64encode(READER.encode()).decode(), quote(READER)]


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("template", [
    "https://{}.t.example.net/open", "https://t.example.net/{}/o.gif", "https://t.example.net/o?e={}", "https://t.example.net/?{}=1",
])  # fmt: skip
def test_our_own_leak_detector_finds_nothing_in_our_own_log(leak: str, template: str, tmp_path: Path) -> None:
    identity, url = Identity([READER]), template.format(leak)
    found = Finding(
        Technique.ADDRESS_LEAK, "address", "Example", 0.9, f"your address {leak} in {url}", url=url, part="1"
    )
    said = Cleaned(
        b"", (found,), (Skip("1", "charset", f"the charset {leak} of {READER}"),), Origin("example.org", leak)
    )
    log = EventLog(tmp_path / "events.sqlite3")
    log.record(said, Delivery("imap", READER, f"INBOX.{READER}/1/7", "in"))
    log.close()
    with closing(sqlite3.connect(tmp_path / "events.sqlite3")) as connection:
        texts = "\n".join(connection.iterdump()).splitlines()
    assert any("address-leak" in text for text in texts)
    assert [text for text in texts if identity.find(text)] == []
    assert READER.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(("finding", "shape", "expected"), [
    (Finding(Technique.ADDRESS_LEAK, "address", "", 1, ""), "https://example.org/*", Identifier.ADDRESS),
    (Finding(Technique.RECEIPT_REQUEST, "header/x", "", 1, ""), "", Identifier.REPLY),
    (Finding(Technique.OPEN_PIXEL, "shape", "", 1, "1 by 1"), "https://example.org/o?u=*", Identifier.TOKEN),
    (Finding(Technique.OPEN_PIXEL, "shape", "", 1, "1 by 1"), "https://example.org/o", Identifier.NONE),
    (Finding(Technique.OPEN_PIXEL, "shape", "", 1, "1 by 1"), "", Identifier.NONE),
])  # fmt: skip
def test_an_identifier_has_a_class(finding: Finding, shape: str, expected: Identifier) -> None:
    assert identifier.kind(finding, shape) is expected


@pytest.mark.parametrize(("query", "expected"), [
    ("mc_eid=0000fake00", Identifier.RECIPIENT),
    ("fbclid=FAKEFAKEFAKE", Identifier.CLICK),
    ("utm_source=news", Identifier.CAMPAIGN),
])  # fmt: skip
def test_a_parameter_has_the_class_that_its_rule_says(query: str, expected: Identifier) -> None:
    message = f'Content-Type: text/html\r\n\r\n<a href="https://example.org/page?{query}">x</a>'.encode()
    [found] = clean(message, built_in()).findings
    assert identifier.kind(found, skeleton.of_url(found.url)) is expected


def test_a_row_says_whose_company_it_is_who_is_asked_and_by_which_rules() -> None:
    vendor = next(vendor for vendor in built_in().vendors if vendor.operator)
    found = Finding(Technique.OPEN_PIXEL, f"{vendor.id}/open", vendor.name, 1, "", url="https://t.example.net/o?u=1")
    delivery = Delivery("imap", "me", "INBOX/1/7", "in", 1000, built_in())
    seen = Seen((found, found._replace(url="https://img.example.org/o")), (), ORIGIN, delivery, date(2026, 1, 31))
    rows = list(finding_rows(seen, message_row(seen, PSEUDONYMS)))
    assert [(row.operator, row.party) for row in rows] == [(vendor.operator, "third"), (vendor.operator, "first")]
    assert built_in().digest.startswith(rows[0].rules)
    assert message_row(seen, PSEUDONYMS).size == 1024  # the octets alone could tell whose message it is


def test_a_pseudonym_of_a_message_belongs_to_its_account() -> None:
    assert PSEUDONYMS.message("me", "INBOX/1/7") != PSEUDONYMS.message("you", "INBOX/1/7")
    assert PSEUDONYMS.message("me", "x/1") != PSEUDONYMS.message("mex", "/1")
    assert PSEUDONYMS.account("me") != PSEUDONYMS.message("me", "")
    assert re.fullmatch(r"[0-9a-f]{32}", PSEUDONYMS.account("me\udcff"))
