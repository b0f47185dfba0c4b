"""What is found in each of the demo's messages, and what is done about it: technique, vendor, action, how often."""

from collections import Counter

import pytest

from blockproxy import clean
from blockproxy.demo.newsletters import MESSAGES, READER, UNTOUCHED
from blockproxy.model import Action, Cleaned, Context, Technique

PIXEL, REDIRECT, DECORATION = Technique.OPEN_PIXEL, Technique.LINK_REDIRECT, Technique.LINK_DECORATION
STYLE, LEAK, RECEIPT = Technique.REMOTE_STYLE, Technique.ADDRESS_LEAK, Technique.RECEIPT_REQUEST
REMOVE, UNWRAP, STRIP = Action.REMOVE, Action.UNWRAP, Action.STRIP
RENAME, REPORT = Action.RENAME, Action.REPORT

EXPECTED = {
    "mailchimp": [
        (PIXEL, "Mailchimp", REMOVE, 1),
        (DECORATION, "Mailchimp", STRIP, 1),
        (REDIRECT, "Mailchimp", REPORT, 4),  # one of them in the plain text
    ],
    "sendgrid": [(PIXEL, "SendGrid", REMOVE, 1), (REDIRECT, "SendGrid", REPORT, 3)],
    "hubspot": [(PIXEL, "HubSpot", REMOVE, 1), (DECORATION, "HubSpot", STRIP, 1), (REDIRECT, "HubSpot", REPORT, 1)],
    "klaviyo": [
        (PIXEL, "Klaviyo", REMOVE, 1),
        (LEAK, "", REMOVE, 1),
        (DECORATION, "Klaviyo", STRIP, 1),
        (REDIRECT, "Klaviyo", REPORT, 1),
    ],
    "marketo": [(PIXEL, "Marketo Engage", REMOVE, 1), (DECORATION, "Marketo Engage", STRIP, 3)],
    "litmus": [(PIXEL, "Litmus", REMOVE, 1), (STYLE, "Litmus", REMOVE, 3)],
    "mailgun": [(PIXEL, "Mailgun", REMOVE, 1), (REDIRECT, "Mailgun", UNWRAP, 3)],
    "ses": [(PIXEL, "Amazon SES", REMOVE, 1), (REDIRECT, "Amazon SES", UNWRAP, 2)],
    "substack": [(PIXEL, "Substack", REMOVE, 1), (REDIRECT, "Substack", UNWRAP, 3)],
    "campaign-monitor": [(PIXEL, "Campaign Monitor", REMOVE, 1), (REDIRECT, "Campaign Monitor", REPORT, 3)],
    "plain-text": [(DECORATION, "Google Analytics (UTM)", STRIP, 1), (DECORATION, "Mailchimp", STRIP, 1)],
    "mailtrack": [(PIXEL, "Mailtrack", REMOVE, 1), (REDIRECT, "Mailtrack", UNWRAP, 1)],
    "readnotify": [(PIXEL, "ReadNotify", REMOVE, 1), (STYLE, "ReadNotify", REMOVE, 1), (RECEIPT, "", RENAME, 1)],
    "receipts": [(RECEIPT, "", RENAME, 3)],
    "innocent": [],
    "signed": [],
}
# Where the links lead afterwards that were redirected or decorated, in the order in which they stand.
DESTINATIONS = {
    "mailchimp": ["https://shop.fernleaf.example.com/spring-lot"],
    "marketo": [
        "https://go.quarry.example.com/agenda?lang=en",
        "https://go.quarry.example.com/paper.pdf#page=2",
        "https://go.quarry.example.com/register",
    ],
    "mailgun": [
        "https://lavka.example.com/books/lighthouse?from=spring",
        "https://lavka.example.com/books/words?from=spring",
        "https://lavka.example.com/new",
    ],
    "ses": [
        "https://stadtwerke.example.net/nachttarif?seite=2&ort=s%C3%BCd",
        "https://stadtwerke.example.net/konto/uebersicht",
    ],
    "substack": [
        "https://essays.example.org/furniture?v=2",
        "https://archive.example.net/1996/home.html",
        "https://slowweb.example.org/p/letter-41/comments",
    ],
    "plain-text": ["https://weekly.example.com/editor", "https://weekly.example.com/tide?harbour=3#times"],
    "mailtrack": ["https://workshop.example.com/offer?number=12"],
}


def cleaned(name: str) -> Cleaned:
    return clean(MESSAGES[name](), context=Context((READER,)))


@pytest.mark.parametrize("name", MESSAGES)
def test_the_findings_are_those_that_were_put_in(name: str) -> None:
    counts = Counter((finding.technique, finding.vendor, finding.action) for finding in cleaned(name).findings)
    assert {(*kind, count) for kind, count in counts.items()} == set(EXPECTED[name])


@pytest.mark.parametrize("name", DESTINATIONS)
def test_links_lead_where_they_would_have_led(name: str) -> None:
    assert [finding.replacement for finding in cleaned(name).findings if finding.replacement] == DESTINATIONS[name]


@pytest.mark.parametrize("name", sorted(UNTOUCHED))
def test_what_has_no_tracker_and_what_is_signed_stays_octet_for_octet(name: str) -> None:
    assert cleaned(name).message == MESSAGES[name]()


def test_a_signed_message_is_reported_as_skipped() -> None:
    assert [skip.reason for skip in cleaned("signed").skipped] == ["signed"]


@pytest.mark.parametrize("name", [name for name, message in MESSAGES.items() if b"List-Unsubscribe" in message()])
def test_every_way_to_unsubscribe_survives(name: str) -> None:
    original, result = MESSAGES[name](), cleaned(name).message
    start = original.index(b"List-Unsubscribe")
    end = original.index(b"Precedence")
    assert result[start:end] == original[start:end]
    assert not any("unsub" in finding.url.lower() for finding in cleaned(name).findings)
