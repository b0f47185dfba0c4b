"""Looks for the reader's address in URLs.

A URL is read as text, unescaped step by step, and cut into tokens, each of which is looked up among the forms of the
address. What is long enough is decoded as well: senders pack the address among other things into one token.
"""

import binascii
import html
import re
import zlib
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from blockproxy.detect.percent import unquote

if TYPE_CHECKING:
    from blockproxy.detect.identity.forms import Written

MAX_URL = 16 * 1024  # characters looked at; the longest tracking URL in 42,000 of real mail has less than 4,000
MAX_UNQUOTING = 3  # times that a value is percent-decoded; a redirect inside a redirect needs two
MAX_INFLATED = 4 * 1024  # octets that a packed token is inflated to; an address stands in front of that
MIN_PACKED = 16  # characters; an address alone is found by its token, whatever its length
MIN_TOKEN = 10  # characters: 64 bits of hash in base58; an address that is shorter has shorter tokens
MIN_NAME = 5  # characters of a local part that says something without its domain

# Parameters whose value is about a person: only there do checksums and the local part alone count.
_ABOUT_A_PERSON = """account addr address contact customer e email email_address email_hash emailaddress emailhash eml
e-mail hash hashed_email he hem lead login m mail mailto member name rcpt receiver recipient rid sub subscriber to u uid
user user_email userid username usr"""
ABOUT_A_PERSON = frozenset(_ABOUT_A_PERSON.split())
_ROLES = """abuse accounts accounting admin administrator billing careers contact contacts customer customers editor
email guest hello helpdesk hostmaster inbox invoice invoices jobs marketing media member members newsletter newsletters
noreply nobody office orders owner postmaster press privacy public reader readers reception sales security service
services sender shared staff student students subscriber support system teacher training users visitor webmaster"""
ROLES = frozenset(_ROLES.split())  # local parts that many people have

PART = "the part before the @"
_DELIMITERS = r"/?&=#,;|:!()<>\"'\s.~*$"
_QUERY_DELIMITERS = "?&=#,;|"
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.IGNORECASE)
_NAME_BEFORE = re.compile("[?&;/#]")
SLOW_LENGTH = 128  # characters of a digest that is computed late
COMPRESSED = b"\x78\x1f"  # first octets of zlib and gzip


class Leak(NamedTuple):
    """The reader's address was found: `form` says how it was written, such as `plain` or `SHA-256 hash`."""

    form: str

    @property
    def evidence(self) -> str:
        """One sentence for a person. It never repeats the address."""
        return "the reader's own address stands in it" + ("" if self.form == "plain" else f", as {self.form}")


class Identity:
    """The reader's addresses, ready to be looked for. False when there are none.

    What is dear is computed when the first URL asks for it.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        self._addresses = tuple(address for address in addresses if all(address.strip().rpartition("@")))
        shortest = min((len(_shortest(address)) for address in self._addresses), default=MIN_TOKEN)
        self._tokens, self._query_tokens = _finders(min(MIN_TOKEN, shortest * 4 // 3))

    def __bool__(self) -> bool:
        return bool(self._addresses)

    def find(self, url: str) -> Leak | None:
        """How the reader's address stands in `url`, or None. `url` may be any text: a query parameter will do."""
        if not self._addresses:
            return None
        text = f"/{url[:MAX_URL]}"  # so that what it begins with is a token too
        for _ in range(1 + MAX_UNQUOTING):
            form = self._in_clear(text.lower()) or self._as_token(text)
            if form:
                return Leak(form)
            if "%" not in text and "&#" not in text:
                return None
            unescaped = unquote(html.unescape(text) if "&#" in text else text)
            if unescaped == text:
                return None
            text = unescaped
        return None

    def _in_clear(self, lower: str) -> str | None:
        """The address as such in a text in lower case, or what stands for it where something else says so."""
        written, named = self._written, self._named
        rare = "@" in lower or "%" in lower or "&#" in lower
        for local, domain in written.rare if rare else written.needles:
            if domain in lower and local in lower and (found := written.pattern.search(lower)):
                return written.names.get(found[0], "plain")
        if not named.pattern.search(lower):
            return None
        for found in named.pattern.finditer(lower):
            name = _NAME_BEFORE.split(lower[: found.start()])[-1]
            form = named.names.get(found[1])
            if name in ABOUT_A_PERSON and (form or (len(found[1]) >= MIN_NAME and found[1] not in ROLES)):
                return form or PART
            if not form and any(domain in lower for _, domain in written.needles):
                return PART
        return None

    def _as_token(self, text: str) -> str | None:
        """The form of a token that is the address, or has it inside."""
        tokens = self._tokens(text)
        query = text.partition("?")[2]
        if "/" in query:
            tokens += self._query_tokens(f"?{query}")
        if not tokens:
            return None
        forms = self._forms
        if not forms.keys().isdisjoint(map(str.lower, tokens)):  # most URLs end here, in one call
            return next(forms[token.lower()] for token in tokens if token.lower() in forms)
        for token in tokens:
            if len(token) >= MIN_PACKED and (form := self._unpacked(token)):
                return form
            if len(token) == SLOW_LENGTH and (form := self._slow_forms.get(token.lower())):
                return form
        return None

    def _unpacked(self, token: str) -> str | None:
        """The encoding of a token that holds the address among other things."""
        for form, decode in _DECODERS.items():
            octets = decode(token)
            if octets and octets[0] in COMPRESSED:
                octets = _inflated(octets) or octets
            if octets and (b"@" in octets or b"%40" in octets):
                text = octets.decode("latin-1").lower()
                search = self._written.pattern.search
                if search(text) or search(unquote(text)):
                    return form
        return None

    # Each is computed when it is needed first, and hashing is imported then.

    @cached_property
    def _written(self) -> "Written":
        from blockproxy.detect.identity import forms

        return forms.written(self._addresses)

    @cached_property
    def _named(self) -> "Written":
        from blockproxy.detect.identity import forms

        return forms.named(self._addresses)

    @cached_property
    def _forms(self) -> dict[str, str]:
        from blockproxy.detect.identity import forms

        return forms.tokens(self._addresses)

    @cached_property
    def _slow_forms(self) -> dict[str, str]:
        from blockproxy.detect.identity import forms

        return forms.slow_tokens(self._addresses)


def _token(characters: str, least: int, delimiters: str) -> re.Pattern[str]:
    """A run of `characters` that fills the room between two of `delimiters`."""
    return re.compile(rf"[{delimiters}]([{characters}]{{{least},}}+)(?![^{delimiters}])")


@lru_cache
def _finders(least: int) -> tuple[Callable[[str], list[str]], Callable[[str], list[str]]]:
    """What finds the tokens of at least `least` characters in a text, and, with `/` in them, in a query."""
    return (
        _token("A-Za-z0-9+_-", least, _DELIMITERS).findall,
        _token("A-Za-z0-9+/_-", least, _QUERY_DELIMITERS).findall,
    )


def _shortest(address: str) -> str:
    """The shortest spelling of an address."""
    local, _, domain = address.strip().rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


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


def _inflated(octets: bytes) -> bytes | None:
    """What zlib or gzip made of something short; the beginning of something long."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(octets, MAX_INFLATED)
    except zlib.error:
        return None


_DECODERS: dict[str, Callable[[str], bytes | None]] = {"hexadecimal": _decode_hex, "base64": _decode_base64}
