"""What the rules say about one URL, each for itself, for a person who asks why.

Asks every rule, every parameter and every entry of what is spared, where the judge asks only until one has answered.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from blockproxy.detect.index import Match
from blockproxy.detect.parameters import Meaning, Parameter
from blockproxy.detect.rules import RuleSet
from blockproxy.detect.spared import Spared
from blockproxy.model import Kind, Resource, Trigger
from blockproxy.url import Url, parse

MAX_NEAR = 5  # rules that know the host and not the path; more tell nothing


@dataclass(frozen=True, slots=True)
class RuleSays:
    """One vendor's rule: `on` is what it speaks about, `speaks` whether it is the one that counts."""

    rule: str
    vendor: str
    on: str
    technique: str
    kind: str
    match: str
    speaks: bool
    leads_to: str | None
    says: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParameterSays:
    """One parameter of the URL; `applies` is false where its family does not mean this host."""

    name: str
    meaning: str
    family: str
    vendor: str
    applies: bool
    says: str


@dataclass(frozen=True, slots=True)
class SparedSays:
    """One entry of rules/spared.yaml that speaks about the URL, or about the `address` inside."""

    id: str
    reason: str
    address: str


@dataclass(frozen=True, slots=True)
class ListSays:
    """The line of a subscribed list that would block the URL."""

    list: str
    line: int
    says: str


def lists_about(rules: RuleSet, url: Url) -> list[ListSays]:
    """What a subscribed list has to say about `url` where it is a picture."""
    found = rules.listed(url, Resource.IMAGE)
    if found is None:
        return []
    names = "names the whole host" if found.whole else "has a pattern for it"
    reach = "everything of it goes" if found.visible else "what somebody may be looking at stays, and so do links"
    return [ListSays(found.vendor.id, found.line, f"{names}; {reach}")]


def rules_about(rules: RuleSet, url: Url) -> list[RuleSays]:
    """Every rule that knows `url`; where none does, some that know its host."""
    said = [
        _rule(rules, url, match, trigger, first=position == 0)
        for trigger in Trigger
        for position, match in enumerate(rules.matches(url, trigger))
    ]
    return said or list(_near(rules, url))[:MAX_NEAR]


def _rule(rules: RuleSet, url: Url, match: Match, trigger: Trigger, *, first: bool) -> RuleSays:
    rule = match.rule
    leads_to = rules.target(match, url) if trigger is Trigger.CLICK else None
    says = [] if first else ["gives way to a more special rule"]
    if rule.kind is not Kind.TRACKING:
        says.append(f"of the kind {rule.kind}")
    if trigger is Trigger.CLICK:
        says.append(f"leads to {leads_to}" if leads_to else rules.obstacle(match, url).value)
    if rule.needs_invisible:
        says.append("speaks only about an image that nobody sees")
    if rule.resources:
        says.append(f"speaks only about {', '.join(sorted(rule.resources))}")
    pattern = next((known.text for known in rule.patterns if known.on_host(url.host)), "")
    return _says(match, pattern, leads_to, "; ".join(says) or "knows it", speaks=first)


def _near(rules: RuleSet, url: Url) -> Iterator[RuleSays]:
    for vendor, known in rules.vendors.items():
        for rule in known:
            for pattern in rule.patterns:
                if pattern.host and pattern.on_host(url.host):
                    yield _says(Match(vendor, rule), pattern.text, None, "knows the host, not the path", speaks=False)


def _says(match: Match, pattern: str, leads_to: str | None, says: str, *, speaks: bool) -> RuleSays:
    vendor, rule = match.vendor, match.rule
    on = "click" if rule.trigger is Trigger.CLICK else "open"
    kind = str(rule.kind) if rule.trigger is Trigger.CLICK else ""
    return RuleSays(
        match.name, vendor.name, on, str(rule.technique), kind, pattern, speaks, leads_to, says, vendor.evidence
    )


def parameters_about(rules: RuleSet, url: Url) -> list[ParameterSays]:
    """Every family that knows a parameter of `url`."""
    hits = {(hit.name, hit.family) for hit in rules.parameters(url)}
    names = dict.fromkeys(pair.partition("=")[0].removeprefix("amp;") for pair in url.query.split("&"))
    return [
        _parameter(name, known, url.host, applies=(name, known.family) in hits)
        for name in names
        for known in rules.parameters_named(name)
    ]


def _parameter(name: str, known: Parameter, host: str, *, applies: bool) -> ParameterSays:
    says = [] if known.name == name else [f"as {known.name}"]
    if not known.holds_on(host):
        says.append(f"only on {', '.join(known.only)}")
    elif known.needed_on(host):
        says.append("pages on this host need it")
    elif not applies:
        says.append("another family counts here")
    elif known.meaning is Meaning.AFFILIATE:
        says.append("says who is paid: never taken off")
    says += [known.caution] if known.caution else []
    return ParameterSays(name, known.meaning.value, known.family, known.vendor, applies, "; ".join(says))


def spared_about(rules: RuleSet, url: Url) -> list[SparedSays]:
    """Every entry that keeps `url` from being touched, as it is or for the sake of the address inside."""
    match = rules.match(url, Trigger.CLICK)
    target = rules.target(match, url) if match else None
    inside = parse(target) if target else None
    found = []
    for reason in rules.reasons:
        entry = Spared([reason])
        if inside is not None and entry.find(inside):
            unwraps = "; the redirect around it is taken off" if reason.unwraps else ""
            found.append(SparedSays(reason.id, reason.reason + unwraps, inside.href))
        elif entry.find(url, parameters=match is None):
            found.append(SparedSays(reason.id, reason.reason, url.href))
    return found
