"""The blocking filters of subscribed lists: tens of thousands of patterns, of which a URL meets two or three.

A host alone is a key of a dictionary, one look-up for each label of the URL's host. A pattern on a host is found by
that host, any other by the rarest of its tokens: runs of letters and digits that every URL it matches has. A pattern
is compiled when the first URL comes near it. Upper and lower case do not count, as in ad blockers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from blockproxy.detect.pattern import MAX_COMPARED, glob
from blockproxy.detect.percent import plain
from blockproxy.detect.vendor import Vendor
from blockproxy.model import Resource
from blockproxy.url import Url

MAX_ALIKE = 256  # patterns of a list with one host or token: what a single URL can make us compile; EasyPrivacy has 60
MAX_COMPILED = 4096  # hosts and tokens whose patterns stay compiled; a newsletter has about ten

BITS = {resource: 1 << number for number, resource in enumerate(Resource)}
EVERY_RESOURCE = sum(BITS.values())
_WIDTH = len(BITS)

# Runs of letters and digits, in a pattern and in a URL. What is everywhere would lead nowhere.
_RUN = re.compile("[a-z0-9]+")
_EVERYWHERE = "http https www com net org gif png jpg php html aspx image images img"
COMMON = frozenset(_EVERYWHERE.split())
# In a pattern a run counts if something that is no part of one stands on both sides: `/open.p` fits `/open.png` too.
_WHOLE_RUN = re.compile(r"(?<=[^a-z0-9*])[a-z0-9]{2,}(?=[^a-z0-9*])")


class Entry(NamedTuple):
    """One line of a list: its number, the resources it means (`BITS`, summed up), and its pattern in lower case."""

    line: int
    resources: int
    pattern: str


@dataclass(slots=True)
class Filters:
    """Patterns by what they hang on: a whole host, a host with a path, a token.

    `hosts` and the keys of `of_host` are host names in lower case; the patterns of `of_host` are what follows the name.
    A value of `hosts` is made by `packed`.
    """

    hosts: dict[str, int] = field(default_factory=dict)
    of_host: dict[str, list[Entry]] = field(default_factory=dict)
    of_token: dict[str, list[Entry]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.hosts) + sum(map(len, self.of_host.values())) + sum(map(len, self.of_token.values()))

    def add_host(self, host: str, line: int, resources: int) -> None:
        """Add a whole host; the first line that names it stays its line."""
        known = self.hosts.get(host)
        self.hosts[host] = packed(line, resources) if known is None else known | resources

    def add_free(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Add patterns without a host, each under the rarest of its tokens, or the next one where there are too many.

        Those that have no token or find no room come back.
        """
        candidates = [(entry, tokens(entry.pattern)) for entry in entries]
        frequency = Counter(token for _, each in candidates for token in each)
        for entry, each in candidates:
            for token in sorted(each, key=frequency.__getitem__):
                if len(self.of_token.setdefault(token, [])) < MAX_ALIKE:
                    self.of_token[token].append(entry)
                    break
            else:
                yield entry

    def add_path(self, host: str, entry: Entry) -> bool:
        """Add a pattern on `host`; false where there are too many already."""
        entries = self.of_host.setdefault(host, [])
        if len(entries) < MAX_ALIKE:
            entries.append(entry)
            return True
        return False


def packed(line: int, resources: int) -> int:
    """Both in one number: 60,000 hosts need no object of their own."""
    return line << _WIDTH | resources


class Listed(NamedTuple):
    """A list names a URL, in `line`; `whole` where it names nothing but the host. `name` is what findings say."""

    vendor: Vendor
    line: int
    whole: bool
    visible: bool

    @property
    def name(self) -> str:
        """`list/line-7`."""
        return f"{self.vendor.id}/line-{self.line}"


class _Compiled(NamedTuple):
    """A pattern ready to be asked: a text that must be there, or an expression that matches from the beginning."""

    line: int
    resources: int
    text: str
    expression: re.Pattern[str] | None

    def fits(self, subject: str) -> bool:
        if self.expression is None:
            return self.text in subject
        return self.expression.match(subject, 0, MAX_COMPARED) is not None


class Index:
    """The filters of one list, or its exceptions, ready to be asked."""

    def __init__(self, filters: Filters) -> None:
        self._hosts = filters.hosts
        self._of_host = filters.of_host
        self._of_token = filters.of_token
        self._known: dict[tuple[str, bool], tuple[_Compiled, ...]] = {}

    def of_host(self, url: Url, bit: int) -> tuple[int, bool] | None:
        """The line that names the host of `url`, or a part of it, for the resource `bit`; is it the whole host?"""
        host = url.host
        while host:
            entry = self._hosts.get(host, 0)
            if entry & bit:
                return entry >> _WIDTH, True
            if host in self._of_host and (line := self._ask((host, True), _path(url), bit)):
                return line, False
            host = host.partition(".")[2]
        return None

    def of_runs(self, url: Url, found: Iterable[str], bit: int) -> tuple[int, bool] | None:
        """The same, of patterns without a host; `found` are the `runs` of `url`."""
        for token in found if self._of_token else ():
            if token in self._of_token and (line := self._ask((token, False), address(url), bit)):
                return line, False
        return None

    def _ask(self, key: tuple[str, bool], subject: str, bit: int) -> int:
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_COMPILED:
                self._known.clear()
            name, on_host = key
            source = self._of_host if on_host else self._of_token
            known = self._known[key] = tuple(_compiled(entry, on_host=on_host) for entry in source[name])
        return next((one.line for one in known if one.resources & bit and one.fits(subject)), 0)


def address(url: Url) -> str:
    """The URL as patterns see it: lower case, needless escapes undone, without its fragment."""
    return plain(url.href.partition("#")[0][:MAX_COMPARED]).lower()


def runs(url: Url) -> list[str]:
    """The runs of letters and digits in `url` by which patterns are found."""
    return [run for run in dict.fromkeys(_RUN.findall(address(url))) if run not in COMMON]


def tokens(pattern: str) -> list[str]:
    """The runs of letters and digits by which `pattern` can be found; none: it could be anywhere."""
    # `|` and `^` bound a run as any other character does; the pattern's own ends do not.
    return [run for run in _WHOLE_RUN.findall(pattern) if run not in COMMON]


def _compiled(entry: Entry, *, on_host: bool) -> _Compiled:
    text = entry.pattern
    starts = on_host or text.startswith("|")
    body = text.removeprefix("|") if not on_host else text
    ends = body.endswith("|")
    body = body.removesuffix("|")
    if not starts and not ends and not re.search(r"[*^]", body):
        return _Compiled(entry.line, entry.resources, body, None)
    return _Compiled(entry.line, entry.resources, "", re.compile(glob(body, anywhere=not starts, ends=ends), re.DOTALL))


def _path(url: Url) -> str:
    """What follows the host name."""
    whole = address(url)
    return whole[whole.find("/", len(url.scheme) + len("://")) :]
