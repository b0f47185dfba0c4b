"""Calendars (RFC 5545) and contact cards (RFC 6350): content lines, and what each property does with a URL.

A line is folded anywhere, in a URL too: the folds are a layer of their own, so that a URL is read whole and its fold
octets stay. Opening fetches what a program shows or plays by itself: attachments, pictures, sounds, the text in HTML.
Everything else is a link that somebody follows, above all the one to the meeting, and is never written over.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from blockproxy.message import documents, layers, text
from blockproxy.message.documents import Document, Kind
from blockproxy.message.references import Reading, resolve
from blockproxy.message.transfer import Base64, Decoded, UndecodableError
from blockproxy.model import Place, Reference, Resource, Span, Trigger

_OPEN, _CLICK = Trigger.OPEN, Trigger.CLICK

# Properties and parameters whose URL is fetched when the calendar or the card is opened, imported or rings.
_CALENDAR = {
    b"ATTACH": Resource.DOCUMENT,  # section 3.8.1.1; in a VALARM the sound that rings, or the program that is run
    b"IMAGE": Resource.IMAGE,  # RFC 7986, section 5.10
    b"SOURCE": Resource.OTHER,  # RFC 7986, section 5.8: where it is fetched from again and again
    b"TZURL": Resource.OTHER,
    b"STRUCTURED-DATA": Resource.DOCUMENT,  # RFC 9073
    b"STYLED-DESCRIPTION": Resource.DOCUMENT,
    b"X-ALT-DESC": Resource.DOCUMENT,
    b"ALTREP": Resource.DOCUMENT,  # a parameter: section 3.2.1, the same text at a URL
}
_CARD = {
    b"PHOTO": Resource.IMAGE,  # RFC 6350, section 6.2.4
    b"LOGO": Resource.IMAGE,
    b"SOUND": Resource.MEDIA,
    b"KEY": Resource.OTHER,
    b"SOURCE": Resource.OTHER,  # section 6.1.3: where the newest card is
    b"FBURL": Resource.OTHER,  # section 6.9.1: asked whether somebody is free
    b"AGENT": Resource.DOCUMENT,  # vCard 3
    b"ALTID": Resource.OTHER,
}
_HTML = frozenset({b"X-ALT-DESC", b"STYLED-DESCRIPTION"})

_LINE = re.compile(
    rb"(?:[A-Za-z0-9-]++\.)?+([A-Za-z0-9-]++)((?:;[^:;\"\r\n]*+(?:\"[^\"\r\n]*+\"[^:;\"\r\n]*+)*+)*+):([^\r\n]*+)"
)
_PARAMETER = re.compile(rb";([A-Za-z0-9-]++)=(?:\"([^\"\r\n]*+)\"|([^;:\"\r\n]*+))")
_BEGINS = re.compile(rb"^", re.MULTILINE)
_URL = re.compile(rb"[\t ]*+((?:https?|ftp|file):[^\s\"<>]++|[/\\]{2}[^\s\"<>]++)", re.IGNORECASE)


class _Line(NamedTuple):
    """One property: its name in upper case, its parameters, and where its value stands."""

    name: bytes
    parameters: dict[bytes, bytes]
    start: int
    value: bytes


def unfold_calendar(view: bytes, _base: str | None = None) -> Reading:
    """A text/calendar part as it was sent: the document without its folds."""
    return _unfolded(view, Kind.CALENDAR_LINES, "calendar")


def unfold_card(view: bytes, _base: str | None = None) -> Reading:
    """A text/vcard part as it was sent."""
    return _unfolded(view, Kind.CARD_LINES, "card")


def _unfolded(view: bytes, kind: Kind, name: str) -> Reading:
    layer = layers.Layer(view, layers.FOLDED)
    place = Place(name, _CLICK, Resource.DOCUMENT)
    return Reading([], [Document(kind, Span(0, len(view)), layer, place)] if b":" in view else [])


def read_calendar(view: bytes, _base: str | None = None) -> Reading:
    """Lines of a calendar without folds."""
    return _read(view, _CALENDAR, "calendar")


def read_card(view: bytes, _base: str | None = None) -> Reading:
    """Lines of a card without folds."""
    return _read(view, _CARD, "card")


def _read(view: bytes, opened: dict[bytes, Resource], name: str) -> Reading:
    reading = Reading([], [])
    for line in _lines(view, reading, opened, name):
        resource = opened.get(line.name)
        if resource is None:
            _links(line, reading, f"{name} {line.name.decode().lower()}")
            continue
        place = Place(f"{name} {line.name.decode().lower()}", _OPEN, resource)
        document = _document(line, place)
        url = _URL.match(line.value)
        if document is not None:
            reading.documents.append(document)
        elif url is not None:
            _add(url[1], line.start + url.start(1), place, reading)
    return reading


def _lines(view: bytes, reading: Reading, opened: dict[bytes, Resource], name: str) -> Iterator[_Line]:
    """Every property; URLs in parameters go into `reading` on the way."""
    position = 0
    while position >= 0:
        match = _LINE.match(view, position)
        if match is not None:
            parameters = {}
            for parameter in _PARAMETER.finditer(view, *match.span(2)):
                key, group = parameter[1].upper(), 2 if parameter[2] is not None else 3
                parameters[key] = parameter[group]
                trigger, resource = (_OPEN, opened[key]) if key in opened else (_CLICK, Resource.LINK)
                if _URL.match(parameter[group]):
                    place = Place(f"{name} {key.decode().lower()}", trigger, resource)
                    _add(parameter[group], parameter.start(group), place, reading)
            yield _Line(match[1].upper(), parameters, match.start(3), match[3])
        found = view.find(b"\n", position)
        position = found + 1 if found >= 0 else -1


def _links(line: _Line, reading: Reading, name: str) -> None:
    """What can be clicked in a value, whether that is a URL or a text with URLs in it."""
    if b"://" not in line.value:
        return
    layer = layers.Layer(line.value, layers.ESCAPED)
    for span in text.urls(layer.octets):
        start, end = layer.locate(span)
        _add(layer.octets[slice(*span)], line.start + start, Place(name, _CLICK, Resource.LINK), reading, end - start)


def _add(written: bytes, start: int, place: Place, reading: Reading, length: int = 0) -> None:
    url = resolve(written.decode("utf-8", "replace"))
    if url is not None:
        reading.references.append(Reference(url, Span(start, start + (length or len(written))), place))


def _document(line: _Line, place: Place) -> Document | None:
    """What stands in a value as it is: HTML as text, a file in base64, or a `data:` URL."""
    span = Span(line.start, line.start + len(line.value))
    as_it_is = layers.Layer(line.value, layers.AS_IT_IS)
    in_url = documents.in_url(as_it_is, span, place, None, style=False)
    if in_url is not None:
        return in_url
    media_type = line.parameters.get(b"FMTTYPE", b"text/html" if line.name in _HTML else b"").lower()
    kind = documents.kind_of(media_type) if media_type else None
    if line.parameters.get(b"ENCODING", b"").upper() in {b"BASE64", b"B"}:
        decoded = _base64(line.value) if kind is not None else None
        return Document(kind, span, decoded, place) if kind is not None and decoded is not None else None
    if line.name in _HTML and kind is Kind.HTML and not _URL.fullmatch(line.value):
        return Document(Kind.HTML, span, layers.Layer(line.value, layers.ESCAPED), place)
    return None


def _base64(value: bytes) -> Decoded | None:
    try:
        return Base64(value)
    except UndecodableError:
        return None
