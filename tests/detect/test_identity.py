"""The reader's own address in a URL, in every form that senders were seen to write it in."""

import base64
import hashlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.identity import ENCODINGS, HASHES, Identity

ME = "Reader.Example+news@Example.org"
LOWER = ME.lower()
ESCAPED = quote(LOWER, safe="")
SHA256 = hashlib.sha256(LOWER.encode())
IDENTITY = Identity([ME])


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


FORMS = [
    ("plain", f"https://x.example.net/?e={ME}", "plain"),
    ("escaped", f"https://x.example.net/?e={quote(ME, safe='')}", "plain"),
    ("escaped twice", f"https://x.example.net/?u={quote(quote(ME, safe=''), safe='')}", "plain"),
    ("lower case", f"https://x.example.net/?e={LOWER}", "plain"),
    ("without the tag", "https://x.example.net/?e=reader.example@example.org", "plain"),
    ("in the path", f"https://x.example.net/open/{LOWER}/1", "plain"),
    ("in the fragment", f"https://x.example.net/#{LOWER}", "plain"),
    ("base64", f"https://x.example.net/?e={b64(LOWER)}", "base64"),
    ("base64 without padding", f"https://x.example.net/{b64(LOWER).rstrip('=')}/o.gif", "base64"),
    ("base64 with escaped padding", f"https://x.example.net/?e={quote(b64(LOWER), safe='')}", "base64"),
    ("base64 of a query", f"https://x.example.net/o/{b64(f'id=7&e={LOWER}&x=1')}", "base64"),
    ("base64 of an escaped query", f"https://x.example.net/o/{b64(f'id=7&e={ESCAPED}')}", "base64"),
    ("hexadecimal", f"https://x.example.net/{LOWER.encode().hex()}.gif", "hexadecimal"),
    ("hexadecimal, upper case", f"https://x.example.net/?e={LOWER.encode().hex().upper()}", "hexadecimal"),
    ("MD5", f"https://x.example.net/?h={hashlib.md5(LOWER.encode()).hexdigest()}", "MD5 hash"),
    ("MD5, upper case", f"https://x.example.net/?h={hashlib.md5(LOWER.encode()).hexdigest().upper()}", "MD5 hash"),
    ("SHA-1", f"https://x.example.net/{hashlib.sha1(LOWER.encode()).hexdigest()}.png", "SHA-1 hash"),
    ("SHA-256", f"https://x.example.net/?h={SHA256.hexdigest()}", "SHA-256 hash"),
    ("SHA-256 as written", f"https://x.example.net/?h={hashlib.sha256(ME.encode()).hexdigest()}", "SHA-256 hash"),
    ("SHA-512", f"https://x.example.net/?h={hashlib.sha512(LOWER.encode()).hexdigest()}", "SHA-512 hash"),
    (
        "SHA-256 without the tag",
        f"https://x.example.net/?h={hashlib.sha256(b'reader.example@example.org').hexdigest()}",
        "SHA-256 hash",
    ),
    (
        "SHA-256 in base64",
        f"https://x.example.net/?h={quote(base64.b64encode(SHA256.digest()).decode(), safe='')}",
        "SHA-256 hash",
    ),
]


@pytest.mark.parametrize(("url", "form"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_the_address_is_found(url: str, form: str) -> None:
    leak = IDENTITY.find(url)
    assert leak is not None
    assert leak.form == form
    assert "example" not in leak.evidence


OTHERS = [
    "https://x.example.net/?e=somereader.example@example.org",
    "https://x.example.net/?e=reader.example@example.org.evil.net",
    "https://x.example.net/?e=reader.example@example.organic",
    "https://x.example.net/?e=other@example.org",
    f"https://x.example.net/?h={hashlib.md5(b'other@example.org').hexdigest()}",
    "https://x.example.net/?e=" + b64("other@example.org"),
    "https://example.org/",
    "https://x.example.net/%E2%82%AC?q=%",
]


@pytest.mark.parametrize("url", OTHERS)
def test_somebody_else_is_not(url: str) -> None:
    assert IDENTITY.find(url) is None


def test_gmail_delivers_without_dots() -> None:
    digest = hashlib.sha256(b"readerexample@gmail.com").hexdigest()
    assert Identity(["reader.example@gmail.com"]).find(f"https://x.example.net/{digest}") is not None
    digest = hashlib.sha256(b"readerexample@example.org").hexdigest()
    assert Identity(["reader.example@example.org"]).find(f"https://x.example.net/{digest}") is None


@pytest.mark.parametrize("addresses", [[], [""], ["@example.org"], ["reader"]])
def test_without_an_address_nothing_is_found(addresses: list[str]) -> None:
    identity = Identity(addresses)
    assert not identity
    assert identity.find("https://x.example.net/?e=@example.org&f=reader") is None


@given(st.emails(), st.sampled_from(sorted(ENCODINGS)), st.sampled_from([None, *sorted(HASHES)]))
def test_every_form_of_every_address_is_found(address: str, encoding: str, hashed: str | None) -> None:
    octets = address.encode()
    token = ENCODINGS[encoding](HASHES[hashed](octets) if hashed else octets)
    assert Identity([address]).find(f"https://x.example.net/?id=1&t={quote(token, safe='')}") is not None


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    IDENTITY.find(text)
