"""The page of `blockproxy explain` in a real browser: it asks for nothing, and hostile mail in it does nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from blockproxy.demo.newsletters import messages
from tests import corpus_path
from tests.cli.command import blockproxy
from tests.cli.test_explain import HOSTILE, LETTER
from tests.corpus_path import needs_corpus
from tests.end_to_end import browser as chromium
from tests.end_to_end.browser import AFTERWARDS, Browser

OUTPUT = Path(__file__).resolve().parent.parent / "output"
NEWSLETTERS = dict(messages())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.running() as running:
        yield running


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[tuple[Page, list[str], list[str]]]:
    """A page, the requests that it has made beside the one for itself, and what it has complained about."""
    page = browser.context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, requests, complaints
    page.close()


def explained(message: bytes, folder: Path) -> str:
    path, target = folder / "letter.eml", folder / "page.html"
    path.write_bytes(message)
    assert blockproxy("explain", "--address", "reader@example.org", "--html", target, path).code == 0
    return target.as_uri()


@pytest.mark.parametrize("name", ["hostile", "letter", *NEWSLETTERS])
def test_the_page_asks_for_nothing_and_runs_nothing(
    opened: tuple[Page, list[str], list[str]], tmp_path: Path, name: str
) -> None:
    page, requests, complaints = opened
    message = {"hostile": HOSTILE, "letter": LETTER.read_bytes(), **NEWSLETTERS}[name]
    url = explained(message, tmp_path)
    page.goto(url, wait_until="load")
    page.wait_for_timeout(AFTERWARDS)
    assert requests == [url]
    assert complaints == []
    assert page.title() == "letter.eml, explained"
    assert page.url == url
    assert page.locator("script, img, iframe, link, base, form, object, embed, svg").count() == 0
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"explained-{name}.png", full_page=True)


@needs_corpus
@pytest.mark.timeout(300)
def test_so_it_is_for_real_hostile_mail(opened: tuple[Page, list[str], list[str]], tmp_path: Path) -> None:
    page, requests, complaints = opened
    for path, message in corpus_path.messages("phishing", "mime")[::40]:
        requests.clear()
        url = explained(message, tmp_path)
        page.goto(url, wait_until="load")
        assert requests == [url], path.name
        assert complaints == [], path.name


def test_a_finding_leads_to_its_place_and_back(opened: tuple[Page, list[str], list[str]], tmp_path: Path) -> None:
    page, requests, _ = opened
    url = explained(LETTER.read_bytes(), tmp_path)
    page.goto(url)
    row = page.locator("tr", has=page.get_by_text("mailchimp/open", exact=True))
    row.locator("a").click()
    place = page.locator("mark:target")
    assert place.inner_text().startswith('<img src="https://example.us1.list-manage.com/track/open.php?u=fake')
    # The style sheet of the page is the one thing that its policy allows.
    assert place.evaluate("mark => getComputedStyle(mark).backgroundColor") == "rgb(255, 213, 207)"
    place.locator("a").click()
    assert "mailchimp/open" in page.locator("tr:target").inner_text()
    assert requests == [url]


def test_lines_stand_beside_one_another(opened: tuple[Page, list[str], list[str]], tmp_path: Path) -> None:
    page, _, _ = opened
    page.goto(explained(LETTER.read_bytes(), tmp_path))
    cells = page.locator("table.source tr", has=page.get_by_text("https://shop.example.com/")).locator("td")
    assert cells.nth(1).inner_text() == '<a href="https://shop.example.com/?utm_source=news&amp;id=7">offer</a>'
    assert cells.nth(2).inner_text().startswith('<a href="https://shop.example.com/?id')
