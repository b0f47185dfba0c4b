"""Calendars and cards: what opening fetches, what a click follows, and where that is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.leaf import READERS
from blockproxy.message.documents import Kind
from blockproxy.message.lines import read_calendar, read_card, unfold_calendar
from blockproxy.model import Reference, Resource, Trigger

URL = "https://example.com/x"


def found(page: str, kind: Kind = Kind.CALENDAR_LINES) -> list[Reference]:
    return READERS[kind](page.encode(), None).references


@pytest.mark.parametrize(
    ("line", "trigger", "place"),
    [
        ("ATTACH:{}", Trigger.OPEN, "calendar attach"),
        ("attach;FMTTYPE=audio/basic:{}", Trigger.OPEN, "calendar attach"),
        ('ATTACH;X-NAME="a:b;c":{}', Trigger.OPEN, "calendar attach"),
        ("IMAGE;VALUE=URI;DISPLAY=BADGE:{}", Trigger.OPEN, "calendar image"),
        ("SOURCE;VALUE=URI:{}", Trigger.OPEN, "calendar source"),
        ('DESCRIPTION;ALTREP="{}":text', Trigger.OPEN, "calendar altrep"),
        ("X-ALT-DESC;FMTTYPE=text/html:{}", Trigger.OPEN, "calendar x-alt-desc"),
        ("URL:{}", Trigger.CLICK, "calendar url"),
        ("CONFERENCE;VALUE=URI;FEATURE=VIDEO:{}", Trigger.CLICK, "calendar conference"),
        ("X-GOOGLE-CONFERENCE:{}", Trigger.CLICK, "calendar x-google-conference"),
        ("LOCATION:Room 7\\, or {}", Trigger.CLICK, "calendar location"),
        ("DESCRIPTION:Join\\n{}\\nor call", Trigger.CLICK, "calendar description"),
        ('ATTENDEE;DIR="{}":mailto:a@example.com', Trigger.CLICK, "calendar dir"),
        ("X-UNKNOWN:{}", Trigger.CLICK, "calendar x-unknown"),
    ],
)
def test_when_a_property_of_a_calendar_reaches_the_network(line: str, trigger: Trigger, place: str) -> None:
    page = f"BEGIN:VEVENT\r\n{line.format(URL)}\r\nEND:VEVENT\r\n"
    (reference,) = found(page)
    assert (reference.place.trigger, reference.place.name, reference.url) == (trigger, place, URL)
    assert page[slice(*reference.span)] == URL


@pytest.mark.parametrize(
    ("line", "trigger", "resource"),
    [
        ("PHOTO;VALUE=uri:{}", Trigger.OPEN, Resource.IMAGE),
        ("item1.LOGO:{}", Trigger.OPEN, Resource.IMAGE),
        ("SOUND:{}", Trigger.OPEN, Resource.MEDIA),
        ("SOURCE:{}", Trigger.OPEN, Resource.OTHER),
        ("item1.URL;type=pref:{}", Trigger.CLICK, Resource.LINK),
        ("NOTE:see {}", Trigger.CLICK, Resource.LINK),
        ("X-SOCIALPROFILE;type=x:{}", Trigger.CLICK, Resource.LINK),
    ],
)
def test_when_a_property_of_a_card_reaches_the_network(line: str, trigger: Trigger, resource: Resource) -> None:
    page = f"BEGIN:VCARD\n{line.format(URL)}\nEND:VCARD"
    (reference,) = found(page, Kind.CARD_LINES)
    assert (reference.place.trigger, reference.place.resource) == (trigger, resource)
    assert page[slice(*reference.span)] == reference.url == URL


@pytest.mark.parametrize(
    "line",
    [
        "ATTACH:CID:part1@example.com",
        "ATTACH:data:image/png\\;base64\\,AAAA",
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ//",
        "UID:https",
        "ORGANIZER:mailto:a@example.com",
        "DTSTART:20260101T000000Z",
        "no colon https//example.com",
    ],
)
def test_what_stays_in_the_message_is_no_reference(line: str) -> None:
    assert (found(line), found(line, Kind.CARD_LINES)) == ([], [])


def test_a_value_may_hold_a_document() -> None:
    page = (
        b'X-ALT-DESC;FMTTYPE=text/html:<a href="https://example.com/?a=1&amp\\;b=2">x</a>\n'
        b"ATTACH;FMTTYPE=text/html;ENCODING=BASE64;VALUE=BINARY:PGltZyBzcmM9Ly9hLmV4YW1wbGU+\n"
        b"IMAGE:data:image/svg+xml,<svg/>\n"
        b"STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<p>\n"
    )
    documents = read_calendar(page).documents
    assert [document.decoded.octets for document in documents] == [
        b'<a href="https://example.com/?a=1&amp;b=2">x</a>',
        b"<img src=//a.example>",
        b"<svg/>",
        b"<p>",
    ]
    assert [document.kind for document in documents] == [Kind.HTML, Kind.HTML, Kind.XML, Kind.HTML]
    assert read_card(page).documents == []


def test_a_folded_line_is_read_as_one() -> None:
    (document,) = unfold_calendar(b"ATTACH:https://exam\r\n ple.com/x\r\n\r\n  y\n\tz").documents
    assert document.decoded.octets == b"ATTACH:https://example.com/x\r\n y" + b"z"


PIECES = st.sampled_from(
    [
        b"ATTACH",
        b"URL",
        b"X-ALT-DESC",
        b";",
        b":",
        b'"',
        b"=",
        b"https://a.example/",
        b"\r\n",
        b"\n ",
        b"\\",
        b",",
        b"\x00",
        b"\xff",
        b".",
    ]
)


@given(st.lists(PIECES, max_size=20).map(b"".join), st.sampled_from([Kind.CALENDAR_LINES, Kind.CARD_LINES]))
def test_reading_never_fails_and_spans_lie_inside(page: bytes, kind: Kind) -> None:
    reading = READERS[kind](page, None)
    spans = [one.span for one in reading.references] + [one.span for one in reading.documents]
    assert all(0 <= start <= end <= len(page) for start, end in spans)
