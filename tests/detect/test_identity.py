"""The reader's own address in a URL, in every form that senders were seen to write it in, and nothing else."""

import base64
import gzip
import hashlib
import random
import time
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blockproxy.detect.identity import Identity, lz_string, search, whirlpool
from blockproxy.detect.identity.encodings import ENCODINGS, OF_TEXT, base58
from blockproxy.detect.identity.hashes import CHECKSUMS, HASHES

ME = "Reader.Example+news@Example.org"
LOWER = ME.lower()
ESCAPED = quote(LOWER, safe="")
SHA256 = hashlib.sha256(LOWER.encode())
CRC = zlib.crc32(LOWER.encode())
IDENTITY = Identity([ME])


def b64(text: str | bytes) -> str:
    return base64.urlsafe_b64encode(text.encode() if isinstance(text, str) else text).decode()


FORMS = [
    ("plain", f"https://x.example.net/?e={ME}", "plain"),
    ("escaped", f"https://x.example.net/?e={quote(ME, safe='')}", "plain"),
    ("escaped twice", f"https://x.example.net/?u={quote(quote(ME, safe=''), safe='')}", "plain"),
    ("lower case", f"https://x.example.net/?e={LOWER}", "plain"),
    ("without the tag", "https://x.example.net/?e=reader.example@example.org", "plain"),
    ("in the path", f"https://x.example.net/open/{LOWER}/1", "plain"),
    ("in the fragment", f"https://x.example.net/#{LOWER}", "plain"),
    ("with a character reference", "https://x.example.net/?e=reader.example&#64;example.org", "plain"),
    ("as VERP writes it", "https://x.example.net/b/reader.example=example.org/1", "plain"),
    ("in words", "https://x.example.net/b/reader.example_at_example.org", "plain"),
    ("base64", f"https://x.example.net/?e={b64(LOWER)}", "base64"),
    ("base64 without padding", f"https://x.example.net/{b64(LOWER).rstrip('=')}/o.gif", "base64"),
    ("base64 with escaped padding", f"https://x.example.net/?e={quote(b64(LOWER), safe='')}", "base64"),
    ("base64 of a query", f"https://x.example.net/o/{b64(f'id=7&e={LOWER}&x=1')}", "base64"),
    ("base64 of an escaped query", f"https://x.example.net/o/{b64(f'id=7&e={ESCAPED}')}", "base64"),
    ("zlib of a query", f"https://x.example.net/o/{b64(zlib.compress(f'i=7&r={LOWER}&x=1'.encode(), 9))}", "base64"),
    ("gzip of a query", f"https://x.example.net/o/{b64(gzip.compress(f'i=7&r={LOWER}'.encode(), mtime=7))}", "base64"),
    (
        "base32 in a host name",
        f"https://{base64.b32encode(LOWER.encode()).decode().rstrip('=').lower()}.x.example.net/",
        "base32",
    ),
    ("MD5 in a host name", f"https://{hashlib.md5(LOWER.encode()).hexdigest()}.x.example.net/", "MD5 hash"),
    ("hexadecimal", f"https://x.example.net/{LOWER.encode().hex()}.gif", "hexadecimal"),
    ("hexadecimal, upper case", f"https://x.example.net/?e={LOWER.encode().hex().upper()}", "hexadecimal"),
    ("MD5", f"https://x.example.net/?h={hashlib.md5(LOWER.encode()).hexdigest()}", "MD5 hash"),
    ("MD5, upper case", f"https://x.example.net/?h={hashlib.md5(LOWER.encode()).hexdigest().upper()}", "MD5 hash"),
    ("MD5 of capitals", f"https://x.example.net/?h={hashlib.md5(ME.upper().encode()).hexdigest()}", "MD5 hash"),
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
        "SHA-256 without the dot",
        f"https://x.example.net/?h={hashlib.sha256(b'readerexample@example.org').hexdigest()}",
        "SHA-256 hash",
    ),
    (
        "SHA-256 in base64",
        f"https://x.example.net/?h={quote(base64.b64encode(SHA256.digest()).decode(), safe='')}",
        "SHA-256 hash",
    ),
    (
        "SHA-1 of MD5",
        f"https://x.example.net/?h={hashlib.sha1(hashlib.md5(LOWER.encode()).hexdigest().encode()).hexdigest()}",
        "SHA-1 hash of MD5 hash",
    ),
    (
        "Whirlpool of base64",
        f"https://x.example.net/?h={whirlpool.digest(base64.b64encode(LOWER.encode())).hex()}",
        "Whirlpool hash of base64",
    ),
    ("the local part, where a name says so", "https://x.example.net/?user=reader.example", search.PART),
    ("the local part beside the domain", "https://x.example.net/?a=reader.example&b=example.org", search.PART),
    ("a checksum, where a name says so", f"https://x.example.net/?id=1&email_hash={CRC:08x}", "CRC-32"),
    ("a checksum as a number", f"https://x.example.net/?email_hash={CRC}", "CRC-32"),
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
    "https://x.example.net/?e=readerexample@example.org",
    f"https://x.example.net/?h={hashlib.md5(b'other@example.org').hexdigest()}",
    "https://x.example.net/?e=" + b64("other@example.org"),
    "https://x.example.net/?e=" + b64(zlib.compress(b"r=other@example.org")),
    "https://example.org/",
    "https://x.example.net/%E2%82%AC?q=%",
    "https://x.example.net/?q=reader.example",
    "https://x.example.net/?user=reader.examples",
    "https://example.org/reader.example/news",
    f"https://x.example.net/?v={CRC:08x}",
    f"https://x.example.net/{CRC:08x}.css",
]


