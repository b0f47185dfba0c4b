"""What is never touched, and that it does not grow until nothing is touched."""

import pytest

from blockproxy.detect.spared import Reason, Spared
from blockproxy.url import Url, parse

SPARED = Spared(
    [
        Reason("leave", "leaving", words=("unsubscribe", "opt out")),
        Reason("signed", "signed", parameters=("sig",)),
        Reason("host", "papers", hosts=("sign.example",)),
    ]
)


def url(text: str) -> Url:
    parsed = parse(text)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.com/unsubscribe", "leaving"),
        ("https://example.com/Unsubscribe.aspx", "leaving"),
        ("https://example.com/unsubscribeLink", "leaving"),
        ("https://example.com/a/b-unsubscribe_now/c", "leaving"),
        ("https://example.com/opt-out", "leaving"),
        ("https://example.com/optout", "leaving"),
        ("https://example.com/optOut", "leaving"),
        ("https://example.com/a%2Funsubscribe", "leaving"),
        ("https://example.com/?unsubscribe=1", "leaving"),
        ("https://example.com/?to=https%3A%2F%2Fexample.org%2Funsubscribe", "leaving"),
        ("https://example.com/?to=%2Funs%75bscribe", "leaving"),
        ("https://example.com/?to=%252Funsubscribe", "leaving"),
        ("https://example.com/?to=%2FoptOut", "leaving"),
        ("https://example.com/?SIG=1", "signed"),
        ("https://eu.sign.example/x", "papers"),
        ("https://example.com/unsubscribers", None),
        ("https://example.com/adopt-outdoor-cats", None),
        ("https://example.com/?q=unsubscribe", None),
        ("https://example.com/?signal=1", None),
        ("https://design.example/x", None),
    ],
)
def test_whole_words_count_wherever_they_may_stand(text: str, reason: str | None) -> None:
    assert SPARED.find(url(text)) == reason


@pytest.mark.parametrize("word", ["2027", "saml2", "opt in 2", "double opt in", "e sign"])
@pytest.mark.parametrize("between", ["", "-", "_", ".", "+"])
@pytest.mark.parametrize("around", ["/{}", "/1{}2", "/a_{}-b", "/x/{}.html"])
def test_a_word_is_found_in_each_way_to_write_it(word: str, between: str, around: str) -> None:
    spared = Spared([Reason("one", "one", words=(word,)), Reason("other", "other", words=("zebra",))])
    path = around.format(word.replace(" ", between))
    assert spared.find(url(f"https://example.com{path}")) == "one"
    assert spared.find(url("https://example.com/ab/cd?ef=gh")) is None
