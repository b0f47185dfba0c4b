"""Everything that can stand in a URL for an address: its spellings, and what one or two steps make of them.

A step is a hash or an encoding. A hash hands on what scripts hand on, its digest in lower-case hexadecimal; what
encodes a digest may also take its octets, as base64 mostly does.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from blockproxy.detect.identity.encodings import ENCODINGS, OF_TEXT, SHUFFLED, shuffled
from blockproxy.detect.identity.hashes import CHECKSUMS, HASHES, SLOW

# Deliver `a.b` and `ab` to the same person, under either domain.
DOTLESS_DOMAINS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}

_OF_OCTETS = [encode for name, encode in ENCODINGS.items() if name not in OF_TEXT]
_HALF = sorted(OF_TEXT - {"LZ-string"})
_AT = r"(?:@|=|_at_|-at-|\(at\))"  # VERP writes `=`: it can't have a second @
MAX_READERS = 64  # of whom the forms are kept, however many judges ask: 0.3 to 1.5 MB and 7 to 30 ms each
MIN_PART = 2  # characters of a local part that is looked for alone


class Spelling(NamedTuple):
    """One way to write the address. `sure` where it can only be the reader, `usual` where senders go on from it."""

    local: str
    domain: str
    sure: bool
    usual: bool

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def spellings(address: str) -> list[Spelling]:
    """The address as senders normalise it before they write, encode or hash it; none where it is no address.

    Without its `+tag`, without dots, in lower case, as written, and in capitals.
    """
    local, _, domain = address.strip().rpartition("@")
    if not local or not domain:
        return []
    found: dict[str, Spelling] = {}
    dotless = domain.lower() in DOTLESS_DOMAINS
    for name in dict.fromkeys((local, local.partition("+")[0] or local)):
        for part, sure in ((name, True), (name.replace(".", "") or name, dotless)):
            for spelling in _cases(part, domain, sure=sure):
                found.setdefault(str(spelling), spelling)
    return list(found.values())


def _cases(local: str, domain: str, *, sure: bool) -> Iterator[Spelling]:
    yield Spelling(local.lower(), domain.lower(), sure, usual=True)
    if sure:
        yield Spelling(local, domain, sure, usual=True)
        yield Spelling(local.upper(), domain.upper(), sure, usual=False)
    other = DOTLESS_DOMAINS.get(domain.lower(), domain.lower())
    if other != domain.lower():
        yield Spelling(local.lower(), other, sure, usual=True)


def forms(spelling: Spelling) -> Iterator[tuple[str, str]]:
    """(text, name) of what one step makes of it, and, where it is usual, two."""
    octets = str(spelling).encode()
    encoded = list(_encoded(octets))
    hashed = [(name, make(octets)) for name, make in HASHES.items()]
    yield from encoded
    for name, digest in hashed:
        yield digest.hex(), f"{name} hash"
        yield from ((encode(digest), f"{name} hash") for encode in _OF_OCTETS)
    if spelling.usual:
        firsts = [*encoded, *((digest.hex(), f"{name} hash") for name, digest in hashed)]
        for first, inner in firsts:
            yield from _second(first.encode(), inner)


def _second(octets: bytes, inner: str) -> Iterator[tuple[str, str]]:
    yield from ((text, f"{encoding} of {inner}") for text, encoding in _encoded(octets) if text.encode() != octets)
    for name, make in HASHES.items():
        if name != SLOW:
            yield make(octets).hex(), f"{name} hash of {inner}"


def slow_forms(spelling: Spelling) -> Iterator[tuple[str, str]]:
    """What the slow hash makes of it as a second step."""
    octets, make = str(spelling).encode(), HASHES[SLOW]
    firsts = [*_encoded(octets), *((hashed(octets).hex(), f"{name} hash") for name, hashed in HASHES.items())]
    for first, inner in firsts if spelling.usual else ():
        yield make(first.encode()).hex(), f"{SLOW} hash of {inner}"


def checksums(spelling: Spelling) -> Iterator[tuple[str, str]]:
    """Hashes of 32 bits, as they are written: in hexadecimal, and as a number."""
    octets = str(spelling).encode()
    for name, make in CHECKSUMS.items():
        digest = make(octets)
        yield digest.hex(), name
        yield str(int.from_bytes(digest, "big")), name


def _encoded(octets: bytes) -> Iterator[tuple[str, str]]:
    for name, encode in ENCODINGS.items():
        yield encode(octets), name


class Written(NamedTuple):
    """What is looked for as text, in lower case. `names` says what a found text is.

    Where no pair of `needles` (a local part, a domain) is in a text, the pattern finds nothing either; texts with a
    sign that URLs seldom have (`@`, `%`, `&#`) may also have one of `rare`.
    """

    pattern: re.Pattern[str]
    names: dict[str, str]
    needles: tuple[tuple[str, str], ...] = ()
    rare: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=MAX_READERS)
def written(addresses: tuple[str, ...]) -> Written:
    """The addresses as such, and what encodings make of them that leave the @ or the dot standing."""
    sure = [spelling for spelling in _spelled(addresses) if spelling.sure]
    plain = {f"{re.escape(one.local.lower())}{_AT}{re.escape(one.domain.lower())}": None for one in sure}
    names = {text.lower(): name for spelling in sure for text, name in _half_encoded(str(spelling))}
    # The neighbours are excluded: `some` + `me@example.org` is another person.
    pattern = "|".join([*plain, *map(re.escape, names)])
    once = {(one.local.partition("+")[0], one.domain) for one in sure}
    rare = {tuple(map(shuffled, pair)) for pair in once}
    rare |= {tuple(map(shuffled, pair)) for pair in rare}
    return Written(re.compile(rf"(?<![\w.+-])(?:{pattern})(?![\w-]|\.\w)"), names, _lower(once), _lower(once | rare))


def _lower(pairs: Iterable[tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(local.lower(), domain.lower()) for local, domain in pairs}))


@lru_cache(maxsize=MAX_READERS)
def named(addresses: tuple[str, ...]) -> Written:
    """Values that mean the reader where their name says so: local parts and checksums."""
    sure = [spelling for spelling in _spelled(addresses) if spelling.sure]
    names = {text: name for spelling in sure for text, name in checksums(spelling)}
    parts = {one.local.lower() for one in sure if len(one.local) >= MIN_PART}
    pattern = "|".join(map(re.escape, sorted(parts | names.keys())))
    return Written(re.compile(rf"=({pattern})(?![^&;#])"), names)


@lru_cache(maxsize=MAX_READERS)
def tokens(addresses: tuple[str, ...]) -> dict[str, str]:
    """Every form that is a token, without padding, and its name.

    In lower case: hexadecimal and base32 are written either way, and of base64 enough is left to be no accident.
    """
    return {text.rstrip("=").lower(): name for spelling in _spelled(addresses) for text, name in forms(spelling)}


@lru_cache(maxsize=MAX_READERS)
def slow_tokens(addresses: tuple[str, ...]) -> dict[str, str]:
    """Those that only the slow hash makes."""
    return {text: name for spelling in _spelled(addresses) for text, name in slow_forms(spelling)}


def _spelled(addresses: Iterable[str]) -> list[Spelling]:
    return [spelling for address in addresses for spelling in spellings(address)]


def _half_encoded(text: str) -> Iterator[tuple[str, str]]:
    """(text, name) of what one step and two make of it that leave what is no letter and no digit standing."""
    for chain in [*product(_HALF), *product(_HALF, repeat=2)]:
        result = text
        for name in chain:
            result = ENCODINGS[name](result.encode())
        yield result, SHUFFLED if SHUFFLED in chain else "plain"
