"""Where opening a part, or a click in it, would reach the network.

`in_html`, `in_css` and `in_text` take a *view*: the decoded octets of a part, in which whatever cannot be read as ASCII
has been replaced by 0xFF. Spans are offsets into it and cover a URL as written, without quotes or white space around.
Only URLs that lead to a host count (http, https, ftp, file): not `cid:`, not `data:`, and no relative one unless the
document has a `<base>`.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from blockproxy.message import base as bases
from blockproxy.message import charref, css, doctype, documents, html, layers, network, places, text, values
from blockproxy.message.css import Fetch, Found
from blockproxy.message.documents import MAX_DEPTH, Document
from blockproxy.message.otherwise import Otherwise
from blockproxy.message.places import Row, Syntax
from blockproxy.message.token import ATTRIBUTE, Kind, StartTag, Token, name_of, span_of, value_span
from blockproxy.message.transfer import Decoded
from blockproxy.model import Element, Place, Reference, Resource, Span, Trigger
from blockproxy.url import join, parse

# All that can lead to a host where there is no base, before the URL is looked at closely: a `data:` URL of a megabyte
# should not even be copied.
_ABSOLUTE = re.compile(r"[\x00-\x20]*+(?:[hHfF][tTpPsSiIlLeE\t\r\n]*+:|[/\\][\t\r\n]*+[/\\])")
_WITHOUT_SCHEME = re.compile(r"[\x00-\x20]*+[/\\]")
_LEADS_NOWHERE = re.compile(r"[\x00-\x20]*+(?:data|cid|mid|mailto|tel|sms|javascript|about):", re.IGNORECASE)
# What may hold a document, or be a script that writes one.
_HOLDS = re.compile(r"[\x00-\x20]*+(?:d[\t\r\n]*a[\t\r\n]*t|j[\t\r\n]*a[\t\r\n]*v)", re.IGNORECASE)
_ENDS_VALUE = b"\t\n\x0c\r \"'<=>`"  # one without quotes
_IGNORED = "".join(map(chr, range(0x21)))  # what browsers take off the front of a URL
_INSTRUCTION = re.compile(rb"\?[a-zA-Z-]++")
_HOLD_REFERENCES = {Kind.RAW, Kind.FOREIGN_STYLE, Kind.DOCTYPE, Kind.BOGUS}
_STYLE = places.rows("*", "style")[0]
_USUAL = {pair: places.rows(*pair)[0] for pair in (("a", "href"), ("img", "src"))}
_HTTP = (b"http", b"HTTP")

_reference_of: Callable[[tuple[str, Span, Place, Element]], Reference] = partial(tuple.__new__, Reference)


class Reading(NamedTuple):
    """References in order, documents to be read on their own, and the limit beyond which there would be more."""

    references: list[Reference]
    documents: list[Document]
    limit: str = ""


def read_html(view: bytes, base: str | None = None, *, switches: bool = False) -> Reading:
    """A text/html part, read with `base` for its relative URLs. Linear, and next to nothing where there is nothing.

    `switches`: look also for what names no URL and has a browser ask for the names of all linked hosts."""
    return _read(view, _signs(view, base, switches=switches), base)


def read_xml(view: bytes, base: str | None = None, *, switches: bool = False) -> Reading:
    """An XHTML or SVG part: as HTML, and where XML goes on differently, as XML too."""
    return _read(view, _signs(view, base, switches=switches, xml=True), base, xml=True)


def read_css(view: bytes, base: str | None = None) -> Reading:
    """A text/css part."""
    if base is None and not network.may_reach_network(view):
        return Reading([], [])
    page = _Page(view, None, base)
    return Reading(list(page.written(css.scan(view), view, 0, _STYLE.place)), page.documents)


def read_text(view: bytes, _base: str | None = None) -> Reading:
    """A text/plain part: the links that a client makes of bare URLs."""
    found = ((span, resolve(view[span.start : span.end].decode("utf-8", "replace"))) for span in text.urls(view))
    return Reading([Reference(url, span, places.TEXT) for span, url in found if url is not None], [])


READERS = {
    documents.Kind.HTML: read_html,
    documents.Kind.XML: read_xml,
    documents.Kind.CSS: read_css,
    documents.Kind.TEXT: read_text,
}


def in_html(view: bytes) -> list[Reference]:
    """The references of a text/html part and of all documents in it, in order."""
    return _flat(read_html(view))


def in_css(view: bytes) -> list[Reference]:
    """The references of a text/css part and of all documents in it, in order."""
    return _flat(read_css(view))


def in_text(view: bytes) -> list[Reference]:
    """The references of a text/plain part, in order."""
    return read_text(view).references


def _flat(reading: Reading, depth: int = 0) -> list[Reference]:
    found = reading.references
    for document in reading.documents if depth < MAX_DEPTH else ():
        reader = READERS.get(document.kind)
        for one in _flat(reader(document.decoded.octets, document.base), depth + 1) if reader else ():
            start, end = document.decoded.locate(one.span)
            span = Span(document.span.start + start, document.span.start + end)
            found.append(one._replace(span=span, element=document.element))
    return sorted(found, key=lambda one: one.span) if reading.documents else found


def resolve(url: str, base: str | None = None) -> str | None:
    """The URL that a browser would ask for, or None where that is none that leads to a host."""
    if base is not None:
        parsed = None if _LEADS_NOWHERE.match(url) else join(base, url)
    elif not _ABSOLUTE.match(url):
        return None
    elif _WITHOUT_SCHEME.match(url):
        # The message itself has no URL whose scheme `//host/path` could take over; clients take https.
        parsed = parse("https:" + url.lstrip(_IGNORED))
    else:
        parsed = parse(url)
    return parsed.href if parsed is not None else None


def read_fully(view: bytes) -> list[Reference]:
    """As `in_html`, without passing over anything: what the short cuts are compared with."""
    return _flat(_read(view, None, None))


def _signs(view: bytes, base: str | None, *, switches: bool, xml: bool = False) -> list[int] | None:
    """The offsets that matter; None where a base makes every one matter."""
    if base is not None:
        return None
    signs = network.signs(view)
    more = (network.switches(view) if signs and switches else []) + (network.declarations(view) if xml else [])
    return sorted({*signs, *more}) if more else signs


def _read(view: bytes, signs: list[int] | None, base: str | None, *, xml: bool = False) -> Reading:
    if signs is not None and not signs:
        return Reading([], [])
    page = _Page(view, signs, base, xml=xml)
    found = page.read(stop_at_base=True)
    if page.has_base:
        # Every relative URL is one that matters, also those that stand before the base.
        own = bases.effective(view)
        page = _Page(view, None, (resolve(own, base) if own else None) or base, xml=xml)
        found = page.read()
    return Reading(found, page.documents, "too-many-readings" if page.otherwise.exhausted else "")


class _Page:
    """One reading of a document. With `signs`, only what stands at one of them is looked at."""

    def __init__(self, view: bytes, signs: list[int] | None, base: str | None, *, xml: bool = False) -> None:
        self._view = view
        self._signs = signs
        self._base = base
        self._xml = xml
        self._doctype = doctype.DocumentType(view)
        self.otherwise = Otherwise(ambiguous=xml)
        self._script: StartTag | None = None
        self.has_base = False
        self.documents: list[Document] = []

    def read(self, *, stop_at_base: bool = False) -> list[Reference]:
        """The references. With `stop_at_base` only up to a `<base>`, which makes another reading necessary."""
        found: list[Reference] = []
        for token in html.readings(self._view, self._signs, self.otherwise):
            if isinstance(token, StartTag):
                self._start_tag(token, found)
                if self.has_base and stop_at_base:
                    return found
            elif token.kind in _HOLD_REFERENCES and (self._xml or self._signed(*token.span)):
                found += self._other(token)
        if self.otherwise.ambiguous:
            # What a style sheet in SVG reads as CSS has been read as markup too, and there may be other readings.
            unique = {reference.span: reference for reference in reversed(found)}
            found = sorted(unique.values(), key=lambda reference: reference.span)
        return found

    def _signed(self, start: int, end: int) -> bool:
        return self._signs is None or self._next_sign(start) < end

    def _next_sign(self, position: int) -> int:
        """The next offset that matters: with a base or without short cuts, every one."""
        if self._signs is None:
            return position
        index = bisect_left(self._signs, position)
        return self._signs[index] if index < len(self._signs) else len(self._view)

    def _start_tag(self, element: StartTag, found: list[Reference]) -> None:
        if element.address is not None:
            self._attribute(element, *element.address, found)
            return
        self._script = element if element.name == "script" else None
        start, end = element.inside
        sign = self._next_sign(start)
        if sign >= end:
            return
        # What the content of a <meta> means depends on another attribute, in which the sign may be.
        all_matter = element.name == "meta"
        for match in ATTRIBUTE.finditer(self._view, start, end):
            name = name_of(match[1])
            after = match.end()
            if sign >= after and not all_matter:
                continue
            if name in places.BY_ATTRIBUTE:
                self._attribute(element, name, *value_span(match), found)
            sign = self._next_sign(after)
            if sign >= end and not all_matter:
                return

    def _attribute(self, element: Element, name: str, start: int, end: int, found: list[Reference]) -> None:
        row = _USUAL.get((element.name, name)) or _applying(places.rows(element.name, name), element)
        if row is None:
            return
        written = self._view[start:end]
        before = len(found)
        if row.syntax is Syntax.URL and written.startswith(_HTTP):
            # Nearly every one. The readers would say the same, later.
            stripped = written.rstrip(values.WHITE)
            reads = charref.unescape(stripped) if b"&" in stripped else stripped
            reads_as = reads.decode("utf-8", "replace")
            url = parse(reads_as) if self._base is None else join(self._base, reads_as)
            if url is not None:
                found.append(_reference_of((url.href, span_of((start, start + len(stripped))), row.place, element)))
        else:
            found += self._of_value(row, written, start, element)
        if element.name == "base" and name == "href" and len(found) > before:
            self.has_base = True

    def _of_value(self, row: Row, written: bytes, offset: int, element: Element | None) -> Iterator[Reference]:
        """The references in a value of any syntax, each where it is written in the view."""
        decoded = charref.decode(written) if b"&" in written else None
        value = decoded.text if decoded else written
        quote = self._view[offset - 1 : offset] if element is not None else b""
        forbidden = (quote if quote in (b'"', b"'") else _ENDS_VALUE) if element is not None else b""
        if row.syntax is Syntax.DOCUMENT:
            span = Span(offset, offset + len(written))
            layer = layers.Layer(written, layers.CHARACTER_REFERENCES, forbidden)
            self.documents.append(Document(documents.Kind.HTML, span, layer, row.place, element, base=self._base))
            return
        for one in values.READERS[row.syntax](value):
            start, end = decoded.source(one.start, one.end) if decoded else (one.start, one.end)
            span = Span(offset + start, offset + end)
            url = resolve(one.url, self._base) if one.url else None  # an empty one is never fetched
            if url is not None:
                yield Reference(url, span, _place(row.place, one), element)
            elif _HOLDS.match(one.url):
                notation = layers.CHARACTER_REFERENCES if decoded else layers.AS_IT_IS
                self._document(
                    one, span, _place(row.place, one), element, layers.Layer(written[start:end], notation, forbidden)
                )

    def written(self, found: Iterable[Found], inside: bytes, offset: int, place: Place) -> Iterator[Reference]:
        """The references among what was `found` in a text that is written as it reads."""
        for one in found:
            span, where = Span(offset + one.start, offset + one.end), _place(place, one)
            url = resolve(one.url, self._base) if one.url else None
            if url is not None:
                yield Reference(url, span, where)
            elif _HOLDS.match(one.url):
                self._document(one, span, where, None, layers.Layer(inside[one.start : one.end], layers.AS_IT_IS))

    def _document(self, one: Found, span: Span, place: Place, element: Element | None, written: Decoded) -> None:
        """A `data:` URL; one with escapes of CSS can be read, and not written."""
        reads = one.url.encode("utf-8", "surrogateescape")
        if written.octets != reads:
            written = layers.Opaque(reads, span.end - span.start)
        style = one.fetch is Fetch.IMPORT or (place.resource is Resource.STYLE and place.name == "link href")
        document = documents.in_url(written, span, place, element, style=style)
        opened = place.trigger is Trigger.OPEN
        if document is not None and (opened or document.kind is not documents.Kind.UNREADABLE):
            self.documents.append(document)

    def _other(self, token: Token) -> Iterator[Reference]:
        """The references in what is no tag: style sheets, scripts, declarations and instructions."""
        start, end = token.inside
        inside = self._view[start:end]
        if token.kind is Kind.RAW and token.name == "style":
            yield from self.written(css.scan(inside), inside, start, _STYLE.place)
        elif token.kind is Kind.FOREIGN_STYLE:
            yield from self._of_value(_STYLE, inside, start, None)
        elif token.kind is Kind.RAW and token.name == "script":
            kind = self._script.get("type") if self._script is not None else None
            yield from self.written(values.script(inside, kind or ""), inside, start, places.SCRIPT)
        elif token.kind is Kind.DOCTYPE:
            yield from self.written(self._doctype.named(start, end), self._view, 0, places.DOCTYPE)
            subset = self._doctype.declared(start) if b"[" in inside else None
            if subset is not None:
                opaque = layers.Opaque(b"", subset.end - subset.start)
                self.documents.append(Document(documents.Kind.UNREADABLE, subset, opaque, places.DOCTYPE))
        elif token.kind is Kind.BOGUS:
            yield from self._instruction(inside, start)

    def _instruction(self, inside: bytes, offset: int) -> Iterator[Reference]:
        """A processing instruction with attributes, as `<?import implementation="…"?>`."""
        name = _INSTRUCTION.match(inside)
        if name is None:
            return
        for attribute in ATTRIBUTE.finditer(inside, name.end()):
            start, end = value_span(attribute)
            for row in places.rows(name[0].decode().lower(), name_of(attribute[1])):
                yield from self._of_value(row, inside[start:end], offset + start, None)


def _place(place: Place, found: Found) -> Place:
    return place if found.fetch is None else places.CSS[found.fetch]


def _applying(rows: tuple[Row, ...], element: Element) -> Row | None:
    """The first row whose condition holds."""
    for row in rows:
        if not row.other or row.words.intersection((element.get(row.other) or "").lower().split()):
            return row
    return None
