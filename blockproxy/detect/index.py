"""Which rule speaks about a URL: a dictionary of hosts first, then a dictionary of path segments.

Most URLs in mail have a host that no rule knows and no path segment that one names: two look-ups, about a
microsecond. A rule with a host goes before one without, a longer pattern before a shorter one, then by name.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from blockproxy.detect.pattern import Pattern
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.model import Resource
from blockproxy.url import Url

MAX_HOSTS = 4096  # hosts, or sets of path segments, whose candidates are remembered; a newsletter has about ten


@dataclass(frozen=True, slots=True)
class Match:
    """A rule spoke about a URL, and this is whose it is."""

    vendor: Vendor
    rule: Rule

    @property
    def name(self) -> str:
        """`vendor/rule`, as findings name it."""
        return f"{self.vendor.id}/{self.rule.id}"


@dataclass(frozen=True, slots=True)
class _Entry:
    pattern: Pattern
    match: Match

    def fits(self, subject: str, resource: Resource | None) -> bool:
        rule = self.match.rule
        if resource is not None and rule.resources and resource not in rule.resources:
            return False
        return self.pattern.fits(subject) and (rule.regex is None or rule.found(subject))


class Index:
    """The rules of one trigger."""

    def __init__(self, matches: Iterable[Match]) -> None:
        entries = [_Entry(pattern, match) for match in matches for pattern in match.rule.patterns]
        entries.sort(key=_most_special_first)
        self._hosts = _group((entry.pattern.host, entry) for entry in entries if entry.pattern.wild_host is None)
        self._segments = _group((entry.pattern.segment, entry) for entry in self._hosts.pop("", ()))
        self._wild = tuple(entry for entry in entries if entry.pattern.wild_host is not None)
        self._names = frozenset(self._segments)
        self._known: dict[str, tuple[_Entry, ...]] = {}
        self._known_paths: dict[frozenset[str], tuple[_Entry, ...]] = {}

    def first(self, url: Url, resource: Resource | None = None) -> Match | None:
        """The most special rule that matches `url`."""
        candidates = self._of_host(url.host) or self._of_path(url.path)
        if not candidates:
            return None
        subject = _subject(url)
        found = next((entry for entry in candidates if entry.fits(subject, resource)), None)
        if found is None and self._of_host(url.host):
            found = next((entry for entry in self._of_path(url.path) if entry.fits(subject, resource)), None)
        return found.match if found else None

    def all(self, url: Url, resource: Resource | None = None) -> list[Match]:
        """Every rule that matches, rules with a host before those without; for checks, not for speed."""
        found = [*self._matches(url, resource, hosts=True), *self._matches(url, resource, hosts=False)]
        return list(dict.fromkeys(found))

    def _matches(self, url: Url, resource: Resource | None, *, hosts: bool) -> Iterator[Match]:
        candidates = self._of_host(url.host) if hosts else self._of_path(url.path)
        if candidates:
            subject = _subject(url)
            for entry in candidates:
                if entry.fits(subject, resource):
                    yield entry.match

    def _of_host(self, host: str) -> tuple[_Entry, ...]:
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= MAX_HOSTS:
                self._known.clear()
            known = self._known[host] = tuple(sorted(self._look_up(host), key=_most_special_first))
        return known

    def _look_up(self, host: str) -> Iterator[_Entry]:
        yield from (entry for entry in self._wild if entry.pattern.on_host(host))
        while host:
            yield from self._hosts.get(host, ())
            host = host.partition(".")[2]

    def _of_path(self, path: str) -> Sequence[_Entry]:
        segments = path.split("/")
        if self._names.isdisjoint(segments):
            return ()
        names = self._names.intersection(segments)
        if len(names) == 1:
            return self._segments[next(iter(names))]  # in order already
        known = self._known_paths.get(names)
        if known is None:
            if len(self._known_paths) >= MAX_HOSTS:
                self._known_paths.clear()
            together = (entry for name in names for entry in self._segments[name])
            known = self._known_paths[names] = tuple(sorted(together, key=_most_special_first))
        return known


def _subject(url: Url) -> str:
    return f"{url.path}?{url.query}" if url.query else url.path


def _most_special_first(entry: _Entry) -> tuple[int, int, str]:
    tier, length = entry.pattern.specificity
    return -tier, -length, entry.match.name


def _group(pairs: Iterable[tuple[str, _Entry]]) -> dict[str, tuple[_Entry, ...]]:
    groups: defaultdict[str, list[_Entry]] = defaultdict(list)
    for key, entry in pairs:
        groups[key].append(entry)
    return {key: tuple(group) for key, group in groups.items()}