@pytest.mark.parametrize("url", OTHERS)
def test_somebody_else_is_not(url: str) -> None:
    assert IDENTITY.find(url) is None


def test_a_local_part_that_many_people_have_says_nothing_alone() -> None:
    assert Identity(["support@example.org"]).find("https://x.example.net/?user=support") is None
    assert Identity(["ann@example.org"]).find("https://x.example.net/?user=ann") is None
    assert Identity(["ann@example.org"]).find("https://x.example.net/?user=ann&host=example.org") is not None


def test_gmail_delivers_without_dots_and_under_two_domains() -> None:
    identity = Identity(["reader.example@googlemail.com"])
    for address in ("readerexample@gmail.com", "reader.example@gmail.com", "readerexample@googlemail.com"):
        digest = hashlib.sha256(address.encode()).hexdigest()
        assert identity.find(f"https://x.example.net/{digest}") is not None
        assert identity.find(f"https://x.example.net/?e={address}") is not None


@pytest.mark.parametrize("addresses", [[], [""], ["@example.org"], ["reader"], ["reader@"]])
def test_without_an_address_nothing_is_found(addresses: list[str]) -> None:
    identity = Identity(addresses)
    assert not identity
    assert identity.find("https://x.example.net/?e=@example.org&f=reader") is None


# Recall: every chain of one step and of two.


def steps(octets: bytes, *, digest: bytes = b"") -> Iterator[tuple[str, str, bytes]]:
    """(name, text, octets) of what one step makes; of a digest both its text and its octets can be encoded."""
    for name, encode in ENCODINGS.items():
        yield name, encode(octets), b""
        if digest and name not in OF_TEXT:
            yield f"{name} (octets)", encode(digest), b""
    for name, make in HASHES.items():
        yield name, make(octets).hex(), make(octets)


FIRST = list(steps(LOWER.encode()))


def test_there_are_as_many_forms_as_the_literature_names() -> None:
    assert len(HASHES) == 24
    assert len(ENCODINGS) == 12
    assert {"MD2", "MD4", "Whirlpool", "RIPEMD-160", "BLAKE2b", "MurmurHash3-128"} < HASHES.keys()
    assert len(CHECKSUMS) == 3


@pytest.mark.parametrize(("text", "digest"), [row[1:] for row in FIRST], ids=[row[0] for row in FIRST])
def test_every_chain_of_two_steps_is_found(text: str, digest: bytes) -> None:
    chains = {"alone": text} | {name: token for name, token, _ in steps(text.encode(), digest=digest)}
    urls = {name: f"https://x.example.net/?id=1&t={quote(token, safe='')}" for name, token in chains.items()}
    assert [name for name, url in urls.items() if IDENTITY.find(url) is None] == []


