"""Lists that the user subscribed to, as the rule set takes them: what they block, what they except, how they cut links.

A list is somebody else's work and was made for browsers. So it speaks last, with less confidence than a rule that was
written for mail, never about the host of a link, and about what people look at only where the settings want that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from blockproxy.detect import filters
from blockproxy.detect.filters import BITS, Filters, Listed
from blockproxy.detect.parameters import Parameter
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.model import Resource
from blockproxy.url import Url

CONFIDENCE = 0.75  # above the standard threshold, below every shipped rule


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One list: `vendor` carries its name, `digest` is that of its text (SHA-256).

    `visible`: it may take away what people look at, too.
    """

    vendor: Vendor
    digest: str = ""
    blocks: Filters = field(default_factory=Filters)
    excepts: Filters = field(default_factory=Filters)
    redirects: tuple[Rule, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    visible: bool = False

    def __len__(self) -> int:
        return len(self.blocks) + len(self.excepts) + len(self.redirects) + len(self.parameters)


class Blocklists:
    """What all lists together block; an exception of one holds for all, as in ad blockers."""

    def __init__(self, lists: Sequence[Subscribed]) -> None:
        self._blocks = [(one.vendor, one.visible, filters.Index(one.blocks)) for one in lists if len(one.blocks)]
        self._excepts = [filters.Index(one.excepts) for one in lists if len(one.excepts)]

    def find(self, url: Url, resource: Resource) -> Listed | None:
        """The line of a list that names `url`, from a list that may take away visible things if there is one."""
        if not self._blocks:
            return None
        bit, runs = BITS[resource], _Runs(url)
        best: Listed | None = None
        for vendor, visible, index in self._blocks:
            if best is None or visible > best.visible:
                found = index.of_host(url, bit) or index.of_runs(url, runs, bit)
                best = Listed(vendor, *found, visible) if found is not None else best
        if best is not None and any(
            index.of_host(url, bit) or index.of_runs(url, runs, bit) for index in self._excepts
        ):
            return None
        return best


class _Runs:
    """The runs of a URL, found when somebody asks: mostly its host has told enough."""

    def __init__(self, url: Url) -> None:
        self._url = url
        self._found: list[str] | None = None

    def __iter__(self) -> Iterator[str]:
        if self._found is None:
            self._found = filters.runs(self._url)
        return iter(self._found)
