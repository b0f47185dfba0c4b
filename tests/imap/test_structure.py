"""BODYSTRUCTURE: the parts by their numbers, and what servers make of it."""

import pytest

from blockproxy.imap.structure import MAX_DEPTH, parse
from blockproxy.model import Entity

HTML = b'("TEXT" "html" ("CHARSET" "UTF-8") NIL NIL "QUOTED-PRINTABLE" 12 1)'
PDF = b'("application" "pdf" NIL NIL NIL "base64" 12 NIL ("attachment" ("filename" "a)b\\".pdf")))'
MIXED = b"(" + HTML + PDF + b' "MIXED" ("Boundary" "=_1 2") NIL NIL)'
MESSAGE = b'("message" "rfc822" NIL NIL NIL "7bit" 99 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) %b 9)'
SIGNED = b"(" + MIXED + b'("application" "pgp-signature" NIL NIL NIL "7bit" 9) "signed" ("boundary" "s"))'
UTF8_HTML = Entity("text/html", {"charset": "UTF-8"}, "quoted-printable")


@pytest.mark.parametrize(
    ("raw", "number", "entity"),
    [
        (HTML, "1", UTF8_HTML),
        (HTML, "2", None),
        (HTML, "1.1", None),
        (MIXED, "1", UTF8_HTML),
        (
            MIXED,
            "2",
            Entity("application/pdf", {}, "base64", disposition="attachment", file={"filename": 'a)b".pdf'}),
        ),
        (
            b'("text" "html" NIL NIL NIL "7bit" 1 1 NIL ("INLINE" NIL) NIL "http://a.example/ b")',
            "1",
            Entity("text/html", {}, disposition="inline", location="http://a.example/b"),
        ),
        (MIXED, "3", None),
        (MIXED, "0", None),
        (b"(" + HTML + MIXED + b' "mixed")', "2.1", UTF8_HTML),
        (b"(" + HTML + MIXED + b' "mixed")', "2", Entity("multipart/mixed", {"boundary": "=_1 2"}, "7bit")),
        (b"(" + HTML + MESSAGE % MIXED + b' "mixed")', "2", Entity("message/rfc822", {}, "7bit")),
        (b"(" + HTML + MESSAGE % MIXED + b' "mixed")', "2.1", UTF8_HTML),
        (b"(" + HTML + MESSAGE % HTML + b' "mixed")', "2.1", UTF8_HTML),
        (b"(" + HTML + MESSAGE % HTML + b' "mixed")', "2.2", None),
        (MESSAGE % HTML, "1", Entity("message/rfc822", {}, "7bit")),
        (MESSAGE % HTML, "1.1", UTF8_HTML),
        (MESSAGE % (MESSAGE % HTML), "1.1.1", UTF8_HTML),
        (SIGNED, "1.1", Entity("text/html", {"charset": "UTF-8"}, "quoted-printable", protected=True)),
        (SIGNED, "2", Entity("application/pgp-signature", {}, "7bit", protected=True)),
    ],
)
def test_a_part_is_found_by_its_number(raw: bytes, number: str, entity: Entity | None) -> None:
    node = parse(raw)
    assert node is not None
    assert node.part(number) == entity


@pytest.mark.parametrize(
    ("raw", "number", "entity"),
    [
        (HTML, "", UTF8_HTML),
        (MIXED, "", Entity("multipart/mixed", {"boundary": "=_1 2"}, "7bit")),
        (MIXED, "1", None),
        (b"(" + HTML + MESSAGE % MIXED + b' "mixed")', "2", Entity("multipart/mixed", {"boundary": "=_1 2"}, "7bit")),
        (MESSAGE % HTML, "1", UTF8_HTML),
    ],
)
def test_a_text_is_the_body_of_a_message(raw: bytes, number: str, entity: Entity | None) -> None:
    node = parse(raw)
    assert node is not None
    assert node.text(number) == entity


@pytest.mark.parametrize(
    "raw",
    [
        b"NIL",
        b"",
        b"()",
        b"(NIL)",
        b'("text" "plain")',
        b'("text" "plain" NIL',
        b'"text"',
        b'("text" "plain" NIL NIL NIL "7bit" 1 1))',
        b"(" * 100_000,
        b"(" * (MAX_DEPTH + 1) + HTML + b' "mixed")' * (MAX_DEPTH + 1),
    ],
)
def test_what_is_no_structure_is_none(raw: bytes) -> None:
    assert parse(raw) is None


@pytest.mark.parametrize(
    ("raw", "media_type"),
    [
        (b'("text" "plain" NIL NIL NIL NIL -1 -1)', "text/plain"),
        (b'({4}\r\ntext {5}\r\nplain ("name" {3}\r\n)"( ) NIL NIL "7bit" 1 1)', "text/plain"),
        (b'("TEXT" "PLAIN"  ("a") NIL NIL "7BIT" 1 1 )', "text/plain"),
        (b'(NIL NIL NIL NIL NIL "7bit" 1)', "/"),
        (b"(" + HTML + b")", "multipart/mixed"),
        (b"(" + HTML + b'("x") "related" NIL)', "multipart/related"),
        (b'("message" "rfc822" NIL NIL NIL "7bit" 1 NIL NIL NIL)', "message/rfc822"),
    ],
)
def test_odd_structures_are_read_as_far_as_they_go(raw: bytes, media_type: str) -> None:
    node = parse(raw)
    assert node is not None
    assert node.entity.media_type == media_type
