"""What must survive: `must_survive.yaml`, by the shipped rules, octet for octet."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
import yaml

from blockproxy.detect.judge import Judge
from blockproxy.detect.rules import built_in
from blockproxy.message.references import in_html, in_text
from blockproxy.model import Context, Finding, Policy, Reference

GROUPS: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("must_survive.yaml").read_text())
PICTURES = GROUPS.pop("pictures")
LINKS = [(reason, url) for reason, urls in GROUPS.items() for url in urls]
JUDGE = Judge(built_in(), Policy(), Context(("reader@example.org",)))
WORKS_ONCE = {"unsubscribe", "preferences", "confirmation", "password", "sign-in", "payment", "presigned"}
DECORATION = "utm_source=newsletter&utm_campaign=spring&mc_eid=fake&fbclid=fake"


def decorated(url: str) -> str:
    """`url` with parameters that would be taken off any other link."""
    front, sign, fragment = url.partition("#")
    return f"{front}{'&' if '?' in front else '?'}{DECORATION}{sign}{fragment}"


def blocked(view: bytes, read: Callable[[bytes], list[Reference]] = in_html) -> list[Finding]:
    return [finding for finding in JUDGE.judge(read(view), view) if finding.blocked]


@pytest.mark.parametrize(("reason", "url"), LINKS, ids=[f"{reason} {url[:80]}" for reason, url in LINKS])
def test_a_link_survives(reason: str, url: str) -> None:
    assert blocked(f'<p>Hello</p><a href="{escape(url)}">x</a>'.encode()) == []
    assert blocked(f"Hello, {url} and goodbye".encode(), in_text) == []


@pytest.mark.parametrize(("reason", "url"), LINKS, ids=[f"{reason} {url[:80]}" for reason, url in LINKS])
def test_of_a_decorated_link_nothing_but_the_decoration_goes(reason: str, url: str) -> None:
    left = {finding.replacement for finding in blocked(f'<a href="{escape(decorated(url))}">x</a>'.encode())}
    assert left <= {url}


def test_most_of_what_works_once_keeps_its_decoration_too() -> None:
    alone = [url for reason, url in LINKS if reason in WORKS_ONCE]
    kept = [url for url in alone if not blocked(f'<a href="{escape(decorated(url))}">x</a>'.encode())]
    assert len(kept) > 0.85 * len(alone)
    assert blocked(f'<a href="{escape(decorated("https://example.com/article/7"))}">x</a>'.encode())


@pytest.mark.parametrize("url", PICTURES)
def test_a_picture_survives(url: str) -> None:
    def changed(html: str) -> list[Finding]:
        return blocked(html.encode())

    src = escape(url)
    assert changed(f'<img src="{src}" width="600" height="300"><p>Hello</p>') == []
    assert changed(f'<img src="{src}" alt="Hello"><p>Hello</p>') == []
    assert changed(f'<table background="{src}" width="600"><tr><td>Hello</td></tr></table>') == []
    assert changed(f'<img srcset="{src} 2x, {src} 3x" src="{src}" style="max-width:100%"><p>Hello</p>') == []


def test_there_are_enough_of_them() -> None:
    assert len(LINKS) + len(PICTURES) >= 200
    assert len({url for _, url in LINKS}) == len(LINKS)
