"""Invisible and individual: the heuristic that finds open pixels of senders whom no rule knows.

Both halves are needed. Layouts are full of invisible images that are the same for all readers (spacers, lines,
gradients, the logo for telephones), and newsletters full of visible ones whose URL has a token. Losing a real spacer
costs a gap in the page; so what is doubtful is reported, not removed.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from blockproxy.detect import context
from blockproxy.detect.appearance import Look, Sight, look
from blockproxy.detect.individual import (
    Individual,
    Strength,
    Where,
    identify,
    layout_name,
    readable_name,
    says_open,
)
from blockproxy.model import Action, Element, Finding, Reference, Resource, Technique, Trigger
from blockproxy.url import Url

# How sure it is that something unseen with a long token reports back; from there the doubts are taken off.
CERTAINTY = {
    Sight.UNSEEN: 0.9,
    Sight.HIDDEN: 0.9,
    Sight.SMALL: 0.85,
    Sight.NARROW: 0.8,
    Sight.OUTSIDE: 0.8,
    Sight.THIN: 0.75,
    Sight.LAST: 0.75,
}
NEVER_CONTENT = frozenset({Sight.UNSEEN, Sight.SMALL})  # on any screen
DOUBT = {Strength.LONG_TOKEN: 0.0, Strength.TOKEN: 0.05, Strength.SOME: 0.15}
DOUBT_TWICE = 0.05  # some messages have their pixel at the top and at the end
DOUBT_LAYOUT_NAME = 0.25  # `spacer.gif` in a folder with a token: is that the sender's account, or the reader?
LEAST = 0.65  # a shape that is less sure is not worth a line in the log
MAX_SHARED = 2  # an invisible image that stands in a message more often holds its layout

SURE_CONDITION = 0.85  # nobody lays out a page for the moment in which it is forwarded

# What takes room on a page, and what it is called when nobody sees it.
TECHNIQUES = {
    Resource.IMAGE: Technique.OPEN_PIXEL,
    Resource.MEDIA: Technique.OPEN_PIXEL,
    Resource.STYLE: Technique.OPEN_PIXEL,
    Resource.DOCUMENT: Technique.REMOTE_STYLE,
}
NOT_SHOWN = frozenset({"link", "meta", "base"})  # elements without a place on the page, invisible by nature


class Leaf:
    """One leaf with its references: how often each URL stands in it, and, asked late, what hides what."""

    def __init__(self, references: Sequence[Reference], view: bytes) -> None:
        self.view = view
        self._references = references

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each URL is fetched. Links do not count: they may be others once the message is cleaned."""
        return Counter(reference.url for reference in self._references if reference.place.trigger is Trigger.OPEN)

    @cached_property
    def hidden(self) -> frozenset[int]:
        """Where the elements begin that have no size of their own and stand inside a hidden one."""
        elements = (reference.element for reference in self._references if reference.place.resource in TECHNIQUES)
        unsized = {element.span: element for element in elements if element and look(element).sight is Sight.UNKNOWN}
        return context.hidden(self.view, unsized.values())

    @cached_property
    def end(self) -> int:
        """Where the document ends by its own account: what follows is added by somebody else."""
        written = max(self.view.rfind(b"</html>"), self.view.rfind(b"</HTML>"))
        return written if written >= 0 else len(self.view)

    @cached_property
    def revealed(self) -> frozenset[str]:
        """Classes and ids that the style sheet shows on some screens."""
        return context.revealed(self.view)

    @cached_property
    def reports(self) -> bool:
        """Whether it speaks of printing, quoting or forwarding at all."""
        return context.reports(self.view)

    def look(self, element: Element) -> Look:
        """How `element` is shown where it stands."""
        alone = look(element)
        if alone.sight is not Sight.UNKNOWN:
            return alone
        if element.span.start > self.end:
            return Look(Sight.OUTSIDE, "without a size after the end of the document")
        if element.span.start in self.hidden:
            return Look(Sight.HIDDEN, "inside a hidden element")
        if context.ends_message(self.view, element.span.end):
            return Look(Sight.LAST, "without a size at the end of the message")
        return alone


def judge_shape(reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
    """A finding where nobody sees what is fetched and `url` has room for an identifier."""
    technique = TECHNIQUES.get(reference.place.resource)
    if technique is None or (reference.element is not None and reference.element.name in NOT_SHOWN):
        return None
    if reference.element is None:
        return _conditional(reference, url, leaf)
    if look(reference.element).sight is Sight.VISIBLE:
        return None
    token = identify(url)
    if token is None:
        return None
    seen = leaf.look(reference.element)
    confidence = _confidence(seen, token, url, leaf.counts[reference.url])
    if confidence < LEAST or (seen.sight is Sight.HIDDEN and _shown_to_some(reference.element, leaf)):
        return None
    alone = ", only address of its kind in the message" if leaf.counts[reference.url] == 1 else ""
    evidence = f"{seen.evidence}{alone}, {token.evidence}"
    return Finding(technique, "shape", "", confidence, evidence, Action.REMOVE, url=reference.url, reference=reference)


def _confidence(seen: Look, token: Individual, url: Url, count: int) -> float:
    """How sure it is that this reports back; 0 where something speaks against it."""
    if seen.sight not in CERTAINTY or count > MAX_SHARED:
        return 0.0
    if seen.sight not in NEVER_CONTENT and not says_open(url):
        if seen.sight is Sight.LAST:
            return 0.0  # the sender's logo often comes last, and has no size either
        if token.where is Where.PATH and readable_name(url):
            return 0.0  # `logo_mobile.png`, `box-topleft.gif`: the token is the sender's, or the content network's
    doubt = DOUBT[token.strength] + DOUBT_TWICE * (count - 1)
    if token.where is not Where.QUERY and layout_name(url):
        doubt += DOUBT_LAYOUT_NAME
    return round(CERTAINTY[seen.sight] - doubt, 2)


def _shown_to_some(element: Element, leaf: Leaf) -> bool:
    """Whether it is hidden on one screen only, as the picture that telephones show instead of the wide one."""
    return not leaf.revealed.isdisjoint(context.named(element.get("id"), element.get("class")))


def _conditional(reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
    """In a style sheet: fetched only when the message is printed, quoted or forwarded."""
    token = identify(url) if leaf.reports else None
    if token is None or token.strength < Strength.TOKEN or readable_name(url):
        return None
    when = context.condition(leaf.view, reference.span.start)
    if not when:
        return None
    evidence = f"fetched when the message is {when}, {token.evidence}"
    technique, confidence = Technique.REMOTE_STYLE, SURE_CONDITION
    return Finding(
        technique, "condition", "", confidence, evidence, Action.REMOVE, url=reference.url, reference=reference
    )
