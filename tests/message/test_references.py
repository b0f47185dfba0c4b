"""What reaches the network, found in every place that is known, and nothing else."""

import re

import pytest

from blockproxy.message.references import in_css, in_html, read_fully
from blockproxy.model import Resource, Trigger
from tests.corpus_path import corpus, needs_corpus

# Vectors of HTTPLeaks that are no references, and why.
_NO_REFERENCE = {
    "css-attr-notation": "attr() taints: no engine lets it name a URL",
    "iframe-javascript-src": "a script writes the document; no mail client runs scripts",
    "iframe-javascript-src-2": "a script writes the document",
    "script-doctype": "an XML data island of Internet Explorer 5, inside a script",
}


@needs_corpus
@pytest.mark.parametrize("base", [True, False], ids=["with its base", "without a base"])
def test_every_vector_of_httpleaks_is_seen(base: bool) -> None:
    folder = corpus()
    assert folder is not None
    page = (folder / "attacks" / "httpleaks" / "leak.html").read_bytes()
    if not base:
        page = page.replace(b"<base ", b"<bass ")
    found = {reference.url.removeprefix("https://leaking.via/") for reference in in_html(page)}
    vectors = {url.decode() for url in re.findall(rb"https://leaking\.via/([\w./#-]+)", page)}
    if not base:
        vectors.discard("base-href/")
    assert len(vectors) > 210
    assert vectors - found == set(_NO_REFERENCE)


@pytest.mark.parametrize(
    "page",
    [
        # CVE-2026-35542 and its kin: what hides behind a broken data: value
        b'<body background="data:image/png,x" style="background:url(data:x);background:url(//t.example/a)">',
        b'<svg><feImage href="https://t.example/a"/></svg>',
        b'<svg><filter><feImage xlink:href="https://t.example/a"/></filter></svg>',
        b'<svg><animate attributeName="mask" values="url(https://t.example/a);none"/></svg>',
        b'<svg><animate attributeName="cursor" by="url(https://t.example/a)"/></svg>',
        b'<svg><animate attributeName="style" to="fill:url(https://t.example/a)"/></svg>',
        b'<p style="background:var(--x, var(--y, url(https://t.example/a)))">',
        b'<p style="background:image(url(https://t.example/a))">',
        b'<p style="background:cross-fade(url(cid:x), url(https://t.example/a))">',
        b'<svg><rect fill="url(https://t.example/a"/></svg>',
        b'<image src="https://t.example/a">',
        b'<p style="background:\\75 \\72 \\6C (https://t.example/a)">',
        b'<p style="background:url(\\68ttps://t.example/a)">',
        b'<input type="image" src="https://t.example/a">',
        b'<video autoplay src="https://t.example/a">',
        b'<img src="HTTPS://t.example/a">',
        b'<img src="//t.example/a">',
        b'<img src="\\\\t.example/a">',
        b'<img src="/\\t.example/a">',
        b'<img src="ht\ttps://t.exa\r\nmple/a">',
        b'<img src="https\n://t.example/a">',
        b'<img src="&#104;ttps&colon;&sol;&#x2F;t.example/a">',
        b'<img src=" \n//t.example/a">',
        b'<img src="/\n/t.example/a">',
        b'<img src="cid:a" srcset="cid:b 1x, https://t.example/a 2x">',
        b'<img srcset="data:image/gif;base64,R0lGODlhAQAB 1x, https://t.example/a 2x">',
        b"<p style=\"background:url(/*c*/'https://t.example/a')\">",
        b'<p style="background:url/*c*/(https://t.example/a)">',
        b"<style>@import 'https://t.example/a';</style>",
        b"<style>@im\\port/**/'https://t.example/a';</style>",
        b'<style>a{background:image-set("https://t.example/a" 1x)}</style>',
        b'<style>a{--x:"https://t.example/a";background:image-set(var(--x) 1x)}</style>',
        b"<style>@media print{#x{background-image:url('https://t.example/a')}}</style>",
        b"<svg><style>a{fill:url&#40;https://t.example/a)}</style></svg>",
        b'<base href="https://t.example/"><img src=a>',
        b'<img src=a><base href="https://t.example/">',
        b"<picture><source srcset=https://t.example/a></picture>",
        b'<video poster="https://t.example/a">',
        b'<link rel="dns-prefetch" href="//t.example/a">',
        b'<!--[if mso]><v:fill type="frame" src="https://t.example/a"/><![endif]-->',
        b'<meta http-equiv="refresh" content="0;url=\'https://t.example/a\'">',
        b'<iframe srcdoc="&lt;img src=&quot;https://t.example/a&quot;&gt;">',
        b"<img src=https://t.example/a",
        b'<p><img alt="x>" src="https://t.example/a',
        b'<img alt="></p>"src="https://t.example/a"/x>',
        b"<noscript><img src=https://t.example/a></noscript>",
        b'<object data="file://t.example/a"></object>',
    ],
)
def test_no_known_way_past_the_blocking_of_remote_content_is_open(page: bytes) -> None:
    found = [reference for reference in in_html(page) if reference.url.endswith("t.example/a")]
    assert [reference.place.trigger for reference in found] == [Trigger.OPEN]
    assert in_html(page) == read_fully(page)


