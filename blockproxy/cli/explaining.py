"""The work behind `blockproxy explain`: a message is cleaned while somebody takes notes.

A `Narrator` is the `Cleaner` that the proxy uses, with a judge that tells about every reference; its octets are the
same. It keeps each decoded leaf, before and after, with `Note`s: what was found there, and what was left and why.
"""

import codecs
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from blockproxy.cleaner import Cleaner
from blockproxy.detect.explain import ExplainingJudge, is_left, why_reported
from blockproxy.detect.rules import RuleSet
from blockproxy.leaf import LeafCleaner, Outcome, Surroundings
from blockproxy.message import charset, kinds, transfer
from blockproxy.message.mime import Kind, Piece
from blockproxy.model import Cleaned, Context, Entity, Finding, Policy, Skip, Span

MAX_TAG = 2048  # octets of a tag that are shown; what is longer is cut at its end
AROUND = 40  # octets in front of and behind a place without a tag

# Of what can be declared, what really is a charset; the rest of Python's codecs are compressions, escapes and jokes.
_LETTERS = re.compile(
    r"ascii|utf_?8|iso|latin|cp\d|windows|koi|mac|gb|big5|euc|shift|hz|johab|tis|ptcp|kz", re.IGNORECASE
)
_UTF8 = frozenset({"utf-8", "utf8"})
_INSIDE = re.compile(rb"[\x80-\xbf]{0,3}")  # of a letter of UTF-8, behind its first octet
_WIDE = {(2, 0): "utf-16-le", (2, 1): "utf-16-be", (4, 0): "utf-32-le", (4, 3): "utf-32-be"}


@dataclass(eq=False)
class Source:
    """A header, or a leaf with its transfer encoding undone: `before` and `after`, equally long.

    `part` is its number, behind those of the files that it is in: `2 > 1.2`. `what` is its media type, or "header".
    """

    part: str
    what: str
    before: bytes
    after: bytes
    charset: str = "utf-8"
    notes: list["Note"] = field(default_factory=list)

    def text(self, octets: bytes, span: Span) -> str:
        """The octets of `span` in letters, cut where they are too many, and never inside of a letter."""
        start, end = span.start, min(span.end, span.start + MAX_TAG)
        if self.charset.lower() in _UTF8 and (inside := _INSIDE.match(octets, start, end)):
            start = inside.end()
        decoder = codecs.getincrementaldecoder(self.charset)("replace")
        return decoder.decode(octets[start:end], final=end == len(octets)) + ("…" if end < span.end else "")

    def decode(self, octets: bytes) -> str:
        """`octets` in letters; what is none in this charset becomes a replacement character."""
        return octets.decode(self.charset, "replace")

    def line(self, position: int) -> int:
        """The number of the line in which the octet at `position` stands, from 1."""
        return bisect_right(self.breaks, position - 1) + 1

    @cached_property
    def breaks(self) -> "array[int]":
        """Where the lines end: the line feeds, and the end of all."""
        ends = array("Q", (found.start() for found in re.finditer(b"\n", self.before)))
        ends.append(len(self.before))
        return ends


@dataclass(frozen=True, slots=True)
class Note:
    """A finding, or what there is to tell about a reference that was left. `tag` is the start tag around it, or more.

    `span` and `tag` are octets of `source.before`. `why` says why nothing was done; empty where something was.
    """

    finding: Finding
    source: Source
    span: Span
    tag: Span
    why: str = ""

    @property
    def left(self) -> bool:
        """Whether nothing was found."""
        return is_left(self.finding)

    @property
    def place(self) -> str:
        """What kind of place it is, such as `img src`; empty in a header."""
        return self.finding.reference.place.name if self.finding.reference else ""

    @property
    def line(self) -> int:
        """Its line in the source, from 1."""
        return self.source.line(self.span.start)

    @property
    def before(self) -> str:
        """The tag as it was sent."""
        return self.source.text(self.source.before, self.tag)

    @property
    def after(self) -> str:
        """The tag as it is passed on."""
        return self.source.text(self.source.after, self.tag)


