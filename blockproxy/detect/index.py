"""Which rule speaks about a URL: a dictionary of hosts first, then a dictionary of path segments.

Most URLs in mail have a host that no rule knows and no path segment that one names: two look-ups, about a
microsecond. A rule with a host goes before one without, a longer pattern before a shorter one, then by name.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from blockproxy.detect.hosts import LONGEST_HOST
from blockproxy.detect.pattern import FRONT_PAGE, Pattern
from blockproxy.detect.percent import plain
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.model import Resource
from blockproxy.url import Url

MAX_HOSTS = 4096  # hosts, or sets of path segments, whose candidates are remembered; a newsletter has about ten


@dataclass(frozen=True, slots=True)
class Match:
    """A rule spoke about a URL, and this is whose it is; `name` is `vendor/rule`, as findings name it."""

    vendor: Vendor
    rule: Rule
    name: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.vendor.id}/{self.rule.id}")

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class _Entry:
    pattern: Pattern
    match: Match

    def fits(self, subject: str, resource: Resource | None) -> bool:
        rule = self.match.rule
        if resource is not None and rule.resources and resource not in rule.resources:
            return False
        return self.pattern.fits(subject) and (rule.regex is None or rule.found(subject))


class _Candidates(NamedTuple):
    """Entries in order, with what their patterns begin with or hold: one look at those rules most of them out."""

    entries: tuple[_Entry, ...] = ()
    prefixes: tuple[str, ...] = ()
    needles: tuple[str, ...] = ()

    def first(self, url: Url, resource: Resource | None) -> _Entry | None:
        subject = _subject(url)
        if not subject.startswith(self.prefixes) and not any(map(subject.__contains__, self.needles)):
            return None
        for entry in self.entries:
            if entry.fits(subject, resource):
                return entry
        return None


_NONE = _Candidates()


class Index:
    """The rules of one trigger."""

    def __init__(self, matches: Iterable[Match]) -> None:
        entries = [_Entry(pattern, match) for match in matches for pattern in match.rule.patterns]
        entries.sort(key=_most_special_first)
        self._hosts = _group((entry.pattern.host, entry) for entry in entries if not entry.pattern.wild)
        self._segments = _group((entry.pattern.segment, entry) for entry in self._hosts.pop("", ()))
        self._wild = tuple(entry for entry in entries if entry.pattern.wild)
        # Nearly every host has none of what all hosts have that these patterns match.
        signs = {re.escape(max(entry.pattern.host.split("*"), key=len)) for entry in self._wild}
        self._may_be_wild = re.compile("|".join(sorted(signs)) or r"(?!)").search
        self._names = frozenset(self._segments)
        self._known: dict[str, _Candidates] = {}
        self._known_paths: dict[frozenset[str], _Candidates] = {}

    def first(self, url: Url, resource: Resource | None = None) -> Match | None:
        """The most special rule that matches `url`."""
        candidates = self._known.get(url.host) or self._of_host(url.host)
        found = candidates.first(url, resource) if candidates.entries else None
        if found is None:
            candidates = self._of_path(url.path)
            found = candidates.first(url, resource) if candidates.entries else None
        return found.match if found else None

    def first_of_host(self, url: Url) -> Match | None:
        """The same, of patterns with a host only."""
        found = self._of_host(url.host).first(url, None)
        return found.match if found else None

    def all(self, url: Url, resource: Resource | None = None) -> list[Match]:
        """Every rule that matches, rules with a host before those without; for checks, not for speed."""
        found = [*self._matches(url, resource, hosts=True), *self._matches(url, resource, hosts=False)]
        return list(dict.fromkeys(found))

    def _matches(self, url: Url, resource: Resource | None, *, hosts: bool) -> Iterator[Match]:
        candidates = self._of_host(url.host) if hosts else self._of_path(url.path)
        subject = _subject(url)
        for entry in candidates.entries:
            if entry.fits(subject, resource):
                yield entry.match

    def _of_host(self, host: str) -> _Candidates:
        known = self._known.get(host)
        if known is None:
            known = _candidates(self._look_up(host))
            if len(self._known) >= MAX_HOSTS:
                self._known.clear()
            if len(host) <= LONGEST_HOST:
                self._known[host] = known
        return known

    def _look_up(self, host: str) -> Iterator[_Entry]:
        if self._may_be_wild(host):
            yield from (entry for entry in self._wild if entry.pattern.on_host(host))
        while host:
            yield from self._hosts.get(host, ())
            host = host.partition(".")[2]

    def _of_path(self, path: str) -> _Candidates:
        segments = plain(path).split("/") if path != "/" else (FRONT_PAGE,)
        if self._names.isdisjoint(segments):
            return _NONE
        names = self._names.intersection(segments)
        known = self._known_paths.get(names)
        if known is None:
            if len(self._known_paths) >= MAX_HOSTS:
                self._known_paths.clear()
            known = self._known_paths[names] = _candidates(entry for name in names for entry in self._segments[name])
        return known


def _candidates(entries: Iterable[_Entry]) -> _Candidates:
    ordered = tuple(sorted(entries, key=_most_special_first))
    if not ordered:
        return _NONE
    needles = {entry.pattern.needle for entry in ordered} - {""}
    prefixes = {entry.pattern.prefix for entry in ordered if not entry.pattern.needle}
    return _Candidates(ordered, tuple(prefixes), tuple(needles))


def _subject(url: Url) -> str:
    """Path and query as a server reads them: an escape that nobody needs hides nothing."""
    return plain(f"{url.path}?{url.query}" if url.query else url.path)


def _most_special_first(entry: _Entry) -> tuple[int, int, str]:
    tier, length = entry.pattern.specificity
    return -tier, -length, entry.match.name


def _group(pairs: Iterable[tuple[str, _Entry]]) -> dict[str, tuple[_Entry, ...]]:
    groups: defaultdict[str, list[_Entry]] = defaultdict(list)
    for key, entry in pairs:
        groups[key].append(entry)
    return {key: tuple(group) for key, group in groups.items()}
