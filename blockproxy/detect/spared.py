"""URLs that are never touched: unsubscribe, one-time sign-in, signed links, and the rest of rules/spared.yaml.

Words are looked for in the path, in the names of parameters, and in those values that are addresses themselves:
a link to `/login?next=/unsubscribe` is about both.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blockproxy.detect.percent import unquote
from blockproxy.url import Url

MAX_SEARCHED = 8 * 1024  # characters; what matters stands at the front, and longer URLs are images' and clicks'

# The names in a query; `&amp;` is what some senders write for `&`.
_NAME = re.compile(r"(?:\A|&)(?:amp;)?([^=&]*)")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTERS = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the file."""

    id: str
    reason: str
    words: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Spared:
    """Every reason to leave a URL alone."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        everything = tuple(reasons)
        self._words = {word.replace(" ", ""): entry.reason for entry in everything for word in entry.words}
        self._parameters = {name: entry.reason for entry in everything for name in entry.parameters}
        self._hosts = {host: entry.reason for entry in everything for host in entry.hosts}
        # Longer ones first, or `login` would hide `login link`.
        spellings = sorted({word for entry in everything for word in entry.words}, key=len, reverse=True)
        alternatives = "|".join(word.replace(" ", "[-_.+ ]?") for word in spellings) or r"(?!)"
        # `resetPassword` begins a word with its capital, `unsubscribeLink` ends one before it.
        self._search = re.compile(rf"(?<![a-z])({alternatives})(?![a-z])").search
        # Most URLs have no word that could end one of these, and a set says so.
        self._endings = frozenset(ending for word in spellings for ending in _endings(word))
        self._digits = any(word.replace(" ", "").isdigit() for word in spellings)

    def find(self, url: Url, *, parameters: bool = True) -> str | None:
        """Why `url` is never touched, or None; without `parameters` their whole names count for nothing."""
        host = url.host
        while host:
            if host in self._hosts:
                return self._hosts[host]
            host = host.partition(".")[2]
        names = _NAME.findall(url.query, 0, MAX_SEARCHED) if url.query else []
        return (parameters and names and self._by_parameter(names)) or self._by_word(_words(url, names))

    def _by_parameter(self, names: list[str]) -> str | None:
        lower = [name.lower() for name in names]
        if self._parameters.keys().isdisjoint(lower):
            return None
        return next(self._parameters[name] for name in lower if name in self._parameters)

    def _by_word(self, text: str) -> str | None:
        if self._endings.isdisjoint(_LETTERS.findall(text)) and not self._digits:
            return None
        found = self._search(text)
        return self._words[re.sub("[-_.+ ]", "", found.group(1))] if found else None


def _endings(word: str) -> Iterator[str]:
    """What the last run of letters can be where `word` is written: `opt in` ends in `in`, or as one word in `optin`."""
    pieces = word.split(" ")
    for count in range(len(pieces)):
        yield from _LETTERS.findall("".join(pieces[count:]))[-1:]


def _words(url: Url, names: list[str]) -> str:
    """Path and names of parameters, unescaped, in lower case, with a space before each capital inside a word."""
    path, query = url.path[:MAX_SEARCHED], url.query[:MAX_SEARCHED]
    text = unquote(path)
    if "%" in query or "/" in query:
        text += " " + " ".join(map(_of_parameter, query.split("&")))
    elif query:
        text += " " + " ".join(names)
    return text if text.islower() else _CAPITAL.sub(" ", text).lower()


def _of_parameter(pair: str) -> str:
    name, _, value = pair.partition("=")
    if "%" in value:
        value = unquote(unquote(value))
    return f"{name} {value}" if "/" in value else name
