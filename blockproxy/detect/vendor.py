"""Who tracks, and how: the values that `rules/vendors/*.yaml` becomes."""

import re
from dataclasses import dataclass, field

from blockproxy.detect.pattern import MAX_COMPARED, Pattern
from blockproxy.detect.target import Pipeline
from blockproxy.model import Kind, Resource, Technique, Trigger

TRIGGERS = {
    Technique.OPEN_PIXEL: Trigger.OPEN,
    Technique.REMOTE_STYLE: Trigger.OPEN,
    Technique.REMOTE_CONTENT: Trigger.OPEN,
    Technique.LINK_REDIRECT: Trigger.CLICK,
}  # the techniques a rule may name; the others are found by looking at the message, not at a host


@dataclass(frozen=True, slots=True)
class Vendor:
    """A company that tracks; `id` is the name of its file."""

    id: str
    name: str
    site: str
    operator: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a vendor tracks.

    `needs_invisible`: it speaks only about images that nobody sees, because its pattern holds on any host.
    `target`: where the true address stands in a redirect; None where only the vendor knows it.
    `kind`: what a redirect is for; which kinds are unwrapped is the policy's business.
    `resources`: what it speaks about, empty for everything that its technique's trigger reaches.
    """

    id: str
    technique: Technique
    patterns: tuple[Pattern, ...]
    confidence: float
    regex: re.Pattern[str] | None = None
    target: Pipeline | None = None
    resources: frozenset[Resource] = field(default_factory=frozenset)
    needs_invisible: bool = False
    kind: Kind = Kind.TRACKING

    @property
    def trigger(self) -> Trigger:
        """When the URLs it knows reach the network."""
        return TRIGGERS[self.technique]

    def found(self, subject: str) -> bool:
        """Whether its `regex` is somewhere in `/path?query`, or it has none."""
        return self.regex is None or self.regex.search(subject, 0, MAX_COMPARED) is not None