@dataclass(frozen=True, slots=True)
class Passed:
    """A leaf that nobody looks into: `octets` as transmitted, of media type `what`."""

    part: str
    what: str
    octets: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to tell about a message."""

    octets: int
    cleaned: Cleaned
    sources: tuple[Source, ...]
    passed: tuple[Passed, ...]

    @property
    def skipped(self) -> tuple[Skip, ...]:
        """What could not be looked into, and why."""
        return self.cleaned.skipped

    def notes(self) -> Iterator[Note]:
        """Everything that was noted, in the order of the message."""
        for source in self.sources:
            yield from source.notes


def explain(message: bytes, rules: RuleSet, policy: Policy, context: Context) -> Explanation:
    """Clean `message`, and tell about everything that happened on the way. Never raises."""
    narrator = Narrator(rules, policy, context)
    cleaned = narrator.narrate(message)
    return Explanation(len(message), cleaned, tuple(narrator.sources), tuple(narrator.passed))


class Narrator(Cleaner):
    """Cleans one message and takes notes; `above` are the numbers of the parts in which it is a file."""

    def __init__(
        self, rules: RuleSet, policy: Policy, context: Context, *, depth: int = 0, above: tuple[str, ...] = ()
    ) -> None:
        super().__init__(rules, policy, context, depth=depth)
        self.sources: list[Source] = []
        self.passed: list[Passed] = []
        self._above = above
        self._now, self._sent = "", b""  # the leaf that is being cleaned: its number, and as it was sent
        self._reader: _Reader | None = None
        self._octets: dict[str, int] = {}

    def narrate(self, message: bytes) -> Cleaned:
        """Clean a whole message; see `sources` and `passed` for the rest."""
        head = self.feed(message)
        cleaned = self.close()
        if self._failed:  # what was noted about the rest is not what is passed on
            self.sources.clear()
        skipped = {skip.part for skip in cleaned.skipped}
        self.passed = [one for one in self.passed if one.part.rpartition(" > ")[2] not in skipped]
        return Cleaned(head + cleaned.message, cleaned.findings, cleaned.skipped, cleaned.origin)

    def _piece(self, piece: Piece) -> Iterator[bytes]:
        if piece.kind is Kind.BODY:
            self._octets[piece.part] = self._octets.get(piece.part, 0) + len(piece.octets)
        elif piece.kind is Kind.END and self._leaf is None and piece.part in self._octets:
            self.passed.append(Passed(self._named(piece.part), piece.entity.media_type, self._octets[piece.part]))
        yield from super()._piece(piece)

    def _named(self, part: str) -> str:
        return " > ".join((*self._above, part)) if part or not self._above else self._above[-1]

    def _clean_header(self, piece: Piece) -> bytes:
        known, start = len(self._findings), self._offset
        after = super()._clean_header(piece)
        if piece.opens_message:
            source = Source(self._named(piece.part), "header", piece.octets, after)
            for finding in self._findings[known:]:
                span = Span(finding.span.start - start, finding.span.end - start)
                end = piece.octets.find(b"\n", span.end)
                tag = Span(span.start, end if end >= 0 else len(piece.octets))
                source.notes.append(Note(finding, source, span, tag, why_reported(finding, self._policy)))
            self.sources.append(source)
        return after

    def _leaf_cleaner(self) -> LeafCleaner:
        judge = ExplainingJudge(self._rules, self._policy, self._context)
        self._reader = _Reader(judge, self._policy, self._file_cleaner())
        return self._reader

    def _finish(self, piece: Piece) -> bytes:
        self._now, self._sent = piece.part, b"".join(self._leaf or ())
        return super()._finish(piece)

    def _clean_leaf(self, encoded: bytes, entity: Entity, part: str) -> bytes:
        self._reader, known = None, len(self._findings)
        cleaned = super()._clean_leaf(encoded, entity, part)
        reader: _Reader | None = self._reader
        if reader is not None and reader.outcome is None:
            return cleaned  # a message in a file, which has taken its own notes
        before, after = (transfer.decode(octets, entity.encoding).octets for octets in (self._sent, cleaned))
        source = Source(self._named(part), entity.media_type, before, after, _charset(entity.parameters))
        if reader is not None:
            source.charset = reader.wide or source.charset
            source.notes += reader.notes(self._findings[known:], source, self._policy)
        self.sources.append(source)
        return cleaned

    def _nested(self, message: bytes) -> Cleaned:
        inner = Narrator(
            self._rules, self._policy, self._context, depth=self._depth + 1, above=(*self._above, self._now)
        )
        cleaned = inner.narrate(message)
        self.sources += inner.sources
        self.passed += inner.passed
        return cleaned


class _Reader(LeafCleaner):
    """Cleans a leaf, and remembers what was found where in its decoded octets; `wide` is its charset if that is."""

    def __init__(
        self, judge: ExplainingJudge, policy: Policy, clean_message: Callable[[bytes], Cleaned] | None
    ) -> None:
        super().__init__(judge, policy, clean_message)
        self._seen = judge.views
        self._view = charset.View(b"", b"")
        self.outcome: Outcome | None = None

    @property
    def wide(self) -> str:
        """The charset, where each character has several octets."""
        return _WIDE.get((self._view.width, self._view.offset), "")

    def _document(self, octets: bytes, known: Surroundings, depth: int) -> Outcome:
        outcome = super()._document(octets, known, depth)
        if depth == 0:
            self.outcome = outcome
            self._view = charset.view(octets, known.charset, markup=known.kind in kinds.MARKUP)
        return outcome

    def notes(self, findings: Iterable[Finding], source: Source, policy: Policy) -> Iterator[Note]:
        """What there is to note about `findings`, which are those of the leaf with their final words."""
        placed = self.outcome.findings if self.outcome else []
        for inside, finding in zip(placed, findings, strict=True):
            tag = self._tag(inside) or self._around(inside.span, source.before)
            yield Note(finding, source, inside.span, tag, why_reported(finding, policy))

    def _tag(self, finding: Finding) -> Span | None:
        """The start tag in octets of the leaf, if it stands in the leaf itself and not in a document inside it."""
        element = finding.reference.element if finding.reference else None
        _, view = self._seen.get(id(finding.reference), (None, None))
        if element is None or (view is not self._view.octets and view != self._view.octets):
            return None
        start, end = self._view.span(element.span)
        return Span(min(start, finding.span.start), max(end, finding.span.end))

    def _around(self, span: Span, octets: bytes) -> Span:
        """`span` with what stands around it in its lines."""
        start = max(octets.rfind(b"\n", 0, span.start) + 1, span.start - AROUND)
        end = octets.find(b"\n", span.end, span.end + AROUND)
        end = end if end >= 0 else min(span.end + AROUND, len(octets))
        width = self._view.width
        return Span(start - start % width, end + -end % width)


def _charset(parameters: Mapping[str, str]) -> str:
    """The declared charset if Python can read it, else UTF-8."""
    name = parameters.get("charset", "").strip(" '\"")
    if _LETTERS.match(name) is None:
        return "utf-8"
    try:
        b"".decode(name, "replace")
    except (LookupError, ValueError):
        return "utf-8"
    return name
