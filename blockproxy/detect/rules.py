"""The rule set: everything that `rules/` and the user's own folders say, ready to be asked about URLs.

    rules = built_in()
    match = rules.match(url, Trigger.CLICK)

Answers depend on the files and the URL only. A rule set never changes and can be sent to another process.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from blockproxy.detect.filters import Listed
from blockproxy.detect.index import Index, Match
from blockproxy.detect.loading import Loaded, load_folders
from blockproxy.detect.parameters import Parameter, ParameterHit, Parameters
from blockproxy.detect.spared import Reason, Spared
from blockproxy.detect.subscribed import Blocklists, Subscribed
from blockproxy.detect.target import Obstacle
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.errors import RuleError
from blockproxy.model import Kind, Resource, Trigger
from blockproxy.url import Url, parse

__all__ = ["Match", "ParameterHit", "RuleSet", "built_in", "load"]

MAX_NESTING = 5  # redirects in one another that are unwrapped at once; three have been seen

EVERY_KIND = frozenset(Kind)


class Hop(NamedTuple):
    """One redirect on the way: of which `kind` it is, and to which `address` it leads."""

    kind: Kind
    address: str


class RuleSet:
    """Vendors' rules, parameters, what is spared, subscribed lists. `digest` names what it was made from (SHA-256)."""

    def __init__(
        self,
        vendors: Mapping[Vendor, Sequence[Rule]],
        parameters: Iterable[Parameter] = (),
        spared: Iterable[Reason] = (),
        digest: str = "",
        lists: Sequence[Subscribed] = (),
    ) -> None:
        self.vendors = {vendor: tuple(rules) for vendor, rules in vendors.items()}
        self.digest = digest
        self.lists = tuple(lists)
        self._source = (self.vendors, tuple(parameters), tuple(spared), digest, self.lists)
        everything = [Match(vendor, rule) for vendor, rules in self.vendors.items() for rule in rules]
        self._indexes = {
            trigger: Index(match for match in everything if match.rule.trigger is trigger) for trigger in Trigger
        }
        self._parameters = Parameters([*self._source[1], *(each for one in self.lists for each in one.parameters)])
        self._listed_redirects = Index(Match(one.vendor, rule) for one in self.lists for rule in one.redirects)
        self._blocklists = Blocklists(self.lists)
        self._spared = Spared(self._source[2])
        # A link is asked about several times in a row: as what it is, as what is spared, and for where it leads.
        self._hops = lru_cache(maxsize=128)(self._find_hops)
        self._reason = lru_cache(maxsize=128)(self._spared.find)
        self._redirect = lru_cache(maxsize=128)(self._find_redirect)

    @property
    def known_parameters(self) -> tuple[Parameter, ...]:
        """Every parameter of every family."""
        return self._source[1]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason not to touch a URL."""
        return self._source[2]

    def __reduce__(self) -> tuple[Any, ...]:
        return RuleSet, self._source

    def subscribing(self, lists: Sequence[Subscribed]) -> "RuleSet":
        """The same rules, and `lists` in place of its own."""
        vendors, parameters, spared, digest, _ = self._source
        named = "".join(f"\n{one.vendor.id} {one.digest} {one.visible}" for one in lists)
        digest = hashlib.sha256(f"{digest}{named}".encode()).hexdigest() if lists else digest
        return RuleSet(vendors, parameters, spared, digest, lists)

    def match(self, url: Url, trigger: Trigger, resource: Resource | None = None) -> Match | None:
        """The most special rule that knows `url`; with `resource`, only rules that speak about such a one.

        A rule with `needs_invisible` has seen a path on a host that it does not know: the caller has to make sure
        that the image is invisible before believing it.
        """
        if trigger is not Trigger.CLICK:
            return self._indexes[trigger].first(url, resource)
        found = self._redirect(url)
        if found is None or resource is None or (resource is Resource.LINK and not found.rule.resources):
            return found
        return self._indexes[trigger].first(url, resource)

    def listed(self, url: Url, resource: Resource) -> Listed | None:
        """The line of a subscribed list that would block `url`."""
        return self._blocklists.find(url, resource)

    def matches(self, url: Url, trigger: Trigger, resource: Resource | None = None) -> list[Match]:
        """Every rule that knows `url`, the most special one first."""
        return self._indexes[trigger].all(url, resource)

    def target(self, match: Match, url: Url, kinds: Collection[Kind] = EVERY_KIND) -> str | None:
        """Where the redirect `url` leads, as far as it says so itself, through `MAX_NESTING` redirects of `kinds`.

        None where the address is the vendor's secret or would be longer than `url`.
        """
        found: str | None = None
        for hop in self._hops(match, url):
            if hop.kind not in kinds:
                break
            found = hop.address
        return found if found is None or len(found) <= len(url.href) else None

    def obstacle(self, match: Match, url: Url) -> Obstacle:
        """Why `target` is None."""
        found = match.rule.target.read(url) if match.rule.target else Obstacle.UNTOLD
        return found if isinstance(found, Obstacle) else Obstacle.LONGER

    def _find_redirect(self, url: Url) -> Match | None:
        found = self._indexes[Trigger.CLICK].first(url)
        if found is None and self.lists:
            found = self._listed_redirects.first_of_host(url)
            # Beside redirects such a pattern meets ordinary pages of the same site.
            if found is not None and found.rule.target is not None and found.rule.target(url) is None:
                return None
        return found

    def _find_hops(self, match: Match, url: Url) -> tuple[Hop, ...]:
        hops = []
        inner: Url | None = url
        for _ in range(MAX_NESTING):
            next_one = match.rule.target(inner) if match.rule.target and inner else None
            if next_one is None or inner is None:
                break
            # A browser that is redirected takes the fragment along.
            found = f"{next_one}#{inner.fragment}" if inner.fragment and "#" not in next_one else next_one
            hops.append(Hop(match.rule.kind, found))
            inner = parse(found)
            following = self._redirect(inner) if inner and not self._reason(inner) else None
            if following is None:
                break
            match = following
        return tuple(hops)

    def parameters(self, url: Url) -> tuple[ParameterHit, ...]:
        """The query parameters of `url` that identify somebody or something, in its order."""
        return self._parameters.find(url)

    def parameters_named(self, name: str) -> tuple[Parameter, ...]:
        """Every parameter that `name` may be, on whatever host."""
        return self._parameters.named(name)

    def spared(self, url: Url) -> str | None:
        """Why `url` is never touched, or None.

        A redirect is spared for the sake of the address inside, unless its entry `unwraps`: what works once need not
        pass by a tracker. Its own signature counts for nothing: a link that has been unwrapped does not carry it, and
        one that has not is left as it is.
        """
        match = self._redirect(url)
        if match is None:
            return self._reason(url)
        target = self.target(match, url)
        address = parse(target) if target else None
        own, inside = self._spared.find(url, parameters=False), address and self._reason(address)
        # What is read in the redirect may be read in the address inside it.
        return None if inside in self._spared.unwrapping and own in {None, inside} else own or inside


def load(folders: Sequence[Path] = ()) -> RuleSet:
    """The shipped rules, then those of `folders`; a later file wins over one of the same id.

    Raises RuleError with every problem of every file.
    """
    loaded = load_folders([built_in_folder(), *folders])
    if loaded.problems:
        raise RuleError([str(problem) for problem in sorted(loaded.problems)])
    return rule_set(loaded)


@lru_cache(maxsize=1)
def built_in() -> RuleSet:
    """The shipped rules."""
    return load()


def built_in_folder() -> Path:
    """`rules/`: inside the wheel, or at the top of the checkout."""
    package = Path(str(resources.files("blockproxy")))
    shipped = package / "_rules"
    return shipped if shipped.is_dir() else package.parent / "rules"


def rule_set(loaded: Loaded) -> RuleSet:
    """What was read, as a rule set."""
    digest = hashlib.sha256()
    for file in loaded.files:
        name = Path(file.name).name.encode()  # without the folder: the same files are the same rules everywhere
        digest.update(b"%s\0%d\0%s" % (name, len(file.content), file.content))
    return RuleSet(
        dict(loaded.vendors.values()),
        [parameter for family in loaded.parameters.values() for parameter in family],
        loaded.spared.values(),
        digest.hexdigest(),
    )
