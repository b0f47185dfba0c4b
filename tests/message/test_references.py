"""What reaches the network, found in every place that is known, and nothing else."""

import email
import re
from collections.abc import Iterator
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message import charref, css
from blockproxy.message.documents import Kind
from blockproxy.message.network import may_reach_network, signs
from blockproxy.message.references import in_css, in_html, in_text, read_fully, read_html, resolve
from blockproxy.model import Reference, Resource, Trigger
from tests.corpus_path import corpus, messages, needs_corpus
from tests.message.bypasses import BYPASSES

# Vectors of HTTPLeaks that are no references, and why.
_NO_REFERENCE = {"css-attr-notation": "attr() taints: no engine lets it name a URL (CSS Values 5, section 7.7)"}
# What a script makes of its own text is not read; such a frame is a document that nobody can read.
_UNREADABLE = {"iframe-javascript-src", "iframe-javascript-src-2"}


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
    assert vectors - found == {*_NO_REFERENCE, *_UNREADABLE}
    frames = [one.span for one in read_html(page).documents if one.kind is Kind.UNREADABLE]
    assert [page[slice(*span)].startswith(b"javascript:") for span in frames] == [True] * 3


@pytest.mark.parametrize("page", BYPASSES)
def test_no_known_way_past_the_blocking_of_remote_content_is_open(page: bytes) -> None:
    found = [reference for reference in in_html(page) if reference.url.endswith("t.example/a")]
    assert [reference.place.trigger for reference in found] == [Trigger.OPEN]
    assert in_html(page) == read_fully(page)


@pytest.mark.parametrize(
    ("page", "urls"),
    [
        (b'<a class="x" href="//t.example/a" title="">', ["https://t.example/a"]),
        (b'<a href="http://t.example/?u=http://t.example/2"\r\n>', ["http://t.example/?u=http://t.example/2"]),
        (
            b'<a href="//t.example/a" style="background:url(//t.example/b)">',
            ["https://t.example/a", "https://t.example/b"],
        ),
        (
            b'<a style="background:url(//t.example/b)" href="//t.example/a">',
            ["https://t.example/b", "https://t.example/a"],
        ),
        # A browser's parser takes the first; its preload scanner may take the second.
        (b'<img src="a" src="//t.example/a">', ["https://t.example/a"]),
        (b'<img src="a" SRC="//t.example/a">', ["https://t.example/a"]),
        (b'<img src="//t.example/a" alt=">"/>', ["https://t.example/a"]),
        (b'<img src="//t.example/a" alt=\'"//\'>', ["https://t.example/a"]),
        (b'<img alt="a"src="//t.example/a">', ["https://t.example/a"]),
        (b'<a href="//t.example/a', ["https://t.example/a"]),
        (b'<a ping="//t.example/a" href="//t.example/b">', ["https://t.example/a", "https://t.example/b"]),
        (
            b'<svg><a xlink:href="//t.example/a"><a href="//t.example/b">',
            ["https://t.example/a", "https://t.example/b"],
        ),
        (b'<!--[if mso]><img src="//t.example/a"><![endif]-->', ["https://t.example/a"]),
    ],
)
def test_no_shape_of_a_link_or_a_picture_is_too_odd_or_too_usual(page: bytes, urls: list[str]) -> None:
    assert [reference.url for reference in in_html(page)] == urls
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


