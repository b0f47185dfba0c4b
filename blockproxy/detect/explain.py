"""Why something was left alone: the questions of `judge`, asked once more about what it did not act upon.

`ExplainingJudge` finds what `Judge` finds and, beside it, tells about every other reference in a finding that only
reports: whoever places and patches findings needs to know nothing of it, and the cleaned octets are the same. `is_left`
tells them apart. None of this runs where mail is on its way: it may take its time.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from blockproxy.detect import links
from blockproxy.detect.appearance import Sight
from blockproxy.detect.individual import identify
from blockproxy.detect.judge import Judge
from blockproxy.detect.rules import RuleSet
from blockproxy.detect.shape import CERTAINTY, LEAST, MAX_SHARED, TECHNIQUES, Leaf, judge_shape
from blockproxy.detect.spared import Reason, Spared
from blockproxy.model import Context, Finding, Policy, Reference, Resource, Technique, Trigger
from blockproxy.url import Url, parse


class Why(NamedTuple):
    """Why a reference was left alone: a word for counting, a sentence for a person."""

    word: str
    reason: str


WHY = {
    "spared": "what is never touched",
    "visible": "a picture that people look at",
    "same-for-all": "nobody sees it, and every reader gets the same",
    "unsure": "what speaks for a tracker is not enough",
    "unknown": "no rule knows it",
    "no-address": "not an address that a browser would fetch",
}


MAX_NAMED = 10_000  # links of a leaf of which it is told what in them says that they are spared; it takes 0.1 ms

LEFT = "left alone: "  # no rule's name has a space


def is_left(finding: Finding) -> bool:
    """Whether it tells about a reference that nothing was found about."""
    return finding.rule.startswith(LEFT)


def why_left(finding: Finding) -> str:
    """One of `WHY`, of a finding that `is_left`; its evidence is the whole reason."""
    return finding.rule.removeprefix(LEFT)


class ExplainingJudge(Judge):
    """A judge that tells about every reference. `views` are the leaves that the references it has seen belong to."""

    def __init__(self, rules: RuleSet, policy: Policy, context: Context) -> None:
        super().__init__(rules, policy, context)
        self.views: dict[int, tuple[Reference, bytes]] = {}  # by the reference's id, which the tuple keeps in use
        self._named = 0

    def judge(self, references: Sequence[Reference], view: bytes) -> list[Finding]:
        """One finding, which may be one that `is_left`, for each of `references`, in their order."""
        self.views.update((id(reference), (reference, view)) for reference in references)
        found = {id(finding.reference): finding for finding in super().judge(references, view)}
        leaf = Leaf(references, view)
        return [found.get(id(reference)) or self._left(reference, leaf) for reference in references]

    def _left(self, reference: Reference, leaf: Leaf) -> Finding:
        why = self._why(reference, leaf)
        rule = LEFT + why.word
        return Finding(Technique.REMOTE_CONTENT, rule, "", 0.0, why.reason, url=reference.url, reference=reference)

    def _why(self, reference: Reference, leaf: Leaf) -> Why:
        url = parse(reference.url)
        if url is None:
            return Why("no-address", WHY["no-address"])
        if reference.place.trigger is Trigger.OPEN or reference.place.resource is Resource.HINT:
            return self._why_fetched(reference, url, leaf)
        return self._why_kept(url)

    def _why_kept(self, url: Url) -> Why:
        """Of what is only fetched by a click."""
        if spared := why_spared(self._rules, url, naming=self._named < MAX_NAMED):
            self._named += 1
            return Why("spared", spared)
        hits = self._rules.parameters(url)
        if hits and not links.optional(hits):
            names = ", ".join(dict.fromkeys(hit.name for hit in hits))
            return Why("unknown", f"known parameters ({names}), and none that says who reads")
        return Why("unknown", "no redirect that a rule knows, and no parameter that one knows")

    def _why_fetched(self, reference: Reference, url: Url, leaf: Leaf) -> Why:
        """Of what opening fetches."""
        front = url._replace(href=f"{url.scheme}://{url.host}/", path="/", query="", fragment="")
        if judge_shape(reference, url, leaf) or self._rules.match(url, Trigger.OPEN, reference.place.resource):
            if spared := why_spared(self._rules, front):
                return Why("spared", spared)
            if match := self._rules.match(url, Trigger.OPEN, reference.place.resource):
                return Why("visible", f"written as {match.vendor.name} writes them, but {_shown(reference, leaf)}")
        return self._why_unfit(reference, url, leaf)

    def _why_unfit(self, reference: Reference, url: Url, leaf: Leaf) -> Why:
        """Of what no rule knows and what has no suspicious shape."""
        if reference.place.resource not in TECHNIQUES or reference.element is None:
            return Why("unknown", "no rule knows it; such a place has no look to judge by")
        seen = leaf.look(reference.element)
        if seen.sight not in CERTAINTY:
            shown = f", {seen.evidence}" if seen.evidence else ""
            return Why("visible", f"no rule knows it, and people can see it{shown}")
        token = identify(url)
        if token is None:
            return Why("same-for-all", f"{seen.evidence}, but its address has no room for an identifier")
        if leaf.counts[reference.url] > MAX_SHARED:
            return Why("same-for-all", f"{seen.evidence}, but {leaf.counts[reference.url]} times in the message")
        return Why("unsure", f"{seen.evidence}, {token.evidence}, but less sure than {LEAST}: a layout may need it")


def _shown(reference: Reference, leaf: Leaf) -> str:
    seen = leaf.look(reference.element) if reference.element is not None else None
    return (
        "people can see it" if seen is None or seen.sight is Sight.VISIBLE else f"{seen.evidence} it may be a picture"
    )


def why_spared(rules: RuleSet, url: Url, *, naming: bool = True) -> str:
    """Why `url` is never touched and, `naming` it, what in it says so; empty where it is not spared."""
    reason = rules.spared(url)
    if reason is None or not naming:
        return f"never touched: {reason}" if reason else ""
    match = rules.match(url, Trigger.CLICK)
    target = rules.target(match, url) if match else None
    inside = parse(target) if target else None
    sign = _sign(rules, reason, url, parameters=match is None)
    sign = sign or (_sign(rules, reason, inside, parameters=True) if inside else "")
    return f"never touched, for {sign}: {reason}" if sign else f"never touched: {reason}"


def _sign(rules: RuleSet, reason: str, url: Url, *, parameters: bool) -> str:
    """What in `url` speaks for `reason`, such as `the word "unsubscribe"`; empty where nothing does."""
    for entry in _entries(rules):
        if entry.reason.reason == reason and entry.whole.find(url, parameters=parameters):
            return next((sign for sign, alone in entry.signs if alone.find(url, parameters=parameters)), "")
    return ""


class _Entry(NamedTuple):
    """One entry of the file, what spares by it alone, and the same for each sign in it."""

    reason: Reason
    whole: Spared
    signs: list[tuple[str, Spared]]


@lru_cache(maxsize=4)
def _entries(rules: RuleSet) -> list[_Entry]:
    return [_Entry(reason, Spared([reason]), list(_alone(reason))) for reason in rules.reasons]


def _alone(entry: Reason) -> Iterator[tuple[str, Spared]]:
    """Every single sign of `entry`, and what spares by it alone."""
    for host in entry.hosts:
        yield f"the host {host}", Spared([Reason(entry.id, entry.reason, hosts=(host,))])
    for parameter in entry.parameters:
        yield f'the parameter "{parameter}"', Spared([Reason(entry.id, entry.reason, parameters=(parameter,))])
    for word in sorted(entry.words, key=len, reverse=True):
        yield f'the word "{word}"', Spared([Reason(entry.id, entry.reason, words=(word,))])


def why_reported(finding: Finding, policy: Policy) -> str:
    """Why `finding` was not acted upon; empty where it was, or where its evidence says so already."""
    return next(_reasons(finding, policy), "") if not finding.blocked else ""


def _reasons(finding: Finding, policy: Policy) -> Iterator[str]:
    if not policy.wants(finding.technique):
        yield f"the settings say: report {finding.technique}"
    if finding.confidence < policy.threshold:
        yield f"less sure ({finding.confidence:.2f}) than the threshold of {policy.threshold:.2f}"
    if finding.technique is Technique.ADDRESS_LEAK and finding.reference is not None:
        opened = finding.reference.place.trigger is Trigger.OPEN
        yield (
            "it may be needed, see what is spared" if opened else "what holds the address may be what the link works by"
        )
