"""One leaf: its octets as they were transmitted in, as many cleaned octets and the findings out.

A leaf is decoded, read, judged and patched. So is every document that stands inside of it (`srcdoc`, a `data:` URL, the
HTML in a calendar), and the patches of the inner one are written through the notations around it. Where they can't be,
the whole document is taken out of the place it stands in, and the finding says so.
"""

import re
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from blockproxy.detect.judge import Judge
from blockproxy.message import charset, documents, kinds, layers, lines, otherwise, patch, references, transfer
from blockproxy.message.documents import Document, Kind
from blockproxy.message.references import Reading
from blockproxy.model import (
    NOWHERE,
    Action,
    Cleaned,
    Entity,
    Finding,
    Patch,
    Place,
    Policy,
    Reference,
    Resource,
    Span,
    Technique,
    Trigger,
)

MAX_MESSAGES = 4  # messages in files, inside one another

Reader = Callable[[bytes, str | None], Reading]
"""Reads a view, resolving relative URLs with a base."""

READERS: MappingProxyType[Kind, Reader] = MappingProxyType(
    {
        **references.READERS,
        Kind.CALENDAR: lines.unfold_calendar,
        Kind.CALENDAR_LINES: lines.read_calendar,
        Kind.CARD: lines.unfold_card,
        Kind.CARD_LINES: lines.read_card,
    }
)
_THOROUGH: dict[Kind, Reader] = {
    Kind.HTML: partial(references.read_html, switches=True),
    Kind.XML: partial(references.read_xml, switches=True),
}


class Outcome(NamedTuple):
    """What became of octets: patches of them, findings whose spans they mean, and reasons of what was not read.

    `unfit` is true where a patch was wanted and did not fit.
    """

    patches: list[Patch]
    findings: list[Finding]
    skipped: list[tuple[str, str]]
    unfit: bool = False


class Surroundings(NamedTuple):
    """What is known about octets that are to be read: how, and what may be written where."""

    kind: Kind
    charset: str | None
    base: str | None = None
    flowed: bool = False
    plain_only: Callable[[int], bool] = lambda _position: False
    fixed: Callable[[int], bool] = lambda _position: False


