"""Newsletters in a real browser: cleaned, they ask no tracker for anything and look as they did before."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import blockproxy
from blockproxy.demo.newsletters import READER, as_page, messages
from blockproxy.model import Action, Cleaned, Context, Policy, Trigger
from blockproxy.url import parse
from tests.end_to_end import browser as chromium
from tests.end_to_end.browser import Browser

OUTPUT = Path(__file__).resolve().parent.parent / "output"
PAGES = {name: message for name, message in messages() if as_page(message)}
MOST_DIFFERENT = 0.001  # of all pixels: what an invisible picture may take with it
LINE = 30  # pixels that a page may get shorter by: an invisible picture can stand on a line of its own


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.running() as running:
        yield running


def removed(cleaned: Cleaned) -> set[str]:
    """The URLs that the original fetches as it is opened and the cleaned message does not, as a browser writes them."""
    return {
        url.href
        for finding in cleaned.findings
        if finding.action is Action.REMOVE and finding.reference and finding.reference.place.trigger is Trigger.OPEN
        if (url := parse(finding.url))
    }


def links(message: bytes) -> list[str]:
    """Every link of the page that a message holds."""
    return re.findall(r"<a [^>]*href=[\"']?([^\"'> ]+)", as_page(message))


@pytest.mark.parametrize("name", PAGES)
def test_a_cleaned_newsletter_asks_no_tracker_and_looks_the_same(browser: Browser, name: str) -> None:
    cleaned = blockproxy.clean(PAGES[name], context=Context(addresses=(READER,)))
    trackers = removed(cleaned)
    before, after = browser.show(as_page(PAGES[name]), trackers), browser.show(as_page(cleaned.message))
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / f"{name}-before.png").write_bytes(before.picture)
    (OUTPUT / f"{name}-after.png").write_bytes(after.picture)

    # Nothing at all goes to a tracker's host, and every picture that people look at is still asked for.
    hosts = {found.host for found in map(parse, trackers) if found}
    assert not {found.host for found in map(parse, after.requests) if found} & hosts
    assert {url for url in before.requests if url not in trackers} <= set(after.requests)
    # Not every tracker gets its request in this browser: some wait for a forward, some are sounds.
    assert bool(trackers.intersection(before.requests)) is bool(trackers)
    assert sorted(after.requests) == sorted(url for url in before.requests if url not in trackers)
    found = browser.compare(before, after)
    assert found.colours > 10
    assert found.different / found.common < MOST_DIFFERENT
    assert 0 <= found.heights[0] - found.heights[1] <= LINE


def test_the_trackers_of_most_newsletters_are_known() -> None:
    silent = {name for name, message in PAGES.items() if not removed(blockproxy.clean(message))}
    assert silent == {"innocent", "signed"}


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"signed"}))
def test_with_remote_content_blocked_nothing_at_all_is_asked_for_and_the_layout_holds(
    browser: Browser, name: str
) -> None:
    cleaned = blockproxy.clean(PAGES[name], policy=Policy(remote="block"))
    standard = blockproxy.clean(PAGES[name])
    # Trackers are answered with what trackers answer: a picture of one pixel.
    before, after = browser.show(as_page(PAGES[name]), removed(standard)), browser.show(as_page(cleaned.message))
    assert after.requests == ()
    before_height, after_height = browser.compare(before, after).heights
    assert abs(before_height - after_height) <= LINE
    # Links lead where they lead in the standard policy.
    assert links(cleaned.message) == links(standard.message)
