"""Who is seen: what is said of sizes, styles and hidden elements, beside what Chromium puts on the screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from blockproxy.detect.appearance import FAINT, TINY, Sight
from tests.detect.test_shape import LOOKS
from tests.detect.test_stylesheet import SHEETS
from tests.detect.test_tree import HIDING, SHOWING
from tests.end_to_end import browser as chromium

PICTURE = (
    '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 width=%2264%22 height=%2264%22/%3E"'
)

# How wide and how high the first picture is where it can be pointed at, unless it is transparent.
_SEEN = """(faint) => {
    const image = document.querySelector("img");
    let opacity = 1;
    for (let one = image; one; one = one.parentElement) opacity *= parseFloat(getComputedStyle(one).opacity);
    if (opacity <= faint) return [0, 0];
    const box = image.getBoundingClientRect();
    const [columns, rows] = [new Set(), new Set()];
    for (let x = 0; x < Math.min(box.width, 100); x++)
        for (let y = 0; y < Math.min(box.height, 100); y++)
            if (document.elementFromPoint(box.x + x, box.y + y) === image) { columns.add(x); rows.add(y); }
    return [columns.size, rows.size];
}"""

OVERRIDDEN = "height:auto"  # in a style sheet: what the attributes say is what the sender wanted, all the same
WIDE, NARROW = 800, 144  # pixels of the window; 144 are nine em
PAGES = [
    *((html, sight in {Sight.VISIBLE, Sight.UNKNOWN}) for html, sight, _ in LOOKS if html.startswith("<img")),
    *(
        (f"<style>{css}</style>{html}", sight in {Sight.VISIBLE, Sight.UNKNOWN})
        for css, html, sight in SHEETS
        if OVERRIDDEN not in css
    ),
    *((html.decode(), False) for html in HIDING),
    *((html.decode(), True) for html in SHOWING),
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium.running() as running:
        yield running.context.new_page()


@pytest.mark.parametrize(("html", "seen"), PAGES, ids=[html for html, _ in PAGES])
def test_a_browser_shows_on_some_screen_what_is_said_to_be_seen(page: Page, html: str, seen: bool) -> None:
    lower = html.replace("<IMG", "<img").replace("<img", PICTURE, 1)
    sizes = []
    for wide in (WIDE, NARROW):
        page.set_viewport_size({"width": wide, "height": 400})
        page.set_content(f"<!DOCTYPE html><body style='margin:9px'><p>Good morning.</p>{lower}<p>Good-bye.</p>")
        sizes.append(min(page.evaluate(_SEEN, FAINT)))
    assert (max(sizes) > TINY) is seen
