"""URLs as browsers read them, whatever they are disguised as."""

import pytest

from blockproxy.message.references import in_html, resolve
from blockproxy.url import MAX_HOST, parse

HOSTS = [
    ("http://t.co\\@evil.example/", "t.co"),
    ("http://t.co\\evil.example", "t.co"),
    ("http://t.co/@evil.example", "t.co"),
    ("http://t.co?@evil.example", "t.co"),
    ("http://t.co#@evil.example", "t.co"),
    ("http://t.co@evil.example/", "evil.example"),
    ("http://t.co:80@evil.example/", "evil.example"),
    ("http://a@b@evil.example/", "evil.example"),
    ("http://t.co%2f@evil.example/", "evil.example"),
    ("HTTP://T.CO/", "t.co"),
    ("hTtPs:\\\\t.co\\", "t.co"),
    ("http:/t.co/", "t.co"),
    ("http:t.co/", "t.co"),
    ("http:///t.co/", "t.co"),
    ("http:/\\/t.co/", "t.co"),
    (" \x01\x1f http://t.co/ \x00", "t.co"),
    ("ht\ttp\n://t\r.c\no/", "t.co"),
    ("http://t.co./", "t.co"),
    ("http://t.co:80/", "t.co"),
    ("http://t%2eco/", "t.co"),
    ("http://%74.%63%6f/", "t.co"),
    ("http://t\u3002co/", "t.co"),
    ("http://\uff54.\uff43\uff4f/", "t.co"),
    ("http://\u24e3.co/", "t.co"),
    ("http://t\u00ad.co/", "t.co"),
    ("http://b\u00fccher.example/", "xn--bcher-kva.example"),
    ("http://B\u00dcCHER.example/", "xn--bcher-kva.example"),
    ("http://0x7f.1/", "127.0.0.1"),
    ("http://2130706433/", "127.0.0.1"),
    ("http://0177.0.0.01/", "127.0.0.1"),
    ("http://[::ffff:7f00:1]/", "[::ffff:7f00:1]"),
    ("ftp://t.co/", "t.co"),
    ("file://t.co/share", "t.co"),
    ("file:\\\\t.co\\share", "t.co"),
]


@pytest.mark.parametrize(("url", "host"), HOSTS)
def test_the_host_is_the_one_that_a_browser_asks(url: str, host: str) -> None:
    found = parse(resolve(url) or "")
    assert found is not None
    assert found.host == host


@pytest.mark.parametrize("url", ["//t.co/x", "\\\\t.co/x", "/\\t.co/x", "\t//t.co/x", "/\n/t.co/x"])
def test_a_scheme_that_is_missing_is_the_readers(url: str) -> None:
    assert resolve(url) == "https://t.co/x"


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///",
        "http://a b/",
        "http://t.co:99999/",
        "http://%zz/",
        "http://exa<mple/",
        "file:///etc/passwd",
        "mailto:a@example.com",
        "cid:a@example.com",
        "x-http://t.co/",
        "/path",
        "https://" + "a." * 200 + "example/",
        "https://" + "A." * 200 + "example/",
    ],
)
def test_what_reaches_no_host_is_none(url: str) -> None:
    assert resolve(url) is None


def test_a_host_may_be_as_long_as_a_name_may_be() -> None:
    longest = "a." * ((MAX_HOST - 3) // 2) + "com"
    assert len(longest) == MAX_HOST
    assert parse(f"https://{longest}/") is not None
    assert parse(f"https://a.{longest}/") is None


@pytest.mark.parametrize(
    "value",
    [
        b"&#104;ttp://t.co/",
        b"http&colon;//t.co/",
        b"http:&sol;&#47;t.co/",
        b"http:&#x5c&bsol;t.co/",
        b"ht&Tab;tp&NewLine;:&#13;//t.co/",
        b"&#x68;&#x74;&#116;&#112;&#00058;&#x002F;&#x2f;t&period;co/",
        b"//&#116;&period;co/",
        b"http://t&#46;co&#47;",
        b"http://t.co&#92;@evil.example/",
        b"HTTP:\\\\T.CO./",
    ],
)
def test_character_references_disguise_nothing(value: bytes) -> None:
    for quote in (b'"', b"'", b""):
        (reference,) = in_html(b"<img src=" + quote + value + quote + b">")
        found = parse(reference.url)
        assert found is not None
        assert found.host == "t.co"
