"""A list as it came, read by its format."""

import re
from collections.abc import Callable
from typing import Literal

from blockproxy.lists import adblock, clearurls, disconnect, hosts
from blockproxy.lists.draft import Draft, ListError, Reading, Reason

Format = Literal["adblock", "hosts", "clearurls", "disconnect"]

_READERS: dict[str, Callable[[Draft, str], None]] = {
    "adblock": adblock.read,
    "hosts": hosts.read,
    "clearurls": clearurls.read,
}
_STRANGE = {Reason.NO_ENTRY, Reason.HOST}  # what nearly every line is when it is read in a format that it has not
LOOKED_AT = 64 * 1024  # characters from which a format is guessed
_SIGNS: dict[Format, re.Pattern[str]] = {
    "clearurls": re.compile(r'\s*\{\s*"providers"'),
    "disconnect": re.compile(r'\s*\{(?s:.)*"categories"'),
    "adblock": re.compile(r"^(?:@@)?\|\||^\[Adblock", re.MULTILINE),
    "hosts": re.compile(r"^[ \t]*(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+\S", re.MULTILINE),
}
_PAGE = ("<!doctype", "<html", "<head", "<?xml", "<body")


def decoded(octets: bytes) -> str:
    """The text of a list, which is UTF-8. Raises ListError."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListError(f"it is not UTF-8 (octet {error.start})") from None
    if "\0" in text:
        raise ListError("it is no text: it has octets that are zero")
    if not text.strip():
        raise ListError("it is empty")
    return text


def read(
    text: str,
    format: Format,  # noqa: A002 - the word of the settings
    name: str,
    *,
    site: str = "",
    categories: tuple[str, ...] = disconnect.CATEGORIES,
    visible: bool = False,
) -> Reading:
    """Read `text`; findings will call the list `name`. Raises ListError, with the reason as a sentence."""
    if text.lstrip()[:9].lower().startswith(_PAGE):
        raise ListError("it is a web page and no list")
    draft = Draft(name, site)
    try:
        if format == "disconnect":
            disconnect.read(draft, text, categories)
        else:
            _READERS[format](draft, text)
        reading = draft.finish(f"{format} {categories}\n{text}", visible=visible)
        _mostly_read(reading, format)
    except ListError as error:
        other = _looks_like(text[:LOOKED_AT])
        raise ListError(f"{error}; it looks like `format: {other}`" if other not in {None, format} else error) from None
    return reading


def _mostly_read(reading: Reading, format: Format) -> None:  # noqa: A002
    strange = sum(refusal.count for refusal in reading.refused if refusal.reason in _STRANGE)
    if strange > reading.usable:
        raise ListError(f"most of its lines are no entries of the format {format}")


def _looks_like(text: str) -> Format | None:
    return next((format for format, sign in _SIGNS.items() if sign.search(text)), None)  # noqa: A001