class LeafCleaner:
    """Cleans leaves by one judge. `clean_message` cleans a message in a file; where it is None, none is read."""

    def __init__(self, judge: Judge, policy: Policy, clean_message: Callable[[bytes], Cleaned] | None) -> None:
        self._judge = judge
        self._blocks_all = policy.remote == "block"
        self._readers = READERS | _THOROUGH if self._blocks_all else READERS
        self._clean_message = clean_message
        self._count = 0  # documents inside the leaf that were read

    def clean(self, encoded: bytes, entity: Entity, kind: Kind) -> tuple[bytes, Outcome]:
        """The leaf, cleaned, and what was found. Raises UndecodableError and UnreadableError."""
        decoded = transfer.decode(encoded, entity.encoding)
        if kind is Kind.MESSAGE:
            outcome = self._message(decoded.octets)
        else:
            self._count = 0
            flowed = entity.parameters.get("format", "").lower() == "flowed"
            known = Surroundings(kind, entity.parameters.get("charset"), _base(entity), flowed, decoded.plain_only)
            outcome = self._document(decoded.octets, known, 0)
        if kind is Kind.TEXT and kinds.is_attached(entity):
            told = [_told(finding, "a file that was attached") for finding in outcome.findings]
            outcome = outcome._replace(patches=[], findings=told)
        placed = [finding.at(decoded.locate(finding.span)) for finding in outcome.findings]
        cleaned = decoded.encode(outcome.patches) if outcome.patches else encoded
        # A thousand documents too many are one thing to tell.
        return cleaned, outcome._replace(findings=placed, skipped=list(dict.fromkeys(outcome.skipped)))

    def _message(self, octets: bytes) -> Outcome:
        if self._clean_message is None:
            return Outcome([], [], [("document-too-deep", "")])
        cleaned = self._clean_message(octets)
        skipped = [(skip.reason, skip.detail) for skip in cleaned.skipped]
        return Outcome(layers.differences(octets, cleaned.message), list(cleaned.findings), skipped)

    def _document(self, octets: bytes, known: Surroundings, depth: int) -> Outcome:
        """The patches and findings of a decoded leaf, or of a document inside of it."""
        view = charset.view(octets, known.charset, markup=known.kind in kinds.MARKUP)
        found, enclosed, limit = _read(view, self._readers[known.kind], known.base)
        if limit and self._blocks_all:
            return self._disarmed(octets, view, known, depth)
        if not found and not enclosed:
            return NOTHING
        if known.kind is Kind.TEXT and _CLEARSIGNED.search(view.octets):
            return Outcome([], [], [("signed", "")])
        findings = self._judge.judge(found, view.octets) if found else []
        if depth:
            where = _NAMES.get(known.kind, "a document inside another")
            findings = [_told(one, where) if _followed(one) else one for one in findings]
        inner = self._enclosed(enclosed, view, known, depth)
        if limit:
            inner.skipped.append((limit, ""))
        if not findings and not inner.findings:
            return inner
        page = patch.Page(
            view.raw,
            known.flowed,
            lambda position: known.plain_only(position * view.width + view.offset),
            lambda position: known.fixed(position * view.width + view.offset),
            nested=depth > 0,
        )
        unsettled = [one for one in inner.findings if one.span == NOWHERE]
        settled = [one for one in inner.findings if one.span != NOWHERE]
        wanted = [*findings, *unsettled]
        chosen, told = patch.patches(wanted, page)
        unfit = sum(one.blocked for one in told) < sum(one.blocked for one in wanted)
        wide = _widened(_merged(chosen, inner.patches), view)
        told = sorted([*told, *settled], key=_where)
        if view.width > 1:
            told = [one.at(view.span(one.span)) for one in told]
        return Outcome(wide, told, inner.skipped, unfit)

    def _disarmed(self, octets: bytes, view: charset.View, known: Surroundings, depth: int) -> Outcome:
        """What is done where programs read a page in too many ways: nothing is left in it on which that depends."""
        tags = [Span(*tag.span(1)) for tag in _AMBIGUOUS.finditer(view.raw)]
        changes = [view.widen(Patch(tag, b"x" * (tag.end - tag.start))) for tag in tags]
        disarmed = transfer.apply(octets, changes)
        outcome = self._document(disarmed, known, depth)
        evidence = "remote content is blocked, and programs read this page in too many ways"
        findings = [_remote(Reference("", tag, _TAG), evidence)._replace(span=view.span(tag)) for tag in tags]
        cleaned = transfer.apply(disarmed, outcome.patches)
        return outcome._replace(
            patches=layers.differences(octets, cleaned), findings=sorted([*findings, *outcome.findings], key=_where)
        )

    def _enclosed(self, enclosed: list[Document], view: charset.View, known: Surroundings, depth: int) -> Outcome:
        """What is done inside of `enclosed`, in octets of the view. Findings without a span are for its own patches."""
        patches: list[Patch] = []
        findings: list[Finding] = []
        skipped: list[tuple[str, str]] = []
        for document in enclosed:
            outcome = self._inside(document, view, known, depth)
            patches += outcome.patches
            findings += outcome.findings
            skipped += outcome.skipped
        return Outcome(patches, findings, skipped)

    def _inside(self, document: Document, view: charset.View, known: Surroundings, depth: int) -> Outcome:
        if patch.is_removed(document.decoded.octets):
            return NOTHING
        limit = self._limit(document, depth)
        if limit or document.kind is Kind.UNREADABLE:
            return self._unread(document, limit)
        start, decoded = document.span.start, document.decoded

        def outside(position: int) -> int:
            return (start + decoded.locate(Span(position, position + 1)).start) * view.width + view.offset

        surroundings = Surroundings(
            document.kind,
            document.charset,
            document.base,
            plain_only=lambda position: decoded.plain_only(position) or known.plain_only(outside(position)),
            fixed=lambda position: decoded.fixed(position) or known.fixed(outside(position)),
        )
        try:
            inner = self._document(decoded.octets, surroundings, depth + 1)
        except charset.UnreadableError:
            return self._unread(document, "charset")
        if inner.unfit:
            return _whole(document, inner)
        changes: list[Patch] = []
        if inner.patches:
            try:
                changes = layers.differences(decoded.encode(()), decoded.encode(inner.patches), start)
            except transfer.UndecodableError:
                return _whole(document, inner)
        findings = [one._replace(span=_moved(decoded.locate(one.span), start)) for one in inner.findings]
        return Outcome(changes, findings, inner.skipped)

    def _limit(self, document: Document, depth: int) -> str:
        """The name of the limit that `document` is beyond, or ""."""
        self._count += 1
        if depth >= documents.MAX_DEPTH:
            return "document-too-deep"
        if len(document.decoded.octets) > documents.MAX_OCTETS and document.kind not in _PARTS:
            return "document-too-large"
        return "too-many-documents" if self._count > documents.MAX_COUNT else ""

    def _unread(self, document: Document, reason: str) -> Outcome:
        """What nobody can read is taken out where all remote content is."""
        skipped = [(reason, "")] if reason else []
        if not self._blocks_all or document.kind in _PARTS:
            return Outcome([], [], skipped)
        reference = Reference("", document.span, document.place, document.element)
        evidence = "remote content is blocked, and what this holds cannot be read"
        return Outcome([], [_remote(reference, evidence)], skipped)