@pytest.mark.parametrize(
    "page",
    [
        b"<p>https://example.com/ is only text",
        b'<img src="cid:part1@example.com"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=//"><img src="a/b//c">',
        b'<a href="mailto:a@example.com">x</a><a href="tel:+1">y</a><a href="#https:">z</a><a href="page.html">',
        b"<!-- <img src=https://example.com/> -->",
        b"<title><img src=https://example.com/></title>",
        b"<style>/* url(https://example.com/) */ a{content:'url(https://example.com/)'}</style>",
        b'<html xmlns="http://www.w3.org/1999/xhtml"><img alt="http://example.com/" title="//example.com">',
        b'<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">',
        b'<img src="cid:a" src="https://example.com/">',
        b"<img src=https:>",
        b'<style>@namespace svg url(http://www.w3.org/2000/svg); @charset "utf-8";</style>',
    ],
)
def test_what_stays_in_the_message_is_no_reference(page: bytes) -> None:
    assert in_html(page) == []
    assert read_fully(page) == []


def test_a_reference_says_what_stands_where() -> None:
    page = (
        b'<p style="color:red;background:url( &quot;https://a.example/1?x&amp;y&quot; )">'
        b'<a href=" https://b.example/2 ">'
        b'<img srcset="https://c.example/3 1x,https://d.example/4 2x">'
    )
    found = [(r.place.name, r.place.resource, r.url, page[slice(*r.span)]) for r in in_html(page)]
    assert found == [
        ("css url", Resource.STYLE, "https://a.example/1?x&y", b"https://a.example/1?x&amp;y"),
        ("a href", Resource.LINK, "https://b.example/2", b"https://b.example/2"),
        ("img srcset", Resource.IMAGE, "https://c.example/3", b"https://c.example/3"),
        ("img srcset", Resource.IMAGE, "https://d.example/4", b"https://d.example/4"),
    ]
    assert [r.element.name for r in in_html(page) if r.element] == ["p", "a", "img", "img"]


def test_the_element_of_a_reference_knows_all_its_attributes() -> None:
    page = b'<img WIDTH=1 src="https://example.com/x" style="display:none" src="second" alt>'
    (reference,) = in_html(page)
    assert reference.element is not None
    assert [(a.name, a.value) for a in reference.element.attributes] == [
        ("width", "1"),
        ("src", "https://example.com/x"),
        ("style", "display:none"),
        ("alt", ""),
    ]
    assert page[slice(*reference.element.span)] == page


def test_a_style_sheet_of_its_own_is_read_like_one_in_a_page() -> None:
    sheet = b"@font-face{src:url(https://f.example/a)} a{b:url(//g.example/b)}"
    assert [(r.url, r.place.name, r.place.resource, r.element) for r in in_css(sheet)] == [
        ("https://f.example/a", "css @font-face", Resource.FONT, None),
        ("https://g.example/b", "css url", Resource.STYLE, None),
    ]
