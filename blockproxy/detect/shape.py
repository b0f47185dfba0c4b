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
    is_picture,
    layout_name,
    readable_name,
    reports_open,
    says_open,
    stored,
)
from blockproxy.detect.stylesheet import Sheet
from blockproxy.detect.tree import Tree
from blockproxy.model import Action, Element, Finding, Reference, Resource, Technique, Trigger
from blockproxy.url import Url

# How sure it is that something unseen with a long token reports back; from there the doubts are taken off.
CERTAINTY = {
    Sight.UNSEEN: 0.9,
    Sight.HIDDEN: 0.9,
    Sight.INSIDE: 0.9,
    Sight.SMALL: 0.85,
    Sight.NARROW: 0.8,
    Sight.OUTSIDE: 0.8,
    Sight.THIN: 0.75,
    Sight.LAST: 0.75,
    Sight.NAMED: 0.75,
}
NEVER_CONTENT = frozenset({Sight.UNSEEN, Sight.SMALL})  # on any screen
DOUBT = {Strength.LONG_TOKEN: 0.0, Strength.TOKEN: 0.05, Strength.SOME: 0.15}
DOUBT_TWICE = 0.05  # some messages have their pixel at the top and at the end
DOUBT_CONTENT = (
    0.25  # `/TOKEN/spacer.gif`, `/images/TOKEN.png`: is the token the sender's account, the file, or the reader?
)
LEAST = 0.65  # a shape that is less sure is not worth a line in the log
MAX_AROUND = 512 * 1024  # octets of a leaf in which surroundings are looked at; Gmail cuts messages at 102 KiB
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
    def lower(self) -> bytes:
        """The view in lower case, for plain searches."""
        return self.view.lower()

    @cached_property
    def sheet(self) -> Sheet:
        """The message's own style sheet."""
        return Sheet(self.view, self.lower)

    @cached_property
    def stretches(self) -> context.Stretches:
        """Where something may be inside a hidden element."""
        return context.Stretches(self.lower, self.sheet.conceals)

    @cached_property
    def usual_stretches(self) -> context.Stretches:
        """The same for pictures that have a size: there are many of them, and pixels seldom pretend to be one."""
        return context.Stretches(self.lower, self.sheet.conceals, usual=True)

    @cached_property
    def tree(self) -> Tree:
        """What stands around the elements with a place on the page."""
        elements = (reference.element for reference in self._references if reference.place.resource in TECHNIQUES)
        return Tree(self.view, {element.span: element for element in elements if element}.values(), self.sheet)

    @cached_property
    def end(self) -> int:
        """Where the document ends by its own account: what follows is added by somebody else."""
        written = self.lower.rfind(b"</html>")
        return written if written >= 0 else len(self.view)

    @cached_property
    def reports(self) -> bool:
        """Whether it speaks of printing, quoting or forwarding at all."""
        return context.reports(self.lower)

    def may_be_hidden(self, element: Element, sight: Sight) -> bool:
        """Whether anything but `element` itself could make it invisible. Cheap; no is certain."""
        stretches = self.usual_stretches if sight is Sight.VISIBLE else self.stretches
        return element.span.start in stretches or self.sheet.may_conceal(element.name, element.get)

    def shows(self, element: Element) -> bool:
        """Whether `look` would find `element` visible. Cheaper than that, and than a close look at its URL."""
        return look(element).sight is Sight.VISIBLE and not self.may_be_hidden(element, Sight.VISIBLE)

    def look(self, element: Element) -> Look:
        """How `element` is shown where it stands."""
        alone = look(element)
        if alone.sight not in {Sight.UNKNOWN, Sight.VISIBLE}:
            return alone
        around = self._look_around(element, alone) if self.may_be_hidden(element, alone.sight) else alone
        if around.sight is not Sight.UNKNOWN:
            return around
        if element.span.start > self.end:
            return Look(Sight.OUTSIDE, "without a size after the end of the document")
        if context.ends_message(self.view, element.span.end):
            return Look(Sight.LAST, "without a size at the end of the message")
        return alone

    def _look_around(self, element: Element, alone: Look) -> Look:
        """How it is shown by the style sheet and by what it stands in."""
        if element.span.start > MAX_AROUND:
            return alone
        if self.sheet.may_conceal(element.name, element.get):
            declared = self.sheet.declared(element.name, element.get, lambda: self.tree.around(element))
            alone = look(element, declared)
        if alone.sight in {Sight.UNKNOWN, Sight.VISIBLE}:
            inside = Sight.INSIDE if alone.sight is Sight.VISIBLE else Sight.HIDDEN
            return Look(inside, "inside a hidden element") if self.tree.hides(element) else alone
        return alone


def judge_shape(reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
    """A finding where nobody sees what is fetched and `url` has room for an identifier."""
    technique = TECHNIQUES.get(reference.place.resource)
    if technique is None or (reference.element is not None and reference.element.name in NOT_SHOWN):
        return None
    if reference.element is None:
        return _conditional(reference, url, leaf)
    if leaf.shows(reference.element):
        return None
    token = identify(url)
    seen = leaf.look(reference.element) if token is not None else None
    if token is None or seen is None or seen.sight is Sight.VISIBLE:
        return None
    confidence = _confidence(seen, token, url, leaf.counts[reference.url], reference.element)
    if confidence < LEAST or (_shown_to_some(reference.element, leaf) and not says_open(url)):
        return None
    alone = ", only address of its kind in the message" if leaf.counts[reference.url] == 1 else ""
    evidence = f"{seen.evidence}{alone}, {token.evidence}"
    return Finding(technique, "shape", "", confidence, evidence, Action.REMOVE, url=reference.url, reference=reference)


def _confidence(seen: Look, token: Individual, url: Url, count: int, element: Element) -> float:
    """How sure it is that this reports back; 0 where something speaks against it."""
    if seen.sight is Sight.UNKNOWN and reports_open(url) and not readable_name(url) and not element.get("alt"):
        seen = Look(Sight.NAMED, seen.evidence)
    if seen.sight not in CERTAINTY or (count > MAX_SHARED and not reports_open(url)):
        return 0.0
    opens = says_open(url)
    if seen.sight not in NEVER_CONTENT and not opens:
        if seen.sight is Sight.LAST:
            return 0.0  # the sender's logo often comes last, and has no size either
        if token.where is Where.PATH and readable_name(url):
            return 0.0  # `logo_mobile.png`, `box-topleft.gif`: the token is the sender's, or the content network's
    doubt = 0.0 if reports_open(url) else DOUBT[token.strength]
    doubt += DOUBT_TWICE * (min(count, MAX_SHARED) - 1)
    if seen.sight is Sight.INSIDE and not opens:
        doubt += DOUBT_CONTENT  # a picture for telephones, whose style sheet got lost on the way
    elif token.where is not Where.QUERY or token.strength is Strength.SOME:
        uploaded = not opens and (stored(url) or (seen.sight not in NEVER_CONTENT and is_picture(url)))
        doubt += DOUBT_CONTENT if uploaded or layout_name(url) else 0.0
    return round(CERTAINTY[seen.sight] - doubt, 2)


def _shown_to_some(element: Element, leaf: Leaf) -> bool:
    """Whether it is hidden on one screen only, as the picture that telephones show instead of the wide one."""
    return (element.get("class") or element.get("id")) is not None and leaf.sheet.shows(element.get)


def _conditional(reference: Reference, url: Url, leaf: Leaf) -> Finding | None:
    """In a style sheet: fetched only when the message is printed, quoted or forwarded, or the pointer is on it."""
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
