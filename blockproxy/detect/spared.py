"""URLs that are never touched: unsubscribe, one-time sign-in, signed links, and the rest of rules/spared.yaml.

Words are looked for in the path, in the names of parameters, and in those values that are addresses themselves:
a link to `/login?next=/unsubscribe` is about both.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blockproxy.detect.percent import unquote
from blockproxy.remember import remember
from blockproxy.url import Url

MAX_SEARCHED = 8 * 1024  # characters; what matters stands at the front, and longer URLs are images' and clicks'

# The names in a query; `&amp;` is what some senders write for `&`.
_NAME = re.compile(r"(?:\A|&)(?:amp;)?([^=&]*)")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTERS = re.compile("[a-z]+")
_ESCAPE = re.compile("%..")
_HIDDEN = re.compile(r"%(?!2[0-46-9A-Fa-f]|3[0-9A-Fa-f])")  # escapes that may stand for letters, or for escapes


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the file; `unwraps`: a redirect to such an address is taken off it, octet for octet."""

    id: str
    reason: str
    words: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    unwraps: bool = False


class Spared:
    """Every reason to leave a URL alone."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        everything = tuple(reasons)
        self.unwrapping = frozenset(entry.reason for entry in everything if entry.unwraps)
        self._words = {word.replace(" ", ""): entry.reason for entry in everything for word in entry.words}
        self._parameters = {name: entry.reason for entry in everything for name in entry.parameters}
        self._hosts = {host: entry.reason for entry in everything for host in entry.hosts}
        self._by_host = remember(4096, 255)(self._of_host)  # a newsletter has about ten
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
        if reason := self._by_host(url.host):
            return reason
        plain = "%" not in url.query and "/" not in url.query
        names = _NAME.findall(url.query, 0, MAX_SEARCHED) if url.query and (plain or parameters) else []
        return (parameters and self._by_parameter(names)) or self._by_word(url, names if plain else None)

    def _of_host(self, host: str) -> str | None:
        while host and host not in self._hosts:
            host = host.partition(".")[2]
        return self._hosts.get(host)

    def _by_parameter(self, names: list[str]) -> str | None:
        lower = [name.lower() for name in names]
        if self._parameters.keys().isdisjoint(lower):
            return None
        return next(self._parameters[name] for name in lower if name in self._parameters)

    def _by_word(self, url: Url, names: list[str] | None) -> str | None:
        """`names` are all that counts of the query, or None where its values may be addresses."""
        path, query = url.path[:MAX_SEARCHED], url.query[:MAX_SEARCHED]
        if names is not None:
            text = _spread(f"{unquote(path)} {' '.join(names)}")
        elif _HIDDEN.search(path) or _HIDDEN.search(query) or self._may_hold(_without_escapes(path, query)):
            text = _spread(f"{unquote(path)} {' '.join(map(_of_parameter, query.split('&')))}")
        else:
            return None
        found = self._search(text) if self._may_hold(text) else None
        return self._words[re.sub("[-_.+ ]", "", found.group(1))] if found else None

    def _may_hold(self, text: str) -> bool:
        return self._digits or not self._endings.isdisjoint(_LETTERS.findall(text))


def _endings(word: str) -> Iterator[str]:
    """What the last run of letters can be where `word` is written: `opt in` ends in `in`, or as one word in `optin`."""
    pieces = word.split(" ")
    for count in range(len(pieces)):
        yield from _LETTERS.findall("".join(pieces[count:]))[-1:]


def _without_escapes(path: str, query: str) -> str:
    """All letters there are, where no escape stands for one."""
    return _spread(_ESCAPE.sub(" ", f"{path}?{query}"))


def _spread(text: str) -> str:
    """`text` in lower case, with a space before each capital inside a word."""
    return text if text.islower() else _CAPITAL.sub(" ", text).lower()


def _of_parameter(pair: str) -> str:
    name, _, value = pair.partition("=")
    if "%" in value:
        value = unquote(unquote(value))
    return f"{name} {value}" if "/" in value else name