NOTHING = Outcome([], [], [])
# What is all of the leaf around it, and no value in it that could be taken out.
_PARTS = frozenset({Kind.CALENDAR_LINES, Kind.CARD_LINES})
_TAG = Place("tag", Trigger.OPEN, Resource.OTHER)
_AMBIGUOUS = re.compile(rb"<(%b)(?=[\t\n\x0c\r />])" % "|".join(sorted(otherwise.AMBIGUOUS)).encode(), re.IGNORECASE)
_NAMES = {Kind.CALENDAR_LINES: "a calendar", Kind.CARD_LINES: "a contact card"}
_CLEARSIGNED = re.compile(rb"^-----BEGIN PGP (?:SIGNED )?MESSAGE-----", re.MULTILINE)  # RFC 9580, sections 6.2 and 7


def _read(view: charset.View, read: Reader, base: str | None) -> Reading:
    """What is found in a view, and beside it what a program would find that knows nothing of its charset."""
    reading = read(view.octets, base)
    if view.raw is view.octets:
        return reading
    raw = read(view.raw, base)
    seen = {reference.span for reference in reading.references}
    both = reading.references + [reference for reference in raw.references if reference.span not in seen]
    read_already = {document.span for document in reading.documents}
    enclosed = reading.documents + [document for document in raw.documents if document.span not in read_already]
    return Reading(sorted(both, key=lambda reference: reference.span), enclosed, reading.limit or raw.limit)


def _base(entity: Entity) -> str | None:
    """The base that a Content-Location gives (RFC 2557, section 5), if it names a host."""
    return references.resolve(entity.location) if entity.location else None


def _where(finding: Finding) -> Span:
    return finding.span


def _followed(finding: Finding) -> bool:
    return finding.reference is None or finding.reference.place.trigger is Trigger.CLICK


def _told(finding: Finding, where: str) -> Finding:
    """`finding`, only reported because of where it stands."""
    if not finding.blocked:
        return finding
    return finding._replace(action=Action.REPORT, replacement="", evidence=f"{finding.evidence}; left alone in {where}")


def _remote(reference: Reference, evidence: str) -> Finding:
    return Finding(Technique.REMOTE_CONTENT, "remote", "", 1.0, evidence, Action.REMOVE, reference=reference)


def _whole(document: Document, inner: Outcome) -> Outcome:
    """Nothing can be written inside of `document`: it goes as a whole, or stays where it is all of its leaf."""
    if document.kind in _PARTS:
        return Outcome(
            [], [_placed(_told(one, "lines that cannot be changed"), document) for one in inner.findings], []
        )
    reference = Reference("", document.span, document.place, document.element)
    evidence = "taken out with the document that holds it, which cannot be changed inside"
    findings = [
        one._replace(reference=reference, span=NOWHERE, evidence=f"{one.evidence}; {evidence}")
        if one.blocked or "does not fit" in one.evidence
        else _placed(one, document)
        for one in inner.findings
    ]
    return Outcome(
        [], [one._replace(action=Action.REMOVE) if one.span == NOWHERE else one for one in findings], inner.skipped
    )


def _placed(finding: Finding, document: Document) -> Finding:
    return finding._replace(span=_moved(document.decoded.locate(finding.span), document.span.start))


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _widened(changes: list[Patch], view: charset.View) -> list[Patch]:
    """Patches of the view as patches of what it shows. A unit that is shown as a line end may hold more than one."""
    if view.width > 1:
        before = [view.raw[slice(*one.span)] for one in changes]
        parts = [
            layers.differences(old, one.replacement, one.span.start) for old, one in zip(before, changes, strict=True)
        ]
        changes = [part for several in parts for part in several]
    return [view.widen(change) for change in changes]


def _merged(chosen: list[Patch], inner: list[Patch]) -> list[Patch]:
    """Both, sorted, without what lies inside of something that is written over as a whole."""
    if not inner:
        return chosen
    merged: list[Patch] = []
    for change in sorted([*chosen, *inner], key=lambda one: (one.span.start, -one.span.end)):
        if not merged or change.span.start >= merged[-1].span.end:
            merged.append(change)
    return merged
