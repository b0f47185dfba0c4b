"""The links that readers of text/plain can click."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message.references import in_text
from blockproxy.message.text import urls
from blockproxy.model import Resource, Trigger


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://example.com/a?b=c#d now", ["https://example.com/a?b=c#d"]),
        ("<http://example.com/a>", ["http://example.com/a"]),
        ("(http://example.com/a).", ["http://example.com/a"]),
        ("http://example.com/a_(b)", ["http://example.com/a_(b)"]),
        ("[1] http://example.com/a, http://example.com/b; and", ["http://example.com/a", "http://example.com/b"]),
        ("Is it http://example.com/a?!", ["http://example.com/a"]),
        ('"http://example.com/a"', ["http://example.com/a"]),
        ("“http://example.com/a” — http://example.com/b…", ["http://example.com/a", "http://example.com/b"]),
        ("http://example.com/a 。http://example.com/b。", ["http://example.com/a", "http://example.com/b"]),
        ("http://example.com/ü", ["http://example.com/ü"]),
        ("http://example.com/a\r\nb", ["http://example.com/a"]),
        ("http://example.com/long \r\nflowed", ["http://example.com/long"]),
        ("HTTPS://EXAMPLE.com/", ["HTTPS://EXAMPLE.com/"]),
        ("https://r.example/?u=http://example.com/", ["https://r.example/?u=http://example.com/"]),
        ("ftp://example.com gopher://example.com :// http:// http://. //example.com example.com", []),
        ("http://user@example.com:8080/a=\r\n", ["http://user@example.com:8080/a="]),
    ],
)
def test_a_url_ends_where_the_sentence_goes_on(text: str, expected: list[str]) -> None:
    view = text.encode()
    assert [view[slice(*span)].decode() for span in urls(view)] == expected


def test_a_link_in_text_is_followed_on_a_click() -> None:
    (link,) = in_text(b"HTTP://Example.COM/a")
    assert (link.url, link.place.name, link.place.trigger, link.place.resource) == (
        "http://example.com/a",
        "text",
        Trigger.CLICK,
        Resource.LINK,
    )
    assert link.element is None


def test_octets_that_no_charset_explains_end_a_url() -> None:
    assert [link.url for link in in_text(b"http://example.com/a\xff\xffb")] == ["http://example.com/a"]


@given(
    st.lists(st.sampled_from(["http://", "https://a.example/", "(", ")", ".", " ", "\n", "<", ">", "é", "”", "x"])).map(
        "".join
    )
)
def test_links_are_in_order_and_apart(text: str) -> None:
    spans = list(urls(text.encode()))
    assert all(first.end <= second.start for first, second in pairwise(spans))
