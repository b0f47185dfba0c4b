"""The reader's own address inside a URL: plain, encoded, or hashed.

The forms are those that were seen in mail: "I never signed up for this!" (PETS 2018, sections 4 and 5) and "Leaky
Forms" (USENIX Security 2022, section 4); the spellings without `+tag` and without dots are what advertising systems
normalise to before they hash. All forms are computed once; afterwards a URL is cut into tokens and each token is
looked up. No chains of hashes: a row more in `HASHES` or `ENCODINGS` is all that a new form needs.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from blockproxy.detect.percent import unquote

HASHES: dict[str, Callable[[bytes], bytes]] = {
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False).digest(),
    "SHA-1": lambda text: hashlib.sha1(text, usedforsecurity=False).digest(),
    "SHA-256": lambda text: hashlib.sha256(text).digest(),
    "SHA-512": lambda text: hashlib.sha512(text).digest(),
}

# How octets become a token. Base64 loses its padding: `=` is a delimiter of URLs.
ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "hexadecimal": lambda octets: octets.hex(),
    "base64url": lambda octets: base64.urlsafe_b64encode(octets).decode("ascii").rstrip("="),
    "base64": lambda octets: base64.b64encode(octets).decode("ascii").rstrip("="),
    "base32": lambda octets: base64.b32encode(octets).decode("ascii").rstrip("="),
}

DOTLESS_DOMAINS = frozenset({"gmail.com", "googlemail.com"})  # deliver `a.b` and `ab` to the same person

MAX_URL = 16 * 1024  # characters looked at; the longest tracking URL in 42,000 of real mail has less than 4,000
MAX_UNQUOTING = 3  # times that a value is percent-decoded; a redirect inside a redirect needs two
MIN_PACKED = 16  # characters; an address alone is found by its token, whatever its length

_DELIMITERS = r"/?&=#,;|:!()<>\"'\s.~*$"
_QUERY_DELIMITERS = "?&=#,;|"
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.IGNORECASE)


class Leak(NamedTuple):
    """The reader's address was found: `form` says how it was written, such as `plain` or `SHA-256`."""

    form: str

    @property
    def evidence(self) -> str:
        """One sentence for a person. It never repeats the address."""
        return "the reader's own address stands in it" + ("" if self.form == "plain" else f", as {self.form}")


class Identity:
    """The reader's addresses, ready to be looked for. False when there are none."""

    def __init__(self, addresses: Iterable[str]) -> None:
        spellings = sorted({spelling for address in addresses for spelling in _spellings(address)})
        self._forms = {token: form for spelling in spellings for token, form in _forms(spelling)}
        plain = "|".join(re.escape(spelling) for spelling in sorted({text.lower() for text in spellings}))
        # The neighbours are excluded: `some` + `me@example.org` is another person.
        self._plain = re.compile(rf"(?<![\w.+-])(?:{plain})(?![\w-]|\.\w)") if plain else None
        # Most URLs have no token that is long enough, and one search says so.
        least = min([MIN_PACKED, *map(len, self._forms)])
        self._tokens = _token("A-Za-z0-9+_-", least, _DELIMITERS).findall
        # Again with `/` inside, which the base64 of a hash may hold.
        self._query_tokens = _token("A-Za-z0-9+/_-", least, _QUERY_DELIMITERS).findall

    def __bool__(self) -> bool:
        return self._plain is not None

    def find(self, url: str) -> Leak | None:
        """How the reader's address stands in `url`, or None. `url` may be any text: a query parameter will do."""
        if self._plain is None:
            return None
        text = f"/{url[:MAX_URL]}"  # so that what it begins with is a token too
        for _ in range(1 + MAX_UNQUOTING):
            if "@" in text and self._plain.search(text.lower()):
                return Leak("plain")
            tokens = self._tokens(text)
            query = text.partition("?")[2]
            if "/" in query:
                tokens += self._query_tokens(f"?{query}")
            if tokens and (form := self._known(tokens) or self._packed(tokens)):
                return Leak(form)
            if "%" not in text or (unquoted := unquote(text)) == text:
                return None
            text = unquoted
        return None

    def _known(self, tokens: list[str]) -> str | None:
        """The form of the first token that is the address, encoded or hashed."""
        for token in tokens:
            form = self._forms.get(token) or self._forms.get(token.lower())
            if form:
                return form
        return None

    def _packed(self, tokens: list[str]) -> str | None:
        """The encoding of the first token that holds the address among other things."""
        return next((form for token in tokens if len(token) >= MIN_PACKED and (form := self._unpacked(token))), None)

    def _unpacked(self, token: str) -> str | None:
        for form, decode in _DECODERS.items():
            octets = decode(token)
            if octets and (b"@" in octets or b"%40" in octets):
                text = octets.decode("latin-1").lower()
                if self._plain and (self._plain.search(text) or self._plain.search(unquote(text))):
                    return form
        return None


def _spellings(address: str) -> Iterator[str]:
    """The address as senders normalise it before they write, encode or hash it."""
    local, at, domain = address.strip().rpartition("@")
    if not (at and local and domain):
        return
    locals_ = {local, local.partition("+")[0] or local}
    if domain.lower() in DOTLESS_DOMAINS:
        locals_ |= {name.replace(".", "") or name for name in locals_}
    for name in locals_:
        spelling = f"{name}@{domain}"
        yield from (spelling, spelling.lower(), spelling.upper())


def _forms(spelling: str) -> Iterator[tuple[str, str]]:
    octets = spelling.encode()
    for encoding, encode in ENCODINGS.items():
        yield encode(octets), encoding
    for name, digest in HASHES.items():
        yield from ((encode(digest(octets)), f"{name} hash") for encode in ENCODINGS.values())


def _token(characters: str, least: int, delimiters: str) -> re.Pattern[str]:
    """A run of `characters` that fills the room between two of `delimiters`."""
    return re.compile(rf"[{delimiters}]([{characters}]{{{least},}}+)(?![^{delimiters}])")


def _decode_base64(token: str) -> bytes | None:
    """Either alphabet, with or without padding: real links mix them."""
    text = token.replace("-", "+").replace("_", "/")
    if len(text) % 4 == 1:
        text = text[:-1]
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _decode_hex(token: str) -> bytes | None:
    return bytes.fromhex(token) if _HEX.fullmatch(token) else None


_DECODERS: dict[str, Callable[[str], bytes | None]] = {"hexadecimal": _decode_hex, "base64": _decode_base64}
