"""Percent-decoding gives what the standard library gives."""

from urllib import parse

from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.percent import unquote, unquote_to_bytes

ESCAPED = st.lists(
    st.sampled_from(["%", "%2", "%2F", "%2f", "%25", "%00", "%7F", "%80", "%C3%BC", "%fc", "%zz", "a", "F", "ü", "€"])
)


@given(ESCAPED.map("".join))
def test_text_is_unescaped_as_the_standard_library_does(text: str) -> None:
    assert unquote(text) == parse.unquote(text)


@given(ESCAPED.map("".join))
def test_octets_are_unescaped_as_the_standard_library_does(text: str) -> None:
    assert unquote_to_bytes(text) == parse.unquote_to_bytes(text)
