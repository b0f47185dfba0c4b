"""Links: what they become, to the last character."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.links import optional, strip, told, unwrap
from blockproxy.model import Trigger
from blockproxy.url import Url, parse
from tests.detect.leaf import RULES


def read(url: str) -> Url:
    parsed = parse(url)
    assert parsed is not None
    return parsed


def stripped(url: str) -> str:
    parsed = read(url)
    return strip(url, parsed, optional(RULES.parameters(parsed)))


STRIPPED = [
    ("https://shop.example.org/a?utm_source=n", "https://shop.example.org/a"),
    ("https://shop.example.org/a?utm_source=n#part", "https://shop.example.org/a#part"),
    ("https://shop.example.org/a?id=4&utm_source=n", "https://shop.example.org/a?id=4"),
    ("https://shop.example.org/a?utm_source=n&id=4", "https://shop.example.org/a?id=4"),
    ("https://shop.example.org/a?b=%20+%2B&utm_id=1&c&d=", "https://shop.example.org/a?b=%20+%2B&c&d="),
    ("https://shop.example.org/a?mail_eid=f&z=1&mail_click=2&a=3", "https://shop.example.org/a?z=1&a=3"),
    ("https://shop.example.org?utm_source=n", "https://shop.example.org"),
    ("https://shop.example.org/?q=a b&utm_source=n", "https://shop.example.org/?q=a b"),
    ("https://shop.example.org/a?partner=7&utm_source=n", "https://shop.example.org/a?partner=7"),
    ("https://shop.example.org/a?q=utm_source=n", "https://shop.example.org/a?q=utm_source=n"),
    ("https://shop.example.org/a#?utm_source=n", "https://shop.example.org/a#?utm_source=n"),
    ("https://shop.example.org/a?", "https://shop.example.org/a?"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "left"), STRIPPED)
def test_parameters_are_taken_off_and_nothing_else_changes(url: str, left: str) -> None:
    assert stripped(url) == left
    assert stripped(left) == left


PARAMETER = st.from_regex(r"(utm_[a-z]{1,5}|mail_eid|id|q|x[0-9])(=[A-Za-z0-9%._~+-]{0,8})?", fullmatch=True)


@given(st.lists(PARAMETER, max_size=8), st.sampled_from(["", "#top", "#?utm_source=x"]))
def test_what_stays_stays_in_its_order(parameters: list[str], fragment: str) -> None:
    url = "https://shop.example.org/a" + ("?" + "&".join(parameters) if parameters else "") + fragment
    kept = [text for text in parameters if not text.startswith(("utm_", "mail_eid"))]
    assert stripped(url) == "https://shop.example.org/a" + ("?" + "&".join(kept) if kept else "") + fragment


UNWRAPPED = [
    ("c/7?url=https%3A%2F%2Fshop.example.org%2Fa%3Fid%3D4", "https://shop.example.org/a?id=4"),
    ("c/7?url=https%3A%2F%2Fshop.example.org%2Fa%3Fid%3D4%26utm_id%3D1", "https://shop.example.org/a?id=4"),
    ("c/7?url=mailto%3Areader%40example.org", None),
    ("c/7?url=javascript%3Aalert%281%29", None),
    ("c/7?url=", None),
    ("c/7", None),
    ("s/7?url=https%3A%2F%2Fshop.example.org%2Fa", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "target"), UNWRAPPED)
def test_a_redirect_is_unwrapped_where_it_says_where_it_leads(path: str, target: str | None) -> None:
    url = read(f"https://click.mailer.example.net/{path}")
    match = RULES.match(url, Trigger.CLICK)
    assert match is not None
    found = unwrap(RULES, match, url, stripping=True)
    assert (found and found.url) == target


def test_a_target_keeps_its_parameters_where_the_policy_wants_that() -> None:
    url = read("https://click.mailer.example.net/c/7?url=https%3A%2F%2Fshop.example.org%2Fa%3Futm_id%3D1")
    match = RULES.match(url, Trigger.CLICK)
    assert match is not None
    found = unwrap(RULES, match, url, stripping=False)
    assert found is not None
    assert (found.url, found.parameters) == ("https://shop.example.org/a?utm_id=1", ())


def test_redirects_nested_too_deep_are_left_alone() -> None:
    url = "https://shop.example.org/a"
    depth = 12
    for _ in range(depth):
        url = f"https://click.mailer.example.net/b/{_packed(url)}"
    parsed = read(url)
    match = RULES.match(parsed, Trigger.CLICK)
    assert match is not None
    assert unwrap(RULES, match, parsed, stripping=True) is None


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_the_worst_parameter_is_told_first() -> None:
    url = read("https://shop.example.org/a?utm_source=n&mail_click=1&mail_eid=f")
    assert told(optional(RULES.parameters(url))) == (
        "parameters that say who reads (mail_eid), which click it is (mail_click), which campaign it is (utm_source)"
    )
