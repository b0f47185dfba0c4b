"""The network syntax of ad-block lists, as far as rule files use it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.pattern import compile_pattern
from blockproxy.url import parse

# pattern, a URL that it matches, one that it does not
PAIRS = [
    ("||mailer.example^", "https://mailer.example/", "https://mailer.example.org/"),
    ("||mailer.example^", "https://eu.t.mailer.example/x?y", "https://notmailer.example/"),
    ("||mailer.example/open", "https://mailer.example/opening", "https://mailer.example/x/open"),
    ("||mailer.example/open^", "https://mailer.example/open?id=1", "https://mailer.example/opening"),
    ("||mailer.example/open^", "https://mailer.example/open", "https://mailer.example/open-source"),
    ("||mailer.example/open^", "https://mailer.example/open/1", "https://mailer.example/open%2F1"),
    ("||mailer.example/*/o.gif", "https://mailer.example/a/b/o.gif?x", "https://mailer.example/o.gif"),
    ("||mailer.example/a*b|", "https://mailer.example/a-b-b", "https://mailer.example/a-b-bc"),
    ("||mailer.example/a|", "https://mailer.example/a", "https://mailer.example/ab"),
    ("||mailer.example/Cto/", "https://mailer.example/Cto/1", "https://mailer.example/cto/1"),
    ("||mail*.example/t/", "https://mail7.example/t/1", "https://eu.mail.seven.example/t/1"),
    ("||t.mail*er.example/t/", "https://x.t.mail-1-er.example/t/", "https://mail-er.example/t/"),
    ("||google.*/url?", "https://www.google.co.uk/url?q=1", "https://google.example.com/url?q=1"),
    ("||t.google.*/url?", "https://eu.t.google.com/url?q=1", "https://google.com/url?q=1"),
    ("||*/wf/open?upn=", "https://any.example.com/wf/open?upn=1", "https://any.example.com/x/wf/open?upn=1"),
    ("/lists/ut.php?u=", "https://any.example.com/a/lists/ut.php?u=1", "https://any.example.com/lists/ut.php?m=1&u=1"),
    ("||*/?mailer_router&", "https://any.example.com?mailer_router&x=1", "https://any.example.com/x?mailer_router&x=1"),
    ("||*/c/*?p=eyJ", "https://any.example.com/c/1/2?p=eyJx", "https://any.example.com/c/1/2?q=eyJx"),
]


def matches(text: str, url: str) -> bool:
    pattern, parsed = compile_pattern(text), parse(url)
    assert parsed is not None
    subject = f"{parsed.path}?{parsed.query}" if parsed.query else parsed.path
    return pattern.on_host(parsed.host) and pattern.fits(subject)


@pytest.mark.parametrize(("text", "caught", "spared"), PAIRS)
def test_a_pattern_matches_this_and_not_that(text: str, caught: str, spared: str) -> None:
    assert matches(text, caught)
    assert not matches(text, spared)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mailer.example", "begins with"),
        ("|https://mailer.example/", "begins with"),
        ("||mailer.example", "ends with '^' or '/'"),
        ("||mailer.example?x", "ends with '^' or '/'"),
        ("||*.mailer.example^", "already means every subdomain"),
        ("||Mailer.example^", "no host name"),
        ("||example^", "no host name"),
        ("||co.uk^", "public suffix"),
        ("||*.*^", "'||' already means"),
        ("||t.*^", "a name under every suffix has 3 characters"),
        ("||mail*.*^", "no other '*'"),
        ("||mailer.exam*^", "public suffix"),
        ("||t*.example/", "needs 4 other characters"),
        ("||*/t/", "needs 5 characters"),
        ("||*/openings", "one whole path segment"),
        ("||*/?id=7&x", "a name of three characters"),
        ("||mailer.example/a|b", "only at the end"),
        ("||mailer.example/a b", "without white space"),
        ("||mailer.example/" + "a" * 200, "at most 200"),
    ],
)
def test_a_wrong_pattern_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("^", r"\^")):
        compile_pattern(text)


def test_stars_cost_time_in_proportion_to_the_url() -> None:
    pattern = compile_pattern("||mailer.example/*a*a*a*a*a*a*b|")
    start = time.process_time()
    assert not pattern.fits("/" + "a" * 16_000)
    assert time.process_time() - start < 1  # one that goes back needs longer than anybody waits


@given(st.text("/ab.?=", max_size=12), st.text("ab^*", max_size=6))
def test_a_pattern_agrees_with_the_definition_of_its_signs(subject: str, body: str) -> None:
    pattern = compile_pattern("||mailer.example/" + body)
    assert pattern.fits("/" + subject) == by_definition("/" + body, "/" + subject)


def by_definition(body: str, subject: str) -> bool:
    """The signs one by one, every way tried."""
    if not body:
        return True
    if body[0] == "*":
        return any(by_definition(body[1:], subject[index:]) for index in range(len(subject) + 1))
    if body[0] == "^":
        if not subject:
            return by_definition(body[1:], "")
        return not (subject[0].isalnum() or subject[0] in "_-.%") and by_definition(body[1:], subject[1:])
    return subject[:1] == body[0] and by_definition(body[1:], subject[1:])
