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

from blockproxy.message import charref, css, html, network, places, text, values
from blockproxy.message.css import Found
from blockproxy.message.places import Row, Syntax
from blockproxy.message.token import ATTRIBUTE, Kind, StartTag, Token, name_of, span_of, value_span
from blockproxy.model import Element, Place, Reference, Span
from blockproxy.url import parse

MAX_NESTING = 4  # documents in srcdoc in documents; each level reads its octets once more. Nobody sends two

# All that can lead to a host where there is no base, before the URL is looked at closely: a `data:` URL of a megabyte
# should not even be copied.
_ABSOLUTE = re.compile(r"[\x00-\x20]*+(?:[hHfF][tTpPsSiIlLeE\t\r\n]*+:|[/\\][\t\r\n]*+[/\\])")
_WITHOUT_SCHEME = re.compile(r"[\x00-\x20]*+[/\\]")
_LEADS_NOWHERE = re.compile(r"[\x00-\x20]*+(?:data|cid|mid|mailto|tel|sms|javascript|about):", re.IGNORECASE)
_IGNORED = "".join(map(chr, range(0x21)))  # what browsers take off the front of a URL
_QUOTED = re.compile(rb"\"([^\"]++)|'([^']++)")
_SCRIPT_SOURCE_MAP = re.compile(rb"//[#@] sourceMappingURL=(\S++)")
_INSTRUCTION = re.compile(rb"\?[a-zA-Z-]++")
_STANDARDS = ("http://www.w3.org/", "https://www.w3.org/")  # whose DTDs name a DOCTYPE and are not fetched
_HOLD_REFERENCES = {Kind.RAW, Kind.FOREIGN_STYLE, Kind.DOCTYPE, Kind.BOGUS}
_STYLE = places.rows("*", "style")[0]
_USUAL = {pair: places.rows(*pair)[0] for pair in (("a", "href"), ("img", "src"))}
_HTTP = (b"http", b"HTTP")

_reference_of: Callable[[tuple[str, Span, Place, Element]], Reference] = partial(tuple.__new__, Reference)


def in_html(view: bytes) -> list[Reference]:
    """The references of a text/html part, in order. Linear in its length, and next to nothing where there are none."""
    return _in_html(view, None, 0)


def in_css(view: bytes) -> list[Reference]:
    """The references of a text/css part, in order."""
    if not network.may_reach_network(view):
        return []
    return [
        Reference(url, Span(found.start, found.end), _place(_STYLE, found))
        for found, url in _resolved(css.scan(view), None)
    ]


def in_text(view: bytes) -> list[Reference]:
    """The links that a client makes of bare URLs in a text/plain part, in order."""
    found = ((span, resolve(view[span.start : span.end].decode("utf-8", "replace"))) for span in text.urls(view))
    return [Reference(url, span, places.TEXT) for span, url in found if url is not None]


def resolve(url: str, base: str | None = None) -> str | None:
    """The URL that a browser would ask for, or None where that is none that leads to a host."""
    if base is not None:
        parsed = None if _LEADS_NOWHERE.match(url) else parse(url, base)
    elif not _ABSOLUTE.match(url):
        return None
    elif _WITHOUT_SCHEME.match(url):
        # The message itself has no URL whose scheme `//host/path` could take over; clients take https.
        parsed = parse("https:" + url.lstrip(_IGNORED))
    else:
        parsed = parse(url)
    return parsed.href if parsed is not None else None


def _in_html(view: bytes, base: str | None, depth: int) -> list[Reference]:
    signs = network.signs(view) if base is None else None
    if signs is not None and not signs:
        return []
    page = _Page(view, signs, base, depth)
    found = page.read()
    if page.base != base:
        # Every relative URL is one that matters, also those that stand before the base.
        found = _Page(view, None, page.base, depth).read()
    return found


def read_fully(view: bytes) -> list[Reference]:
    """As `in_html`, without passing over anything: what the short cuts are compared with."""
    base = _Page(view, None, None, 0)
    found = base.read()
    return found if base.base is None else _Page(view, None, base.base, 0).read()


def _resolved(found: Iterable[Found], base: str | None) -> Iterator[tuple[Found, str]]:
    for one in found:
        url = resolve(one.url, base) if one.url else None  # an empty one is never fetched
        if url is not None:
            yield one, url


