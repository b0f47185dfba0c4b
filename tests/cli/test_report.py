"""`blockproxy report`: the numbers are those of the log, and the page is safe, whole and shown without a request."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from blockproxy.cli.report_pictures import Bar, bars, calendar, matrix
from blockproxy.eventlog.events import Delivery
from blockproxy.eventlog.store import EventLog
from blockproxy.model import Action, Cleaned, Finding, Origin, Skip, Technique
from tests.cli.command import PROGRAM, blockproxy, environment
from tests.end_to_end import browser, machine

TODAY = datetime.now(UTC).date()
PIXEL = Finding(
    Technique.OPEN_PIXEL, "example/open", "Example Mailer", 0.9, "why", Action.REMOVE, "https://t.example.net/o?u=FAKE1"
)
LINK = PIXEL._replace(
    technique=Technique.LINK_REDIRECT,
    evidence="a redirect of Example Mailer, only it can read it",
    action=Action.REPORT,
)
RECEIPT = Finding(Technique.READ_RECEIPT, "automatic-mdn", "", 1.0, "An outgoing receipt.", Action.HOLD)
HOSTILE = '"><script>alert(1)</script><img src=https://evil.example.net/x>\x1b]0;gone\x07\u202e'


def fill(path: Path) -> None:
    now = [TODAY]
    log = EventLog(path, today=lambda: now[0])
    for number in range(12):
        now[0] = TODAY - timedelta(number % 4)
        listed = "<weekly.news.example.org>" if number % 2 else ""
        found = (PIXEL, LINK, LINK) if number % 3 else (PIXEL._replace(vendor=HOSTILE, evidence=HOSTILE),)
        skips = (Skip("2", "signed"),) if number == 5 else ()
        cleaned = Cleaned(b"", found, skips, Origin(f"news{number % 3}.example.org", listed))
        log.record(cleaned, Delivery("imap", "me", str(number), "in"))
    log.record(Cleaned(b"", (RECEIPT,)), Delivery("smtp", "me", "receipt", "out"))
    now[0] = TODAY - timedelta(60)
    log.record(Cleaned(b"", (PIXEL._replace(vendor="Long Ago"),)), Delivery("imap", "me", "old", "in"))
    log.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "events.sqlite3"
    fill(path)
    return path


@pytest.fixture(scope="module")
def page(log: Path) -> str:
    out = log.with_name("report.html")
    assert blockproxy("report", "--log", log, "--html", out).code == 0
    return out.read_text()


def test_the_table_says_who_with_what_and_what_got_through(log: Path) -> None:
    said = blockproxy("report", "--log", log).out
    assert said.splitlines()[:2] == [
        f"{TODAY - timedelta(30)} to {TODAY}: 29 trackers in 13 messages,",
        "13 stopped, 16 seen and left alone",
    ]
    assert re.search(r"^Example Mailer +8 +24 +8 +#+$", said, re.MULTILINE)
    assert re.search(r"^link-redirect +8 +16 +0 +#+$", said, re.MULTILINE)
    assert re.search(r"^\*.example.org +6 +14 +2 +0$", said, re.MULTILINE)  # the newsletter
    assert re.search(r"^link-redirect +a redirect of Example Mailer, only it can read it +16$", said, re.MULTILINE)
    assert re.search(r"^not looked into +signed or encrypted: .* 1$", said, re.MULTILINE)
    assert "Long Ago" not in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_days_and_accounts_narrow(log: Path) -> None:
    assert "30 trackers" in blockproxy("report", "--log", log, "--since", "90d").out
    assert "0 trackers" in blockproxy("report", "--log", log, "--account", "nobody").out
    long_ago = str(TODAY - timedelta(59))
    assert "1 trackers in 1 messages" in blockproxy("report", "--log", log, "--since", "", "--until", long_ago).out


class Page(HTMLParser):
    """The names of elements and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_nothing_of_a_sender_becomes_markup_and_nothing_is_loaded(page: str) -> None:
    found = Page(page).found
    assert not {"script", "img", "link", "iframe", "object", "form", "image", "use"} & {name for name, _ in found}
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    attributes = {name for _, held in found for name in held}
    assert not {name for name in attributes if name in {"src", "href", "style", "xlink:href"} or name.startswith("on")}
    [policy] = [held["content"] for name, held in found if held.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_every_picture_can_be_heard(page: str) -> None:
    pictures = [held for name, held in Page(page).found if name == "svg" and held.get("role") == "img"]
    assert len(pictures) == 4
    for picture in pictures:
        for name in (picture["aria-labelledby"] or "").split():
            assert f'id="{name}"' in page


def test_a_report_about_nothing_says_what_to_do(log: Path) -> None:
    out = log.with_name("empty.html")
    assert blockproxy("report", "--log", log, "--account", "nobody", "--html", out).code == 0
    assert "No trackers." in out.read_text()
    assert "--since 365d" in out.read_text()


def test_a_thousand_years_are_no_larger_page(log: Path, page: str) -> None:
    out = log.with_name("long.html")
    words = ["--since", "1026-01-01", "--until", "9999-12-31", "--html", out]
    assert blockproxy("report", "--log", log, *words).code == 0
    assert len(out.read_text()) < 2 * len(page)


def test_what_cannot_be_written_is_told(log: Path) -> None:
    ended = blockproxy("report", "--log", log, "--html", log.parent)
    assert ended.code == 2
    assert "cannot be written: Is a directory" in ended.err


@pytest.fixture(scope="module")
def shown() -> Iterator[browser.Browser]:
    machine.program("chromium")
    with browser.running() as running:
        yield running


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chromium_shows_it_without_a_request(shown: browser.Browser, page: str, width: int, scheme: str) -> None:
    asked: list[str] = []
    tab = shown.context.new_page()
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_content(page)
    assert tab.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(246, 245, 241)", "dark": "rgb(18, 22, 27)"}[scheme]  # the policy lets it be styled
    output = Path(__file__).parents[1] / "output"
    output.mkdir(exist_ok=True)
    tab.screenshot(path=output / f"report-{scheme}-{width}.png", full_page=True)
    tab.close()
    assert asked == []
    assert complaints == []


def test_pictures_are_well_formed_whatever_they_show() -> None:
    hostile = [Bar(HOSTILE.replace("\x1b", "").replace("\x07", ""), 10**9, 0), Bar("", 0, 0)]
    day = date(2026, 2, 28)
    for picture in (
        bars("a", hostile), bars("a", []), calendar("b", day, day, {}),
        calendar("b", day, day + timedelta(400), {day: 1}),
        matrix("c", ["x" * 100], ["t"], {("x" * 100, "t"): 5}), matrix("c", [], [], {}),
    ):  # fmt: skip
        assert ET.fromstring(picture).tag == "svg"


def test_the_same_log_makes_the_same_page(log: Path, page: str) -> None:
    out = log.with_name("again.html")
    subprocess.run([*PROGRAM, "report", "--log", log, "--html", out], env=environment(), check=True)
    assert out.read_text() == page
