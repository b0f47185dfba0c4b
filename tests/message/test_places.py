"""The table of places: what its rows promise."""

import pytest

from blockproxy.message.places import BY_ATTRIBUTE, Syntax, rows
from blockproxy.message.references import in_html, read_html
from blockproxy.message.values import READERS
from blockproxy.model import Resource, Trigger


def test_every_syntax_but_a_document_has_a_reader() -> None:
    assert set(READERS) == set(Syntax) - {Syntax.DOCUMENT}


def test_names_are_written_in_lower_case_and_nothing_stands_behind_a_row_that_always_applies() -> None:
    for attribute, by_element in BY_ATTRIBUTE.items():
        assert attribute == attribute.lower()
        for element, found in by_element.items():
            assert element == element.lower()
            assert [bool(row.other) for row in found] == [True] * (len(found) - 1) + [bool(found[-1].other)]


@pytest.mark.parametrize(
    ("element", "attribute", "place"),
    [
        ("img", "src", "img src"),
        ("v:fill", "src", "fill src"),
        ("w:imagedata", "src", "imagedata src"),
        ("v:image", "src", "v:image src"),
        ("unknown", "src", "src"),
        ("p", "style", "style"),
        ("blockquote", "background", "background"),
        ("v:roundrect", "href", "roundrect href"),
    ],
)
def test_an_element_without_a_row_of_its_own_is_found_by_its_local_name_or_by_the_row_for_all(
    element: str, attribute: str, place: str
) -> None:
    assert [row.place.name for row in rows(element, attribute)] == [place]


@pytest.mark.parametrize(
    ("tag", "trigger", "resource"),
    [
        ("<a href='{}'>", Trigger.CLICK, Resource.LINK),
        ("<area href='{}'>", Trigger.CLICK, Resource.LINK),
        ("<form action='{}'>", Trigger.CLICK, Resource.FORM),
        ("<button formaction='{}'>", Trigger.CLICK, Resource.FORM),
        ("<a ping='x {}'>", Trigger.CLICK, Resource.HINT),
        ("<!--[if mso]><v:roundrect href='{}'/><![endif]-->", Trigger.CLICK, Resource.LINK),
        ("<img src='{}'>", Trigger.OPEN, Resource.IMAGE),
        ("<link rel='alternate StyleSheet' href='{}'>", Trigger.OPEN, Resource.STYLE),
        ("<link rel='shortcut icon' href='{}'>", Trigger.OPEN, Resource.IMAGE),
        ("<link rel='dns-prefetch' href='{}'>", Trigger.OPEN, Resource.HINT),
        ("<link rel='next' href='{}'>", Trigger.OPEN, Resource.OTHER),
        ("<link href='{}'>", Trigger.OPEN, Resource.OTHER),
        ("<meta http-equiv=Refresh content='5; URL={}'>", Trigger.OPEN, Resource.DOCUMENT),
        ("<meta name=msapplication-badge content='frequency=30; polling-uri={}'>", Trigger.OPEN, Resource.OTHER),
        ("<style>@font-face{{src:url({})}}</style>", Trigger.OPEN, Resource.FONT),
        ("<audio src='{}'>", Trigger.OPEN, Resource.MEDIA),
        ("<script src='{}'></script>", Trigger.OPEN, Resource.SCRIPT),
        ("<iframe src='view-source:{}'></iframe>", Trigger.OPEN, Resource.DOCUMENT),
        ("<applet archive='x, {}'>", Trigger.OPEN, Resource.DOCUMENT),
        ("<svg><a xlink:href='{}'>", Trigger.CLICK, Resource.LINK),
        ("<script>fetch('{}')</script>", Trigger.OPEN, Resource.SCRIPT),
        ("<form method=post action-xhr='{}'>", Trigger.CLICK, Resource.FORM),
        ("<amp-pixel src='{}'>", Trigger.OPEN, Resource.IMAGE),
        ("<amp-video artwork='{}'>", Trigger.OPEN, Resource.IMAGE),
    ],
)
def test_when_and_what_a_place_reaches(tag: str, trigger: Trigger, resource: Resource) -> None:
    page = tag.format("https://example.com/x")
    (found,) = in_html(page.encode())
    assert (found.place.trigger, found.place.resource) == (trigger, resource)
    assert found.url == page[slice(*found.span)] == "https://example.com/x"


def test_a_page_that_has_the_names_of_its_links_asked_for_is_found_out() -> None:
    switch = b"<meta content=' ON' name=x HTTP-Equiv='x-dns-p&#114;efetch-control'>"
    link = b"<a href='https://example.com/'>x</a>"
    found = read_html(switch + link, switches=True).references
    assert [(one.place.name, one.place.resource) for one in found] == [
        ("meta content", Resource.HINT),
        ("a href", Resource.LINK),
    ]
    assert (switch + link)[slice(*found[0].span)] == b"ON"
    off = switch.replace(b"ON", b"off") + link
    assert [one.place.name for one in read_html(off, switches=True).references] == ["a href"]


def test_structured_data_for_mail_programs_is_kept() -> None:
    assert in_html(b'<script type="application/ld+json">{"url": "https://example.com/"}</script>') == []
