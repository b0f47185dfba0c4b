"""Where redirects keep the true address."""

import json
import zlib
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.target import compile_pipeline
from blockproxy.url import parse

TRUE = "https://example.com/article?id=42"
QUOTED = quote(TRUE, safe="")
JSON = json.dumps({"url": TRUE}).encode()
NESTED = json.dumps({"a": {"b": TRUE}}).encode()
COUNTED = b"F\x04Dhttp?D" + bytes([len(TRUE)]) + TRUE.encode() + b"W\x03abc"
DEFLATED = zlib.compress(f"h=fake&l={QUOTED}".encode())


def packed(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def target(pipeline: str, text: str) -> str | None:
    url = parse(text)
    assert url is not None
    return compile_pipeline(pipeline)(url)


@pytest.mark.parametrize(
    ("pipeline", "url"),
    [
        ("query:u", f"https://r.example.org/?a=1&u={QUOTED}&b=2"),
        ("query:u", f"https://r.example.org/?a=1&amp;u={QUOTED}"),
        ("query-rest:u", f"https://r.example.org/?a=1&u={TRUE}"),
        ("path:2 | percent", f"https://r.example.org/L0/{QUOTED}/1/fake"),
        ("path:-1 | base64url", f"https://r.example.org/lnk/fake/{packed(TRUE.encode())}"),
        ("path:1 | base64", f"https://r.example.org/{b64encode(TRUE.encode()).decode().rstrip('=')}"),
        ("path-rest:2 | prepend:https://", "https://r.example.org/fake/example.com/article?id=42"),
        ("regex:/to/(https://.+?)/end", f"https://r.example.org/to/{TRUE}/end"),
        (
            "path:1 | base64url | zlib | qs:l",
            f"https://r.example.org/{packed(DEFLATED)}",
        ),
        ("path:1 | base64url | json:a.b", f"https://r.example.org/{packed(NESTED)}"),
        (
            "path:1 | jwt-payload | json:url",
            f"https://r.example.org/fake.{packed(JSON)}.fake",
        ),
        (
            "path:1 | base64url | counted:D",
            f"https://r.example.org/{packed(COUNTED)}",
        ),
        ("path:1 | split:.:2 | skip:1 | base64url", f"https://r.example.org/fake.x{packed(TRUE.encode())}.fake"),
    ],
)
def test_the_true_address_is_found(pipeline: str, url: str) -> None:
    # The redirects of this table are not all longer than what they hold, as real ones are.
    padded = f"{url}{'&' if '?' in url else '?'}padding={'0' * 40}"
    found = target(pipeline, url if "rest" in pipeline else padded)
    assert found == TRUE


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://example.com/",
        "//example.com/",
        "example.com/",
        "https:/example.com\\x",
        "https://example.com/a b",
        "https://example.com/a\r\nb",
        "https://example.com/\x00",
        'https://example.com/"onclick="',
        "https://example.com/<b>",
        "https://example.com/ü",
        "https://",
        "httpsomething",
        "",
    ],
)
def test_what_cannot_be_written_as_it_is_is_refused(address: str) -> None:
    assert target("query:u", f"https://r.example.org/?u={quote(address, safe='')}&more=fake") is None


@given(st.text("abc/?&=%#;+'~.-_0123456789ABCDEF", max_size=60))
def test_an_address_comes_out_octet_for_octet(rest: str) -> None:
    true = "https://example.com/" + rest
    for pipeline, url in (
        ("query:u", f"https://r.example.org/?u={quote(true, safe='')}"),
        ("path:1 | base64url", f"https://r.example.org/{packed(true.encode())}"),
    ):
        found = target(pipeline, url)
        assert found in {true, None if parse(true) is None else true}


@given(st.binary(max_size=200))
def test_garbage_is_no_address_and_no_accident(octets: bytes) -> None:
    for steps in ("base64url | zlib | qs:l", "base64url | json:a.b", "jwt-payload | json:u"):
        assert target(f"path:1 | {steps}", f"https://r.example.org/{packed(octets)}.{packed(octets)}") is None


def test_an_address_longer_than_its_redirect_is_refused() -> None:
    squeezed = packed(zlib.compress(b"l=https%3A%2F%2Fexample.com%2F" + b"a" * 5000))
    assert target("path:1 | base64url | zlib | qs:l", f"https://r.example.org/{squeezed}") is None


def test_a_zip_bomb_ends_at_the_limit() -> None:
    bomb = packed(zlib.compress(b"l=" + b"a" * 50_000_000))
    assert target("path:1 | base64url | zlib | qs:l", f"https://r.example.org/{bomb}") is None


def test_brackets_without_end_are_no_address() -> None:
    assert target("path:1 | base64url | json:a", f"https://r.example.org/{packed(b'[' * 20_000)}") is None


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [
        ("base64", "not the first step"),
        ("query:u | query:v", "not a later step"),
        ("query", "cannot take ''"),
        ("path:0", "cannot take '0'"),
        ("path:1 | zlib:9", "cannot take '9'"),
        ("regex:/to/", "needs one group"),
        (" | ".join(["query:u"] + ["percent"] * 8), "at most 8 steps"),
    ],
)
def test_a_wrong_pipeline_is_refused_with_a_reason(pipeline: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compile_pipeline(pipeline)
