"""Everything that detect/ knows about one leaf of a message: references in, findings out.

A reference is asked the same questions in the same order, and the first answer counts:

    on opening   a vendor's rule? the reader's address in it? invisible and individual? anything remote at all?
    on a click   a redirect? the reader's address in it? parameters that identify?

and what `rules/spared.yaml` names is left alone. Invisible resources are judged boldly, links and visible pictures
carefully. Nothing is fetched, no name is resolved: the answer depends on the leaf, the rules, the policy and the
reader's addresses.
"""

from collections.abc import Sequence

from blockproxy.detect import links
from blockproxy.detect.appearance import Sight
from blockproxy.detect.identity import Identity, Leak
from blockproxy.detect.individual import reports_open
from blockproxy.detect.listed import judge_listed
from blockproxy.detect.parameters import Meaning
from blockproxy.detect.rules import Match, ParameterHit, RuleSet
from blockproxy.detect.shape import CERTAINTY, Leaf, judge_shape
from blockproxy.detect.subscribed import CONFIDENCE
from blockproxy.model import Action, Context, Finding, Policy, Reference, Resource, Technique, Trigger
from blockproxy.url import Url, parse

SURE = 0.95  # confidence in the reader's own address, and in parameters that are known by name

# A pixel works as well as a background, a poster, a sound or a frame: rules about images hold for these too.
AS_IMAGES = frozenset({Resource.STYLE, Resource.MEDIA, Resource.DOCUMENT})


