"""Percent-decoding gives what the standard library gives."""

from urllib import parse

from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.percent import plain, unquote, unquote_to_bytes

ESCAPED = st.lists(
    st.sampled_from(["%", "%2", "%2F", "%2f", "%25", "%00", "%7F", "%80", "%C3%BC", "%fc", "%zz", "a", "F", "ü", "€"])
)


@given(ESCAPED.map("".join))
def test_text_is_unescaped_as_the_standard_library_does(text: str) -> None:
    assert unquote(text) == parse.unquote(text)


@given(ESCAPED.map("".join))
def test_octets_are_unescaped_as_the_standard_library_does(text: str) -> None:
    assert unquote_to_bytes(text) == parse.unquote_to_bytes(text)


@given(ESCAPED.map("".join))
def test_without_needless_escapes_a_text_means_the_same(text: str) -> None:
    assert parse.unquote_to_bytes(plain(text)) == parse.unquote_to_bytes(text)


def test_only_needless_escapes_go() -> None:
    assert plain("/tr%61ck/%6Fpen%2ephp%2Fx%3Fy%20z%7E%5f%2D%30") == "/track/open.php%2Fx%3Fy%20z~_-0"
