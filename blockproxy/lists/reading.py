"""A list as it came, read by its format."""

from collections.abc import Callable
from typing import Literal

from blockproxy.lists import adblock, clearurls, disconnect, hosts
from blockproxy.lists.draft import Draft, ListError, Reading

Format = Literal["adblock", "hosts", "clearurls", "disconnect"]

_READERS: dict[str, Callable[[Draft, str], None]] = {
    "adblock": adblock.read,
    "hosts": hosts.read,
    "clearurls": clearurls.read,
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
    if format == "disconnect":
        disconnect.read(draft, text, categories)
    else:
        _READERS[format](draft, text)
    return draft.finish(f"{format} {categories}\n{text}", visible=visible)
