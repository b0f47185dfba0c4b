"""URLs that are never touched: unsubscribe, one-time sign-in, signed links, and the rest of rules/spared.yaml.

Words are looked for in the path, in the names of parameters, and in those values that are addresses themselves:
a link to `/login?next=/unsubscribe` is about both.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from blockproxy.url import Url

MAX_SEARCHED = 8 * 1024  # characters; what matters stands at the front, and longer URLs are images' and clicks'


# The names in a query; `&amp;` is what some senders write for `&`.
_NAME = re.compile(r"(?:\A|&)(?:amp;)?([^=&]*)")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


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
        self._find = lru_cache(maxsize=128)(self._look)

    def find(self, url: Url, *, parameters: bool = True) -> str | None:
        """Why `url` is never touched, or None; without `parameters` their whole names count for nothing."""
        return self._find(url, parameters)

    def _look(self, url: Url, parameters: bool) -> str | None:
        host = url.host
        while host:
            if host in self._hosts:
                return self._hosts[host]
            host = host.partition(".")[2]
        return (parameters and self._by_parameter(url.query)) or self._by_word(url)

    def _by_parameter(self, query: str) -> str | None:
        names = _NAME.findall(query.lower(), 0, MAX_SEARCHED)
        if self._parameters.keys().isdisjoint(names):
            return None
        return next(self._parameters[name] for name in names if name in self._parameters)

    def _by_word(self, url: Url) -> str | None:
        found = self._search(_words(url))
        return self._words[re.sub("[-_.+ ]", "", found.group(1))] if found else None


def _words(url: Url) -> str:
    """Path and names of parameters, unescaped, in lower case, with a space before each capital inside a word."""
    path, query = url.path[:MAX_SEARCHED], url.query[:MAX_SEARCHED]
    text = unquote(path) if "%" in path else path
    if "%" in query or "/" in query:
        text += " " + " ".join(map(_of_parameter, query.split("&")))
    elif query:
        text += " " + " ".join(_NAME.findall(query))
    return text if text.islower() else _CAPITAL.sub(" ", text).lower()


def _of_parameter(pair: str) -> str:
    name, _, value = pair.partition("=")
    value = unquote(unquote(value))
    return f"{name} {value}" if "/" in value else name
