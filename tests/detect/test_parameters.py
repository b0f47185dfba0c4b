"""Known query parameters, found and taken out without touching the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.links import strip
from blockproxy.detect.parameters import Meaning, Parameter, Parameters
from blockproxy.url import Url, parse

KNOWN = Parameters(
    [
        Parameter("utm_*", Meaning.CAMPAIGN, "utm", "UTM", never=("keeps.example",)),
        Parameter("utm_reader", Meaning.RECIPIENT, "utm", "UTM"),
        Parameter("fid", Meaning.CLICK, "fid", "Fake", only=("shop.example",)),
        Parameter("tag", Meaning.CAMPAIGN, "wide", "Wide", never=("needs-tag.example",)),
        Parameter("tag", Meaning.AFFILIATE, "shop", "Shop", only=("shop.example", "bigshop.*")),
    ]
)


def url(text: str) -> Url:
    parsed = parse(text)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://example.com/?utm_source=a", "https://example.com/"),
        ("https://example.com/a?b=1&utm_source=a&c=2", "https://example.com/a?b=1&c=2"),
        ("https://example.com/a?b=1&utm_source", "https://example.com/a?b=1"),
        ("https://example.com/a?b=%2B&&c=?&utm_x=1#utm_y=2", "https://example.com/a?b=%2B&&c=?#utm_y=2"),
        ("https://example.com/a?b=1&amp;utm_source=a", "https://example.com/a?b=1"),
        ("https://example.com/a?utmost=1&UTM_SOURCE=2", "https://example.com/a?utmost=1&UTM_SOURCE=2"),
        ("https://example.com/a?ut%6D%5fsource=a&b=1", "https://example.com/a?b=1"),
        (f"https://example.com/a?utm_{'x' * 200}=a", f"https://example.com/a?utm_{'x' * 200}=a"),
        ("https://keeps.example/?utm_source=a", "https://keeps.example/?utm_source=a"),
        ("https://sub.keeps.example/?utm_source=a", "https://sub.keeps.example/?utm_source=a"),
        ("https://www.shop.example/?fid=1", "https://www.shop.example/"),
        ("https://example.com/?fid=1", "https://example.com/?fid=1"),
    ],
)
def test_a_known_parameter_goes_and_the_rest_stays(before: str, after: str) -> None:
    assert strip(url(before).href, url(before), KNOWN.find(url(before))) == after


def test_the_whole_name_goes_before_the_beginning_of_names() -> None:
    hits = KNOWN.find(url("https://example.com/?utm_reader=a&utm_source=b"))
    assert [(hit.name, hit.meaning, hit.raw) for hit in hits] == [
        ("utm_reader", Meaning.RECIPIENT, "utm_reader=a"),
        ("utm_source", Meaning.CAMPAIGN, "utm_source=b"),
    ]


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("example.com", "wide"),
        ("www.shop.example", "shop"),
        ("www.bigshop.co.uk", "shop"),
        ("bigshop.de", "shop"),
        ("bigshop.example.com", "wide"),
        ("needs-tag.example", None),
    ],
)
def test_a_name_means_on_each_host_what_the_most_special_family_says(host: str, family: str | None) -> None:
    hits = KNOWN.find(url(f"https://{host}/?tag=fake"))
    assert [hit.family for hit in hits] == ([family] if family else [])


@given(st.lists(st.sampled_from(["a=1", "utm_x=2", "b", "", "utm_y=", "c=d=e", "fid=3"]), max_size=8))
def test_a_hit_says_where_it_stands(pairs: list[str]) -> None:
    parsed = url("https://example.com/?" + "&".join(pairs))
    hits = KNOWN.find(parsed)
    assert [hit.raw for hit in hits] == [pair for pair in pairs if pair.startswith("utm_")]
    for hit in hits:
        assert parsed.query[hit.start :].startswith(hit.raw)
    assert KNOWN.find(url(strip(parsed.href, parsed, hits))) == ()
