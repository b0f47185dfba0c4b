"""Where redirects keep the true address."""

import json
import time
import zlib
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.target import Obstacle, compile_pipeline
from blockproxy.url import parse

TRUE = "https://example.com/article?id=42"
QUOTED = quote(TRUE, safe="")
JSON = json.dumps({"url": TRUE}).encode()
NESTED = json.dumps({"a": {"b": TRUE}}).encode()
COUNTED = b"F\x04Dhttp?D" + bytes([len(TRUE)]) + TRUE.encode() + b"W\x03abc"
MESSAGE = b"\x08\x96\x01\x1a\x04fake" + bytes([0x22, len(TRUE)]) + TRUE.encode() + b"\x25fake"  # fields 1, 3, 4, 4
OUTER = bytes([0x0A, len(MESSAGE)]) + MESSAGE + b"\x11fakefake"
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
        ("query-all", f"https://r.example.org/?{TRUE}"),
        ("query:u | tr:->%,_>/ | percent", "https://r.example.org/?u=https-3A__example.com_article-3Fid-3D42"),
        ("query:u | tr:.r.example.org>", "https://r.example.org/?u=https://example.com.r.example.org/article?id%3D42"),
        ("proofpoint-v3", f"https://r.example.org/v3/__{TRUE}__;!!fake!fake$"),
        ("proofpoint-v3", "https://r.example.org/v3/__https:/example.com/article?id=42__;!!fake!fake$"),
        ("proofpoint-v3", "https://r.example.org/v3/__https://example.com/article*id*42__;Pz0!!fake!fake$"),
        ("proofpoint-v3", "https://r.example.org/v3/__https://example.com/article**C42__;P2lkPQ!!fake!fake$"),
        ("path:1 | base64url | protobuf-url", f"https://r.example.org/{packed(MESSAGE)}"),
        ("path:1 | base64url | protobuf-url", f"https://r.example.org/{packed(OUTER)}"),
        ("path:1 | split:.:2 | skip:1 | base64url", f"https://r.example.org/fake.x{packed(TRUE.encode())}.fake"),
    ],
)
def test_the_true_address_is_found(pipeline: str, url: str) -> None:
    # The redirects of this table are not all longer than what they hold, as real ones are.
    padded = f"{url}{'&' if '?' in url else '?'}padding={'0' * 40}"
    found = target(pipeline, url if pipeline.endswith(("-rest:u", "https://", "-all")) else padded)
    assert found == TRUE


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://example.com/",
        "//example.com/",
        "example.com/",
        "https:/example.com\\x",
        "https://example.com/a\r\nb",
        "https://example.com/\x00",
        "https://example.com/a`b",
        "https://bücher@example.com/",
        "https://example.com<b>/",
        "https://",
        "httpsomething",
        "",
    ],
)
def test_what_cannot_be_written_as_it_is_is_refused(address: str) -> None:
    assert target("query:u", f"https://r.example.org/?u={quote(address, safe='')}&more=fake") is None


ESCAPED = [
    ("https://example.com/a b?c=d e#f g", "https://example.com/a%20b?c=d%20e#f%20g"),
    ('https://example.com/"onclick="', "https://example.com/%22onclick=%22"),
    ("https://example.com/?a=<b>", "https://example.com/?a=%3Cb%3E"),
    ("https://example.com/ü?ü=%C3%BC#ü", "https://example.com/%C3%BC?%C3%BC=%C3%BC#%C3%BC"),
    ("https://bücher.example/\U0001f4d5", "https://xn--bcher-kva.example/%F0%9F%93%95"),
    (" \r\nhttps://example.com/a\n", "https://example.com/a"),
]


@pytest.mark.parametrize(("address", "written"), ESCAPED)
def test_what_a_browser_would_escape_is_written_as_it_would_ask_for_it(address: str, written: str) -> None:
    assert target("query:u", f"https://r.example.org/?u={quote(address, safe='')}&more=fake") == written
    before, after = parse(address.strip()), parse(written)
    assert before is not None
    assert after is not None
    assert before.href == after.href


