"""Query parameters that identify a reader, a click or a campaign, and that a link works without."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from blockproxy.detect.hosts import below
from blockproxy.detect.percent import plain
from blockproxy.model import Word
from blockproxy.url import Url

MAX_NAME = 128  # characters; the longest known name has 30
MAX_NAMES = 4096  # names whose meaning is remembered; a newsletter has about twenty


class Meaning(Word):
    """Whom or what the value of a parameter names."""

    RECIPIENT = "recipient"
    CLICK = "click"
    CAMPAIGN = "campaign"
    AFFILIATE = "affiliate"
    LISTED = "listed"  # a subscribed list takes it off and does not say why


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name, or with `*` at its end the beginning of names; `only` and `never` are hosts, `caution` what may break."""

    name: str
    meaning: Meaning
    family: str
    vendor: str
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    caution: str = ""

    def holds_on(self, host: str) -> bool:
        """Whether the parameter means this on `host`."""
        return not self.only or any(below(domain, host) for domain in self.only)

    def needed_on(self, host: str) -> bool:
        """Whether pages on `host` need it."""
        return any(below(domain, host) for domain in self.never)


class ParameterHit(NamedTuple):
    """A known parameter in a URL: `raw` is `name=value` as it stands in the query, `start` its offset there."""

    name: str
    raw: str
    start: int
    meaning: Meaning
    family: str
    vendor: str


# `ParameterHit(*six)` without a step through Python.
_hit_of: Callable[[tuple[str, str, int, Meaning, str, str]], ParameterHit] = partial(tuple.__new__, ParameterHit)


class Parameters:
    """Every known parameter."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        groups: defaultdict[str, list[Parameter]] = defaultdict(list)
        for known in sorted(parameters, key=lambda known: (_is_listed(known), not known.only, known.family)):
            groups[known.name].append(known)
        self._names = {name: tuple(group) for name, group in groups.items() if not name.endswith("*")}
        self._families = {name[:-1]: tuple(group) for name, group in groups.items() if name.endswith("*")}
        self._prefixes = tuple(self._families)
        self._kinds: dict[str, tuple[Parameter, ...]] = {}
        self._meant: dict[tuple[str, str], Parameter | None] = {}

    def find(self, url: Url) -> tuple[ParameterHit, ...]:
        """The known parameters of `url`, in its order."""
        if not url.query:
            return ()
        hits, start = [], 0
        for raw in url.query.split("&"):
            name = raw.partition("=")[0].removeprefix("amp;")
            candidates = self._kinds[name] if name in self._kinds else self.named(name)
            known = self._on(url.host, name, candidates) if candidates else None
            if known is not None:
                hits.append(_hit_of((name, raw, start, known.meaning, known.family, known.vendor)))
            start += len(raw) + 1
        return tuple(hits)

    def named(self, name: str) -> tuple[Parameter, ...]:
        """Every parameter that `name` may be, the most special one first: hosts before none, whole names before `*`."""
        if len(name) > MAX_NAME:
            return ()
        if len(self._kinds) >= MAX_NAMES:
            self._kinds.clear()
        read = plain(name)
        everything = (*self._names.get(read, ()), *self._by_prefix(read))
        known = self._kinds[name] = tuple(sorted(everything, key=_is_listed))
        return known

    def _on(self, host: str, name: str, candidates: Sequence[Parameter]) -> Parameter | None:
        if (host, name) in self._meant:
            return self._meant[host, name]
        if len(self._meant) >= MAX_NAMES:
            self._meant.clear()
        known = self._meant[host, name] = _on(host, candidates)
        return known

    def _by_prefix(self, name: str) -> Iterator[Parameter]:
        if name.startswith(self._prefixes):
            fitting = [prefix for prefix in self._prefixes if name.startswith(prefix)]
            for prefix in sorted(fitting, key=len, reverse=True):
                yield from self._families[prefix]


def _is_listed(parameter: Parameter) -> bool:
    """A list speaks after all rules: it does not know who is paid by a parameter."""
    return parameter.meaning is Meaning.LISTED


def _on(host: str, candidates: Sequence[Parameter]) -> Parameter | None:
    """The first of them that means something on `host`, unless pages there need what is so called."""
    found = None
    for known in candidates:
        if known.never and known.needed_on(host):
            return None
        if found is None and known.holds_on(host):
            found = known
    return found