# What documents are built of that try to hide something; between them, all that changes how the rest is read.
_PIECES = [
    *b"<>\"'=/&;:\\\t\n\r -!#()*,",
    *[
        "http",
        "HTTPS:",
        "https://",
        "//",
        "\\\\",
        "/\\",
        "t.example",
        "/a",
        "&#58;",
        "&colon;",
        "&sol;",
        "&#x2f",
        "&Tab;",
    ],
    *[
        "&#104;ttp:",
        "ht\ntp:",
        "http\n:",
        "fi\nle://",
        "file:",
        "f&#116;p:",
        "&amp;",
        "&quot;",
        "&lt;",
        "cid:x",
        "data:,",
    ],
    *[
        "<a href=",
        "<img src=",
        " src='",
        ' src="',
        " style='",
        "<p style=",
        "<td background=",
        " srcset=",
        "x=y ",
        " alt ",
    ],
    *[
        "data:text/html,",
        "data:text/html;base64,",
        "data:image/png,",
        "dat&#97;:",
        "da\nta:",
        "javascript:",
        "%3C",
        "%2f",
    ],
    *[
        "data:text/html;base64,PGltZyBzcmM9Ly90LmV4YW1wbGU+",
        "data:image/svg+xml,<image href=//t.example/>",
        "java\tscrip",
    ],
    # Links and pictures of the usual shape, which have a short cut of their own.
    *['<a class="x" href="http://', '<img src="https://t.example/x" alt="', '" href="', '" src="//', '" title="x">'],
    *[
        "url(",
        "URL(//t.example)",
        "\\75rl(",
        "image-set('",
        "@import '",
        "/*",
        "*/",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<!--->",
    ],
    *["<!--[if mso]>", "<![endif]-->", "<![CDATA[", "]]>", "<?import implementation=", "<!DOCTYPE html SYSTEM '"],
    *[
        "<style>",
        "</style>",
        "<script>",
        "</script>",
        "<title>",
        "</title ",
        "<textarea>",
        "</textarea>",
        "<plaintext>",
    ],
    *[
        "<svg>",
        "</svg>",
        "<math>",
        "<mi>",
        "<foreignObject>",
        "</p>",
        "<b>",
        "</b>",
        "<xmp>",
        "</xmp>",
        "<iframe srcdoc='",
    ],
    *["<base href=//b.example/>", "<base href=x>", "<meta http-equiv=refresh content='0;url=", "<html xmlns='"],
]
_documents = st.lists(
    st.sampled_from([bytes([piece]) if isinstance(piece, int) else piece.encode() for piece in _PIECES]), max_size=40
).map(b"".join)


@given(_documents)
def test_the_short_cuts_find_what_reading_everything_finds(page: bytes) -> None:
    assert in_html(page) == read_fully(page)


@given(_documents)
def test_without_a_sign_there_is_no_reference(page: bytes) -> None:
    assert may_reach_network(page) == bool(signs(page)) or b"\\" in page
    if not may_reach_network(page):
        assert read_fully(page) == []
        assert in_css(page) == []
        assert not [one for one in read_html(page, "https://example.com/").documents if one.kind is Kind.UNREADABLE]


@given(st.one_of(_documents, st.binary()))
def test_reading_never_fails_and_spans_lie_inside(page: bytes) -> None:
    for reference in [*in_html(page), *in_css(page), *in_text(page)]:
        assert 0 <= reference.span.start < reference.span.end <= len(page)
        if reference.element is not None:
            assert reference.element.span.start <= reference.span.start
            assert reference.span.end <= reference.element.span.end


def _readings(written: bytes) -> Iterator[str]:
    """What the octets of a span may read as: as they stand, in an attribute, in CSS, in CSS in an attribute."""
    for value in (written, charref.unescape(written), charref.unescape(charref.unescape(written))):
        yield value.decode("utf-8", "replace")
        yield css.unescape(value)


def _leads_to(reference: Reference, page: bytes, base: str | None) -> bool:
    return reference.url in {resolve(reading, base) for reading in _readings(page[slice(*reference.span)])}


def _html_parts() -> Iterator[bytes]:
    for _, message in messages():
        try:
            parts = list(email.message_from_bytes(message, policy=policy.compat32).walk())
        except (
            AttributeError,
            IndexError,
            LookupError,
            TypeError,
            ValueError,
        ):  # the parser of the standard library gives up on some of the torture messages
            continue
        for part in parts:
            if part.get_content_type() == "text/html":
                payload = part.get_payload(decode=True)
                if isinstance(payload, bytes):
                    yield payload


@needs_corpus
def test_in_all_real_mail_the_short_cuts_hold_and_every_span_reads_as_its_url() -> None:
    pages = 0
    for page in _html_parts():
        pages += 1
        found = in_html(page)
        assert found == read_fully(page)
        base = next((reference.url for reference in found if reference.place.name == "base href"), None)
        assert all(_leads_to(reference, page, base) for reference in found)
    assert pages > 1000