WHY_NOT = [
    ("query:u", "https://r.example.org/?x=1", Obstacle.ABSENT),
    ("path:1 | base64url", "https://r.example.org/fake!", Obstacle.ABSENT),
    ("query:u", f"https://r.example.org/?u={QUOTED}&padding={'0' * 20_000}", Obstacle.TOO_LONG),
    ("query:u", "https://r.example.org/?u=mailto%3Areader%40example.org", Obstacle.NO_WEB),
    ("query:u", "https://r.example.org/?u=Gr%C3%BC%C3%9Fe", Obstacle.NO_WEB),
    ("query:u", "https://r.example.org/?u=https%3A%2F%2F", Obstacle.NO_WEB),
    ("query:u", "https://r.example.org/?u=https%3A%2F%2Fexample.com%2F%FC", Obstacle.UNCLEAR),
    ("query:u", "https://r.example.org/?u=https%3A%2F%2Fexample.com%5Cx", Obstacle.UNCLEAR),
    ("query:u | prepend:https://example.com/a/long/way/to/go/", "https://r.example.org/?u=a", Obstacle.LONGER),
]


@pytest.mark.parametrize(("pipeline", "text", "obstacle"), WHY_NOT)
def test_it_is_said_why_there_is_no_address(pipeline: str, text: str, obstacle: Obstacle) -> None:
    url = parse(text)
    assert url is not None
    assert compile_pipeline(pipeline).read(url) is obstacle


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


@pytest.mark.parametrize(
    "url",
    [
        "https://r.example.org/v3/__https://example.com/a*id=42__;!!fake!fake$",  # a character too few
        "https://r.example.org/v3/__https://example.com/a*id=42__;Pz0!!fake!fake$",  # one too many
        "https://r.example.org/v3/__https://example.com/a**=d=42__;Pz0!!fake!fake$",  # no length of a run
        "https://r.example.org/v3/__https://example.com/a*id=42__;A!!fake!fake$",  # no base64
        "https://r.example.org/v3/__https://example.com/a*id=42__;-w!!fake!fake$",  # no UTF-8
        "https://r.example.org/v3/__https://example.com/article?id=42",  # cut off
    ],
)
def test_a_gateways_link_that_was_cut_off_is_refused(url: str) -> None:
    assert target("proofpoint-v3", url) is None


TWO = bytes([0x22, 20]) + b"https://example.com/" + bytes([0x22, 20]) + b"https://example.org/"


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE[:-1],
        MESSAGE + b"\x22",
        MESSAGE + b"\xff" * 11,
        MESSAGE + b"\x23\x24",  # a group
        b"\x0a\x00" * 300 + MESSAGE,  # more fields than are read
        TWO,
        b"\x22\x04fake",
    ],
)
def test_a_binary_record_is_read_to_its_end_or_not_at_all(message: bytes) -> None:
    padding = "?" + "0" * 99
    assert target("path:1 | base64url | protobuf-url", f"https://r.example.org/{packed(message)}{padding}") is None


@given(st.binary(max_size=300))
def test_a_binary_record_of_chance_is_no_accident(octets: bytes) -> None:
    target("path:1 | base64url | protobuf-url", f"https://r.example.org/{packed(octets)}")


def test_records_in_one_another_end_at_the_limit() -> None:
    record = b"\x0a\x02hi"
    while len(record) < 4000:
        record = b"\x0a" + bytes([len(record) & 127 | 128, len(record) >> 7]) + record
    assert target("path:1 | base64url | protobuf-url", f"https://r.example.org/{packed(record)}") is None


def test_a_thousand_beginnings_are_read_once() -> None:
    start = time.process_time()
    assert target("proofpoint-v3", "https://r.example.org" + "/v3/__" * 2_500) is None
    assert target("proofpoint-v3", "https://r.example.org/v3/__https://a" + "*" * 15_000 + "__;!!a") is None
    assert time.process_time() - start < 0.1


def test_a_redirect_of_a_megabyte_is_not_read() -> None:
    assert target("query:u", f"https://r.example.org/?u={QUOTED}&padding={'0' * 1_000_000}") is None


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
        ("regex:/to/(", "no regular expression"),
        ("query:u | tr:a", "cannot take 'a'"),
        ("query-all:u", "cannot take 'u'"),
        (" | ".join(["query:u"] + ["percent"] * 8), "at most 8 steps"),
    ],
)
def test_a_wrong_pipeline_is_refused_with_a_reason(pipeline: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compile_pipeline(pipeline)