class _Page:
    """One reading of a document. With `signs`, only what stands at one of them is looked at."""

    def __init__(self, view: bytes, signs: list[int] | None, base: str | None, depth: int) -> None:
        self._view = view
        self._signs = signs
        self._depth = depth
        self._resolve_with = base
        self._found_base: str | None = None
        self._base_in_comment = False
        self._foreign_style = False

    @property
    def base(self) -> str | None:
        """What relative URLs are resolved with: the document's own base, or else the one it was given."""
        return self._found_base or self._resolve_with

    @property
    def _must_begin_again(self) -> bool:
        """Whether the base that counts is known, and is not the one that this reading resolves with."""
        return self._found_base is not None and not self._base_in_comment and self._found_base != self._resolve_with

    def read(self) -> list[Reference]:
        found: list[Reference] = []
        for token in html.tokens(self._view, self._signs):
            if isinstance(token, StartTag):
                self._start_tag(token, found)
                if self._must_begin_again:
                    return found
            elif token.kind in _HOLD_REFERENCES and self._signed(*token.span):
                found += self._other(token)
        if self._foreign_style:
            # What a style sheet in SVG reads as CSS has been read as markup too.
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
        start, end = element.inside
        sign = self._next_sign(start)
        if sign >= end:
            return
        seen = set()
        for match in ATTRIBUTE.finditer(self._view, start, end):
            name = name_of(match[1])
            if name in seen:
                continue
            seen.add(name)
            after = match.end()
            if sign >= after:
                continue
            if name in places.BY_ATTRIBUTE:
                self._attribute(element, name, *value_span(match), found)
            sign = self._next_sign(after)
            if sign >= end:
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
            url = parse(reads.decode("utf-8", "replace"), self._resolve_with)
            if url is not None:
                found.append(_reference_of((url.href, span_of((start, start + len(stripped))), row.place, element)))
        else:
            found += self._of_value(row, written, start, element)
        if element.name == "base" and name == "href" and len(found) > before:
            self._take_base(found[-1])

    def _take_base(self, reference: Reference) -> None:
        """The first base counts; one that only Outlook sees, where there is no other."""
        in_comment = reference.element is not None and reference.element.in_comment
        if self._found_base is None or (self._base_in_comment and not in_comment):
            self._found_base, self._base_in_comment = reference.url, in_comment

    def _of_value(self, row: Row, written: bytes, offset: int, element: Element | None) -> Iterator[Reference]:
        """The references in a value of any syntax, each where it is written in the view."""
        decoded = charref.decode(written) if b"&" in written else None
        value = decoded.text if decoded else written
        if row.syntax is Syntax.DOCUMENT:
            inner = _in_html(value, self.base, self._depth + 1) if self._depth < MAX_NESTING else []
            read = [(one.url, one.span, one.place) for one in inner]
        else:
            pairs = _resolved(values.READERS[row.syntax](value), self._resolve_with)
            read = [(url, Span(one.start, one.end), _place(row, one)) for one, url in pairs]
        for url, span, place in read:
            start, end = decoded.source(*span) if decoded else span
            yield Reference(url, Span(offset + start, offset + end), place, element)

    def _other(self, token: Token) -> Iterator[Reference]:
        """The references in what is no tag: style sheets, scripts, declarations and instructions."""
        start, end = token.inside
        inside = self._view[start:end]
        if token.kind is Kind.RAW and token.name == "style":
            for found, url in _resolved(css.scan(inside), self._resolve_with):
                yield Reference(url, Span(start + found.start, start + found.end), _place(_STYLE, found))
        elif token.kind is Kind.FOREIGN_STYLE:
            self._foreign_style = True
            yield from self._of_value(_STYLE, inside, start, None)
        elif token.kind is Kind.RAW and token.name == "script":
            yield from self._matches(_SCRIPT_SOURCE_MAP, inside, start, places.SCRIPT_SOURCE_MAP)
        elif token.kind is Kind.DOCTYPE:
            for reference in self._matches(_QUOTED, inside, start, places.DOCTYPE):
                if not reference.url.startswith(_STANDARDS):
                    yield reference
        elif token.kind is Kind.BOGUS:
            yield from self._instruction(inside, start)

    def _matches(self, pattern: re.Pattern[bytes], text_: bytes, offset: int, place: Place) -> Iterator[Reference]:
        for match in pattern.finditer(text_):
            group = match.lastindex or 0
            url = resolve(match[group].decode("utf-8", "replace"), self._resolve_with)
            if url is not None:
                yield Reference(url, Span(offset + match.start(group), offset + match.end(group)), place)

    def _instruction(self, inside: bytes, offset: int) -> Iterator[Reference]:
        """A processing instruction with attributes, as `<?import implementation="…"?>`."""
        name = _INSTRUCTION.match(inside)
        if name is None:
            return
        for attribute in ATTRIBUTE.finditer(inside, name.end()):
            start, end = value_span(attribute)
            for row in places.rows(name[0].decode().lower(), name_of(attribute[1])):
                yield from self._of_value(row, inside[start:end], offset + start, None)


def _place(row: Row, found: Found) -> Place:
    return row.place if found.fetch is None else places.CSS[found.fetch]


def _applying(rows: tuple[Row, ...], element: Element) -> Row | None:
    """The first row whose condition holds."""
    for row in rows:
        if not row.other or row.words.intersection((element.get(row.other) or "").lower().split()):
            return row
    return None
