"""Fifty real newsletters in a browser without a way out: cleaned, they ask for all but the trackers."""

import email
from collections.abc import Iterator
from email import policy

import pytest

import blockproxy
from blockproxy.model import Action, Cleaned, Trigger
from blockproxy.url import parse
from tests.corpus_path import messages
from tests.end_to_end import sealed
from tests.end_to_end.sealed import Sealed
from tests.end_to_end.test_remote_block import only_root

MANY = 50


@pytest.fixture(scope="module")
def browser() -> Iterator[Sealed]:
    only_root()
    with sealed.running() as running:
        yield running


def page(message: bytes) -> bytes:
    """The HTML of a message, "" where it has none."""
    body = email.message_from_bytes(message, policy=policy.default).get_body(("html",))
    text = body.get_content() if body is not None else ""
    return b'<meta charset="utf-8">' + text.encode("utf-8", "replace") if text else b""


def removed(cleaned: Cleaned) -> set[str]:
    """What is no longer fetched, as a browser writes it."""
    return {
        url.href
        for finding in cleaned.findings
        if finding.action is Action.REMOVE and finding.reference and finding.reference.place.trigger is Trigger.OPEN
        if (url := parse(finding.url))
    }


def test_a_cleaned_newsletter_asks_no_tracker_and_for_every_picture_that_people_see(browser: Sealed) -> None:
    originals = [message for _, message in messages("newsletters") if page(message)][:MANY]
    assert len(originals) == MANY
    cleaned = [blockproxy.clean(message) for message in originals]
    trackers = set().union(*map(removed, cleaned))
    after = browser.asked(*(page(one.message) for one in cleaned))
    before = browser.asked(*map(page, originals))
    asked = {line.removeprefix("get ") for line in before if line.startswith("get ")}
    asks = {line.removeprefix("get ") for line in after if line.startswith("get ")}
    assert len(asked & trackers) > MANY // 2
    assert not asks & trackers
    assert asks == asked - trackers
    named = {url.host for url in map(parse, trackers) if url}
    assert not {line.removeprefix("dns ") for line in after} & named
    assert len(asks) > MANY
