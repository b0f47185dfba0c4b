"""Paths, parameters and attributes of an envelope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.smtp.envelope import Path, attributes, is_for, path, without_success, xtext


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("FROM:<a@example.org>", Path("a@example.org", ())),
        ("from: <a@example.org> SIZE=10  BODY=8BITMIME", Path("a@example.org", ("SIZE=10", "BODY=8BITMIME"))),
        ("FROM:<>", Path("", ())),
        ('TO:<"a>b \\" c"@example.org> NOTIFY=NEVER', Path('"a>b \\" c"@example.org', ("NOTIFY=NEVER",))),
        ("TO:<größe@example.org>", Path("größe@example.org", ())),
        ("TO:a@example.org", None),
        ("TO:<a@example.org", None),
        ("TO:<a@example.org>x", None),
        ("TO:<<a@example.org>>", None),
        ("", None),
        (None, None),
    ],
)
def test_a_path_is_read_or_refused(argument: str | None, expected: Path | None) -> None:
    assert path(argument) == expected


@pytest.mark.parametrize(
    ("mailbox", "ours"),
    [
        ("a@example.org", True),
        ("A@EXAMPLE.ORG.", True),
        ("postmaster", True),
        ("Postmaster", True),
        ("a@example.net", False),
        ("a@sub.example.org", False),
        ("a", False),
        ("", False),
        ("a%example.net@example.org", False),
        ("example.net!a@example.org", False),
        ('"a@example.net"@example.org', False),
        ("@example.net:a@example.org", False),
        ("@example.org,@example.net:a@example.org", False),
        ("a@example.net@example.org", False),
        ("a@example.org@example.net", False),
        ("a@[127.0.0.1]", False),
    ],
)
def test_strangers_send_to_our_domains_and_not_through_them(mailbox: str, ours: bool) -> None:
    assert is_for(mailbox, ("example.org",)) is ours


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("NOTIFY=SUCCESS", "NOTIFY=NEVER"),
        ("NOTIFY=SUCCESS,FAILURE", "NOTIFY=FAILURE"),
        ("notify=failure,success,delay", "notify=FAILURE,DELAY"),
        ("NOTIFY=FAILURE,DELAY", "NOTIFY=FAILURE,DELAY"),
        ("NOTIFY=NEVER", "NOTIFY=NEVER"),
        ("ORCPT=rfc822;success@example.org", "ORCPT=rfc822;success@example.org"),
    ],
)
def test_success_is_not_asked_for_any_more_and_failure_as_before(parameter: str, expected: str) -> None:
    assert without_success(["X=1", parameter]) == ("X=1", expected)


def test_attributes_are_read_and_unknown_ones_refused() -> None:
    assert attributes("name=mx.example.com ADDR=192.0.2.7 HELO=a+2Bb") == {
        "NAME": "mx.example.com",
        "ADDR": "192.0.2.7",
        "HELO": "a+b",
    }
    for wrong in ("", None, "ADDR", "COLOUR=red", "NAME=" + "x" * 256):
        assert attributes(wrong) is None


@given(st.text(alphabet=st.characters(max_codepoint=126), max_size=60))
def test_xtext_comes_back(text: str) -> None:
    assert not text or attributes(f"HELO={xtext(text)}") == {"HELO": text} or len(xtext(text)) > 255
    assert xtext(text).isascii()
    assert not set(xtext(text)) & set(" \r\n=")


@given(st.text(max_size=200))
def test_no_argument_raises(argument: str) -> None:
    path(argument)
    attributes(argument)
    is_for(argument, ("example.org",))
