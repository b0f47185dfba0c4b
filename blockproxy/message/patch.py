"""What is written in the place of a tracker: patches of the view of a leaf, each as long as what it replaces.

An invisible resource: its tag becomes an HTML comment that names what was blocked, or blanks where a comment is not
legal. A resource that takes room on the page: only its URL goes, so the layout holds. A link: the shorter URL, the
closing quote moved up, blanks behind it.

Two rules hold everywhere. CR and LF stay where they are. No blank is written in front of a line end: quoted-printable
(RFC 2045, section 6.7) would lose it, and in `format=flowed` text (RFC 3676) it would join two lines.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from blockproxy.message import charref
from blockproxy.model import Action, Element, Finding, Patch, Reference, Span, Technique

NO_RESOURCE = b"data:,"  # RFC 2397: an empty text; fetched from nowhere
NO_SCHEME = b"x:"  # where `data:,` does not fit; nothing handles this scheme
BREAKS = b"\r\n"
# What ends a value that stands between such quotes, or is taken for the end of one by some program.
_SPECIAL = {b'"': (b'"',), b"'": (b"'",), b"": (b'"', b"'", b"<", b">", b"`", b" ")}
WHITE = b" \t\n\f\r"  # around a URL in an attribute it counts for nothing (WHATWG URL Standard, section 4.4)
MAX_INVISIBLE = 3  # pixels a side; the largest that vendors call a pixel (3 by 1, notifications.google.com)
REMOVABLE = frozenset({"img", "image", "bgsound"})  # an empty place in the page is all that is lost with them


@dataclass(frozen=True, slots=True)
class Page:
    """A leaf to write on: its view, whether its text is `format=flowed`, and which slots take only plain characters.

    `plain_only(position)` and `fixed(position)` are those of `transfer.Decoded` for the view's octet at `position`. A
    `nested` page stands in a value of another one, where only letters are sure to mean what they say.
    """

    view: bytes
    flowed: bool = False
    plain_only: Callable[[int], bool] = lambda _position: False
    fixed: Callable[[int], bool] = lambda _position: False
    nested: bool = False

    def ends_line(self, position: int) -> bool:
        """Whether the octet in front of `position` is the last one of its line."""
        return position >= len(self.view) or self.view[position] in BREAKS

    def broken(self, span: Span) -> bool:
        """Whether there is a line end inside `span`."""
        text = self.view[span.start : span.end]
        return b"\n" in text or b"\r" in text


def patches(findings: Iterable[Finding], page: Page) -> tuple[list[Patch], list[Finding]]:
    """Sorted patches for all `findings` that have an action, and the findings; those that don't fit are reported.

    The span of each finding is what its patch changes in the view, or its URL where nothing is changed.
    """
    settled = [finding for finding in findings if finding.reference is not None]
    spans = [finding.reference.span for finding in settled if finding.reference is not None]
    wanted: list[tuple[int, int, int, Patch]] = []
    for index, finding in enumerate(settled):
        if not finding.blocked or finding.reference is None:
            continue
        patch = _patch(finding, finding.reference, page)
        if patch is None:
            settled[index] = left_alone(finding)
        else:
            # In order, and of those that begin together the longer one first: a tag that goes takes its URLs with it.
            wanted.append((patch.span.start, -patch.span.end, index, patch))
    chosen: list[Patch] = []
    end = 0
    for start, _, index, patch in sorted(wanted):
        if start >= end:
            chosen.append(patch)
            spans[index], end = patch.span, patch.span.end
        elif patch.span.end > end:
            settled[index] = left_alone(settled[index])
    return chosen, [finding.at(span) for finding, span in zip(settled, spans, strict=True)]


def left_alone(finding: Finding) -> Finding:
    """`finding`, only reported: what should stand in its place does not fit there."""
    return finding._replace(
        action=Action.REPORT, evidence=f"{finding.evidence}; the new text does not fit in its place"
    )


def _patch(finding: Finding, reference: Reference, page: Page) -> Patch | None:
    element = reference.element
    if finding.action is Action.REMOVE:
        if element is not None and not page.nested and _invisible(finding, element):
            removed = _remove_tag(element, page, _label(finding))
            if removed is not None:
                return removed
        return _remove_url(reference.span, page)
    if element is None:
        return _rewrite_text(reference.span, finding.replacement, page) if reference.place.name == "text" else None
    return _rewrite_attribute(reference.span, element, finding.replacement, page)


# Invisible resources.

_SIZE = re.compile(r"\s*(\d{1,6})")
_STYLE_SIZE = re.compile(
    r"(?:^|[;\s])(?:min-)?(?:width|height)\s*:\s*(\d{1,6})(?:\.\d+)?\s*(?:px|%|em|rem|pt|vw|;|!|$)", re.IGNORECASE
)


def _invisible(finding: Finding, element: Element) -> bool:
    """Whether the page looks the same without the whole tag."""
    if finding.technique is not Technique.OPEN_PIXEL or element.name not in REMOVABLE:
        return False
    sizes = [_SIZE.match(element.get(name) or "") for name in ("width", "height")]
    sizes += _STYLE_SIZE.finditer(element.get("style") or "")
    return all(int(size[1]) <= MAX_INVISIBLE for size in sizes if size)


def _label(finding: Finding) -> bytes:
    """What the comment says: `blocked: Mailchimp open-pixel`."""
    words = " ".join(filter(None, ("blocked:", finding.vendor, finding.technique.value)))
    return re.sub(rb"[^A-Za-z0-9 .,:/]+|-(?=-)", b"-", words.encode("ascii", "replace")).replace(b"--", b"-")


def _remove_tag(element: Element, page: Page, label: bytes) -> Patch | None:
    start, end = element.span
    octets = page.view[start:end]
    room = len(octets) - octets.count(b"\r") - octets.count(b"\n") - len(b"<!---->")
    whole = room >= 0 and not page.broken(Span(start, start + 4)) and not page.broken(Span(end - 3, end))
    if whole and not element.in_comment:
        text = next((words for words in (label, b"blocked") if len(words) <= room), b"")
        return _lay(page, element.span, b"<!--" + text + b" " * (room - len(text)) + b"-->", b".")
    if not page.broken(element.span) and not page.ends_line(end):
        return Patch(element.span, b" " * (end - start))
    return None


def _lay(page: Page, span: Span, text: bytes, before_break: bytes) -> Patch:
    """`text` over the octets of `span` that are not line ends; a blank in front of one becomes `before_break`."""
    if not page.broken(span):
        if text.endswith(b" ") and page.ends_line(span.end):
            text = text[:-1] + before_break
        return Patch(span, text)
    octets = bytearray(page.view[span.start : span.end])
    characters = iter(text)
    for index, old in enumerate(octets):
        if old in BREAKS:
            continue
        new = next(characters)
        if new == ord(" ") and page.ends_line(span.start + index + 1):
            new = before_break[0]
        octets[index] = new
    return Patch(span, bytes(octets))


# Resources that take room, and everything that is not an image.


def _remove_url(span: Span, page: Page) -> Patch | None:
    text = page.view[span.start : span.end]
    if page.nested:
        return _remove_nested(span, text, page)
    room = len(text) - text.count(b"\r") - text.count(b"\n")
    new = NO_RESOURCE if room >= len(NO_RESOURCE) else NO_SCHEME
    if room < len(new):
        return None
    filler = b"x" if page.broken(span) or page.ends_line(span.end) else b" "
    return _lay(page, span, new + filler * (room - len(new)), b"x")


_WORD = re.compile(rb"[a-wyzA-Z0-9]")


def is_removed(text: bytes) -> bool:
    """Whether `text` is what was written in the place of something else: nothing in it has a name."""
    return text.startswith(NO_RESOURCE) and _WORD.search(text, len(NO_RESOURCE)) is None


def _remove_nested(span: Span, text: bytes, page: Page) -> Patch | None:
    """`data:,xxxx` around what stays: line ends, and slots of the notation outside that take no other octet."""
    slots = [at for at, old in enumerate(text) if old not in BREAKS and not page.fixed(span.start + at)]
    new = NO_RESOURCE if len(slots) >= len(NO_RESOURCE) else NO_SCHEME
    head = slots[: len(new)]
    stays = bytes(octet for at, octet in enumerate(text[: max(head, default=0)]) if at not in head)
    if len(head) < len(new) or stays.strip(WHITE):
        return None
    octets = bytearray(text)
    for at, octet in zip(slots, new.ljust(len(slots), b"x"), strict=True):
        octets[at] = octet
    return Patch(span, bytes(octets))


# Links.


def _rewrite_attribute(span: Span, element: Element, url: str, page: Page) -> Patch | None:
    whole = _whole(span, element, page)
    if whole is None or page.broken(span):
        return None
    behind = page.view[span.end : whole.end]
    quote = behind.lstrip(WHITE)
    if quote not in {b'"', b"'", b""} or (page.view[whole.start - 1 : whole.start] in b"\"'") != bool(quote):
        return None
    raw = page.view[span.start : span.end]
    written = _written(url, span.start, raw, quote, page, spell_out=b"&amp;" in raw)
    if written is None or len(written) > len(raw):
        return None
    blanks = b" " * (len(raw) - len(written))
    if len(behind) > 1:
        room = len(behind) - behind.count(b"\r") - behind.count(b"\n") - len(quote)
        return _lay(page, Span(span.start, whole.end), written + quote + blanks + b" " * room, b"/")
    # What stays need not be written again, octet by octet, in its slots.
    same = _same(raw, written)
    start = span.start + same
    if quote and page.ends_line(whole.end):
        return Patch(Span(start, whole.end), written[same:] + blanks + quote)
    if not quote and blanks and page.ends_line(span.end):
        return None
    return Patch(Span(start, whole.end), written[same:] + quote + blanks)


def _whole(span: Span, element: Element, page: Page) -> Span | None:
    """The value with its closing quote, if the URL in `span` is all of it but white space."""
    quote = page.view[span.start - 1 : span.start]
    if quote in {b'"', b"'"} and page.view[span.end : span.end + 1] == quote:
        return Span(span.start, span.end + 1)
    for attribute in element.attributes:
        start, end = attribute.span
        if start <= span.start and span.end <= end:
            around = page.view[start : span.start] + page.view[span.end : end]
            return None if around.strip(WHITE) else Span(start, attribute.whole.end)
    return None


def _same(one: bytes, other: bytes) -> int:
    """How many octets both begin with: as numbers they differ from the first other octet on."""
    shorter = min(len(one), len(other))
    difference = int.from_bytes(one[:shorter], "big") ^ int.from_bytes(other[:shorter], "big")
    return shorter - (difference.bit_length() + 7) // 8


def _written(url: str, start: int, raw: bytes, quote: bytes, page: Page, *, spell_out: bool) -> bytes | None:
    """`url` as an attribute value in the place of `raw`, which begins at `start`, or None when it can't be written.

    `=` can't stand for itself in a slot that quoted-printable wrote as one character: it becomes `&#61;`.
    """
    if not url.isascii():
        return None
    written = url.encode("ascii")
    if spell_out:
        written = written.replace(b"&", b"&amp;")
    for character in _SPECIAL[quote]:
        written = written.replace(character, b"&#%d;" % ord(character))
    position = written.find(b"=", _same(raw, written))
    while position >= 0:
        if page.plain_only(start + position):
            written = written[:position] + b"&#61;" + written[position + 1 :]
        position = written.find(b"=", position + 1)
    # With each `&` spelt out there is no reference in it but those that were just written.
    if spell_out or charref.unescape(written) == url.encode("ascii"):
        return written
    return _written(url, start, raw, quote, page, spell_out=True)


def _rewrite_text(span: Span, url: str, page: Page) -> Patch | None:
    """A link in text/plain: the rest is padded behind it, or in front of it where it ends its line."""
    if not url.isascii() or page.broken(span):
        return None
    new, start, end = url.encode("ascii"), *span
    if page.view[start - 1 : start] == b"<" and page.view[end : end + 1] == b">":
        new, start, end = b"<" + new + b">", start - 1, end + 1
    blanks = b" " * (end - start - len(new))
    candidates = [new + blanks]
    if page.ends_line(end):
        trailing = not page.flowed and not page.plain_only(end - 1)
        candidates = [new + blanks, blanks + new] if trailing or not blanks else [blanks + new]
    for candidate in candidates:
        if all(octet != ord("=") or not page.plain_only(position) for position, octet in enumerate(candidate, start)):
            return Patch(Span(start, end), candidate)
    return None