class Judge:
    """Judges the references of leaves by `rules`, by `policy` and by the reader's addresses in `context`."""

    def __init__(self, rules: RuleSet, policy: Policy, context: Context) -> None:
        self._rules = rules
        self._policy = policy
        self._identity = Identity(context.addresses)
        self._stripping = policy.wants(Technique.LINK_DECORATION)
        self._listing = policy.threshold <= CONFIDENCE  # else one such parameter would keep the others in place

    def judge(self, references: Sequence[Reference], view: bytes) -> list[Finding]:
        """At most one finding for each of `references`, in their order; `view` is the leaf that their spans mean."""
        leaf = Leaf(references, view)
        findings = []
        for reference in references:
            url = parse(reference.url)
            if url is None:
                continue
            # `ping` and its kin report a click; nobody follows them.
            if reference.place.trigger is Trigger.OPEN or reference.place.resource is Resource.HINT:
                finding = self._opened(reference, url, leaf)
            else:
                finding = self._clicked(reference, url)
            if finding is not None:
                findings.append(finding)
        return findings

    def _opened(self, reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
        finding = (
            self._known(reference, url, leaf)
            or self._exposing(reference, url, leaf)
            or judge_shape(reference, url, leaf)
        )
        if finding is None or finding.confidence < self._policy.threshold:
            finding = self._listed(reference, url, leaf) or finding
        # Of a resource only the host is spared: what must not be changed in a link (its signature, the token with which
        # one unsubscribes) does no harm in a picture that is gone, and would be a way to smuggle one in.
        if finding is not None:
            finding = None if self._rules.spared(_host(url)) else self._as_wanted(finding)
        if self._policy.remote == "block" and (finding is None or not finding.blocked):
            return _finding(
                reference, Technique.REMOTE_CONTENT, "remote", 1.0, "remote content is blocked", Action.REMOVE
            )
        return finding

    def _known(self, reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
        """A vendor's rule knows what would be fetched."""
        resource = reference.place.resource
        match = self._rules.match(url, Trigger.OPEN, resource)
        if resource in AS_IMAGES and (match is None or match.rule.needs_invisible):
            match = self._rules.match(url, Trigger.OPEN, Resource.IMAGE) or match
        if match is None and resource is Resource.HINT:
            match = self._rules.match(url, Trigger.CLICK)
        if match is None:
            return None
        evidence = f"an address of {match.vendor.name}"
        if match.rule.needs_invisible:
            seen = leaf.look(reference.element) if reference.element is not None else None
            if seen is None or not (seen.sight in CERTAINTY or (seen.sight is Sight.UNKNOWN and reports_open(url))):
                return None
            evidence = f"an address as {match.vendor.name} writes it, {seen.evidence}"
        technique = match.rule.technique if resource is Resource.IMAGE else Technique.REMOTE_STYLE
        return _of_vendor(reference, match, technique, evidence, Action.REMOVE)

    def _exposing(self, reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
        """The reader's address is in the URL of a resource, which may be one that is needed: a ticket, a signature."""
        leak = self._leak(url.href)
        if leak is None:
            return None
        spared = self._rules.spared(url)
        kept = _finding(reference, Technique.ADDRESS_LEAK, "address", SURE, leak.evidence, Action.REPORT)
        # What nobody sees is needed by nobody.
        return judge_shape(reference, url, leaf) or kept if spared else kept._replace(action=Action.REMOVE)

    def _listed(self, reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
        """A subscribed list names what would be fetched."""
        listed = self._rules.listed(url, reference.place.resource)
        return judge_listed(reference, url, leaf, listed) if listed else None

    def _leak(self, text: str) -> Leak | None:
        return self._identity.find(text) if self._identity else None

    def _clicked(self, reference: Reference, url: Url) -> Finding | None:
        match = self._rules.match(url, Trigger.CLICK, reference.place.resource)
        hits = self._rules.parameters(url) if url.query and match is None else ()
        leak = self._leak(url.href)
        if (match is None and leak is None and not hits) or self._rules.spared(url):
            return None
        finding = self._unwrapped(reference, url, match) if match else self._stripped(reference, hits, url, leak)
        kept = match is not None and match.rule.kind not in self._policy.unwrapped
        if finding is None and leak is not None and not kept:
            return _finding(reference, Technique.ADDRESS_LEAK, "address", SURE, leak.evidence, Action.REPORT)
        if finding is None and match is not None:
            why_not = links.why_not(self._rules, match, url, self._policy.unwrapped)
            evidence = f"a redirect of {match.vendor.name}, {why_not}"
            return _of_vendor(reference, match, Technique.LINK_REDIRECT, evidence, Action.REPORT)
        return finding and self._as_wanted(finding)

    def _unwrapped(self, reference: Reference, url: Url, match: Match) -> Finding | None:
        """A redirect that says itself where it leads."""
        found = links.unwrap(
            self._rules, match, url, stripping=self._stripping, kinds=self._policy.unwrapped, listed=self._listing
        )
        if found is None or len(found.url) > len(reference.url) or reference.place.resource is not Resource.LINK:
            return None
        less = f", less {links.told(found.parameters)}" if found.parameters else ""
        evidence = f"a redirect of {match.vendor.name} that says itself where it leads{less}"
        return _of_vendor(reference, match, Technique.LINK_REDIRECT, evidence, Action.UNWRAP, found.url)

    def _stripped(
        self, reference: Reference, hits: Sequence[ParameterHit], url: Url, leak: Leak | None
    ) -> Finding | None:
        """A link that works without some of its parameters."""
        optional = links.optional(hits, listed=self._listing) if reference.place.resource is Resource.LINK else ()
        leaking = [hit for hit in optional if self._leak(hit.raw)] if leak else []
        taken = optional if self._stripping or not leaking else leaking
        replacement = links.strip(reference.url, url, taken)
        if replacement == reference.url:
            return None
        if leak is not None and self._leak(replacement) is None:
            rule, vendor, technique, evidence = "address", "", Technique.ADDRESS_LEAK, leak.evidence
        else:
            rule, vendor, evidence = links.name(taken), taken[0].vendor, links.told(taken)
            technique = Technique.LINK_DECORATION
        confidence = CONFIDENCE if taken[0].meaning is Meaning.LISTED else SURE
        return Finding(
            technique, rule, vendor, confidence, evidence, Action.STRIP, reference.url, replacement, reference
        )

    def _as_wanted(self, finding: Finding) -> Finding:
        """The finding, only reported where the policy wants that or the confidence asks for it."""
        if self._policy.wants(finding.technique) and finding.confidence >= self._policy.threshold:
            return finding
        return finding._replace(action=Action.REPORT, replacement="")


def _finding(
    reference: Reference, technique: Technique, rule: str, confidence: float, evidence: str, action: Action
) -> Finding:
    return Finding(technique, rule, "", confidence, evidence, action, url=reference.url, reference=reference)


def _of_vendor(
    reference: Reference, match: Match, technique: Technique, evidence: str, action: Action, replacement: str = ""
) -> Finding:
    name, confidence = match.vendor.name, match.rule.confidence
    return Finding(technique, match.name, name, confidence, evidence, action, reference.url, replacement, reference)


def _host(url: Url) -> Url:
    """The front page of its host."""
    return url._replace(href=f"{url.scheme}://{url.host}/", path="/", query="", fragment="")