@pytest.mark.parametrize("address", [ME, LOWER, "reader.example@example.org", "readerexample@example.org"])
def test_every_spelling_is_followed_for_two_steps(address: str) -> None:
    for encode in (ENCODINGS["base64"], ENCODINGS["hexadecimal"]):
        for make in (HASHES["MD5"], HASHES["SHA-256"], HASHES["Whirlpool"]):
            for token in (make(encode(address.encode()).encode()).hex(), encode(make(address.encode()).hex().encode())):
                assert IDENTITY.find(f"https://x.example.net/?t={quote(token, safe='')}") is not None


@example("zh@o.tw", "base58", "MD5")
@settings(deadline=None)  # each address has its forms computed
@given(st.emails(), st.sampled_from(sorted(ENCODINGS)), st.sampled_from(sorted(HASHES)))
def test_every_form_of_every_address_is_found(address: str, encoding: str, hashed: str) -> None:
    identity = Identity([address])
    digest = HASHES[hashed](address.encode()).hex()
    for token in (ENCODINGS[encoding](address.encode()), digest, ENCODINGS[encoding](digest.encode())):
        assert identity.find(f"https://x.example.net/?id=1&t={quote(token, safe='')}") is not None


# Precision.


def random_tokens(count: int) -> Iterator[str]:
    """Identifiers as senders make them: hexadecimal, decimal, base64, base64url and base32, of 4 to 48 octets."""
    source = random.Random(2025)
    writers: list[Callable[[bytes], str]] = [
        lambda octets: octets.hex(),
        lambda octets: str(int.from_bytes(octets, "big")),
        lambda octets: base64.b64encode(octets).decode(),
        lambda octets: base64.urlsafe_b64encode(octets).decode().rstrip("="),
        lambda octets: base64.b32encode(octets).decode().rstrip("="),
    ]
    for number in range(count):
        yield writers[number % len(writers)](source.randbytes(source.choice((4, 8, 12, 16, 20, 32, 48))))


def test_a_million_random_tokens_are_nobody() -> None:
    names = sorted(search.ABOUT_A_PERSON)
    identity = Identity(["reader@example.org", "second.reader+tag@gmail.com"])
    tokens = random_tokens(1_000_000)
    seen = 0
    while pieces := [f"{name}={token}" for name, token in zip(names, tokens, strict=False)]:
        url = f"https://x.example.net/o?{'&'.join(pieces)}"
        assert len(url) < search.MAX_URL
        assert identity.find(url) is None, url
        seen += len(pieces)
    assert seen > 990_000  # zip drops the token that finds no name


# Own code beside what it imitates.


def test_whirlpool_agrees_with_its_test_vectors() -> None:
    vectors = {b"": "19fa61d75522a4669b44e39c1d2e1726", b"abc": "4e2448a4c6f486bb16b6562c73b4020b"}
    assert {text: whirlpool.digest(text).hex()[:32] for text in vectors} == vectors
    assert whirlpool.digest(b"1234567890" * 8).hex().startswith("466ef18babb0154d25b9d38a6414f5c0")


def test_lz_string_and_base58_agree_with_the_libraries_of_these_names() -> None:
    assert lz_string.compress("reader@example.org") == "E4UwhgJiwAIgHmAtgBwDYgHQHtgHMg"
    assert lz_string.compress("") == "Q"
    assert base58(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert base58(b"\0\0a") == "112g"


# Cost.


def test_two_addresses_are_ready_soon() -> None:
    IDENTITY.find("https://x.example.net/0123456789abcdef")  # imports what hashes
    start = time.process_time()
    Identity(["reader@example.org", "second@example.com"]).find("https://x.example.net/0123456789abcdef")
    assert time.process_time() - start < 0.2  # seconds; about 0.02


HOSTILE = {
    "tokens": "https://x.example.net/?" + "&".join(f"{number:032x}" for number in range(30_000)),
    "escapes": "https://x.example.net/" + "%25" * 300_000,
    "references": "https://x.example.net/" + "&#38;" * 200_000,
    "equal signs": "https://x.example.net/?" + "reader.example=" * 60_000,
    "one token": "https://x.example.net/" + "a" * 1_000_000,
    "at signs": "https://x.example.net/" + "reader.example@" * 60_000,
    "a bomb": "https://x.example.net/" + b64(zlib.compress(bytes(10_000_000), 9)),
}


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_urls_cost_little(url: str) -> None:
    start = time.process_time()
    assert IDENTITY.find(url) is None
    assert time.process_time() - start < 1  # seconds; about 0.01


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    IDENTITY.find(text)
