"""Character references, as attributes read them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message.charref import decode, unescape
from tests.corpus_path import corpus, needs_corpus


@pytest.mark.parametrize(
    ("written", "reads"),
    [
        ("a&amp;b", "a&b"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a&copyb", "?a&copyb"),
        ("?a&copy", "?a©"),
        ("?a&copy;=2", "?a©=2"),
        ("&notit;", "&notit;"),
        ("&colon;&sol;&bsol;&Tab;", ":/\\\t"),
        ("&#58;&#x3A;&#X3a&#58x", ":::" + ":x"),
        ("&#0;&#x110000;&#xD800;&#99999999999999999999;", "\ufffd" * 4),
        ("&#x80;&#x81;", "€\x81"),
        ("&#0000000000000000000058;", ":"),
        ("& &; &# &#; &#x; &nosuch; &AMP &LT;", "& &; &# &#; &#x; &nosuch; & <"),
        ("&NotEqualTilde;", "≂̸"),
        ("&CounterClockwiseContourIntegral;", "∳"),
        ("&CounterClockwiseContourIntegralX;", "&CounterClockwiseContourIntegralX;"),
    ],
)
def test_a_reference_in_an_attribute(written: str, reads: str) -> None:
    assert unescape(written.encode()).decode() == reads
    assert decode(written.encode()).text.decode() == reads


@needs_corpus
@pytest.mark.parametrize("suite", ["namedEntities", "numericEntities"])
def test_every_reference_of_the_html5lib_suite(suite: str) -> None:
    folder = corpus()
    assert folder is not None
    path = folder / "conformance" / "html5lib-tokenizer" / f"tokenizer_{suite}.test"
    tests = json.loads(path.read_text("utf-8"))["tests"]
    # The suite reads them as text. Where a name ends without a semicolon in front of more, attributes differ.
    whole = [test for test in tests if not test["description"].startswith("Bad") and test["input"].isascii()]
    wrong = [
        test["description"]
        for test in whole
        if unescape(test["input"].encode()) != "".join(token[1] for token in test["output"]).encode("utf-8", "replace")
    ]
    assert len(whole) > 300
    assert wrong == []


_VALUES = st.lists(st.sampled_from(["a", "&", "&amp;", "&#58;", "&colon;", "&copy;", "=", ";", "é", "&fjlig;"])).map(
    "".join
)


@given(_VALUES, st.data())
def test_a_decoded_range_leads_back_to_what_wrote_it(written: str, data: st.DataObject) -> None:
    value = written.encode()
    decoded = decode(value)
    assert decoded.text == unescape(value)
    start = data.draw(st.integers(0, len(decoded.text)))
    end = data.draw(st.integers(start, len(decoded.text)))
    first, last = decoded.source(start, end)
    assert 0 <= first <= last <= len(value)
    assert decode(value[first:last]).text in (decoded.text[start:end], *_wider(decoded.text, start, end))


def _wider(text: bytes, start: int, end: int) -> list[bytes]:
    """The ranges that a reference of several octets, never cut, makes of a range."""
    return [text[first:last] for first in range(max(0, start - 3), start + 1) for last in range(end, end + 4)]
