"""Query parameters that identify a reader, a click or a campaign, and that a link works without."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from blockproxy.url import Url

MAX_NAMES = 4096  # names whose meaning is remembered; a newsletter has about twenty


class Meaning(StrEnum):
    """Whom or what the value of a parameter names."""

    RECIPIENT = "recipient"
    CLICK = "click"
    CAMPAIGN = "campaign"
    AFFILIATE = "affiliate"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name, or with `*` at its end the beginning of names; `only` and `never` are hosts."""

    name: str
    meaning: Meaning
    family: str
    vendor: str
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def holds_on(self, host: str) -> bool:
        """Whether the parameter means this on `host`."""
        if self.only and not any(_below(domain, host) for domain in self.only):
            return False
        return not (self.never and any(_below(domain, host) for domain in self.never))


class ParameterHit(NamedTuple):
    """A known parameter in a URL: `raw` is `name=value` as it stands in the query, `start` its offset there."""

    name: str
    raw: str
    start: int
    meaning: Meaning
    family: str
    vendor: str


class Parameters:
    """Every known parameter."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        everything = tuple(parameters)
        self._names = {known.name: known for known in everything if not known.name.endswith("*")}
        self._families = {known.name[:-1]: known for known in everything if known.name.endswith("*")}
        self._prefixes = tuple(self._families)
        self._kinds: dict[str, Parameter | None] = {}

    def find(self, url: Url) -> tuple[ParameterHit, ...]:
        """The known parameters of `url`, in its order."""
        if not url.query:
            return ()
        hits, start = [], 0
        for raw in url.query.split("&"):
            name = raw.partition("=")[0].removeprefix("amp;")
            known = self._kinds[name] if name in self._kinds else self._look_up(name)
            if known is not None and known.holds_on(url.host):
                hits.append(ParameterHit(name, raw, start, known.meaning, known.family, known.vendor))
            start += len(raw) + 1
        return tuple(hits)

    def _look_up(self, name: str) -> Parameter | None:
        if len(self._kinds) >= MAX_NAMES:
            self._kinds.clear()
        known = self._kinds[name] = self._names.get(name) or self._by_prefix(name)
        return known

    def _by_prefix(self, name: str) -> Parameter | None:
        if not name.startswith(self._prefixes):
            return None
        longest = max((prefix for prefix in self._prefixes if name.startswith(prefix)), key=len)
        return self._families[longest]


def _below(domain: str, host: str) -> bool:
    return host == domain or host.endswith("." + domain)
