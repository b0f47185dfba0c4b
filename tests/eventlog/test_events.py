"""What the cleaner finds in real mail becomes rows that identify nobody."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qsl, unquote, urlsplit

from blockproxy.cleaner import clean
from blockproxy.detect.rules import built_in
from blockproxy.eventlog import skeleton
from blockproxy.eventlog.events import Delivery, Pseudonyms, Seen, finding_rows
from blockproxy.model import Finding, Origin
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
        (row,) = finding_rows(one, PSEUDONYMS)
        host = urlsplit(one.findings[0].url).hostname or ""
        for token in tokens(one.findings[0].url):
            if token.lower() not in host:
                assert token not in row.skeleton
                assert token not in row.evidence


def test_a_pseudonym_of_a_message_belongs_to_its_account() -> None:
    assert PSEUDONYMS.message("me", "INBOX/1/7") != PSEUDONYMS.message("you", "INBOX/1/7")
    assert PSEUDONYMS.message("me", "x/1") != PSEUDONYMS.message("mex", "/1")
    assert PSEUDONYMS.account("me") != PSEUDONYMS.message("me", "")
    assert re.fullmatch(r"[0-9a-f]{32}", PSEUDONYMS.account("me\udcff"))
