"""Receipt requests lose their names and nothing else; context comes from the fields that people see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message import headers
from blockproxy.model import Entity, Origin


def _renamed(header: bytes) -> bytes:
    out = bytearray(header)
    for receipt in headers.receipts(header):
        out[receipt.span.start : receipt.span.end] = receipt.renamed
    return bytes(out)


RENAMINGS = [
    (b"Disposition-Notification-To: a@example.com\r\n\r\n", b"Xisposition-Notification-To: a@example.com\r\n\r\n"),
    (b"From: x\r\nreturn-receipt-to : <a@example.com>\r\n", b"From: x\r\nXeturn-receipt-to : <a@example.com>\r\n"),
    (b"X-Confirm-Reading-To:\r\n a@example.com\r\n", b"X-Xonfirm-Reading-To:\r\n a@example.com\r\n"),
    (b"RETURN-RECEIPT: y\nX-PMRQC: 1\n", b"XETURN-RECEIPT: y\nX-XMRQC: 1\n"),
]
UNTOUCHED = [
    b"Subject: about\r\n Disposition-Notification-To: in a folded line\r\n\r\n",
    b"X-Disposition-Notification-To: a@example.com\r\n",
    b"Disposition-Notification-Toast: a\r\n",
    b"Disposition-Notification-To\r\n",
    b"List-Unsubscribe: <https://example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    b"",
]


@pytest.mark.parametrize(("header", "expected"), RENAMINGS)
def test_a_receipt_request_gets_a_name_of_the_same_length(header: bytes, expected: bytes) -> None:
    assert _renamed(header) == expected
    assert headers.receipts(expected) == []


@pytest.mark.parametrize("header", UNTOUCHED)
def test_nothing_else_is_renamed(header: bytes) -> None:
    assert headers.receipts(header) == []


@pytest.mark.parametrize("name", headers.RECEIPT_FIELDS)
def test_every_name_of_the_table_is_found(name: bytes) -> None:
    assert len(headers.receipts(b"From: a\r\n" + name.upper() + b": b@example.com\r\n\r\n")) == 1


ENTITIES = [
    (b"", Entity("text/plain")),
    (b'Content-Type: TEXT/HTML; Charset="UTF-8"\r\n', Entity("text/html", {"charset": "UTF-8"})),
    (
        b"content-type:text/html;charset=utf-8;format=flowed\n",
        Entity("text/html", {"charset": "utf-8", "format": "flowed"}),
    ),
    (b'Content-Type: multipart/mixed;\r\n\tboundary="a b; c"\r\n', Entity("multipart/mixed", {"boundary": "a b; c"})),
    (b'Content-Type: multipart/mixed; boundary="q\\"q"\r\n', Entity("multipart/mixed", {"boundary": 'q"q'})),
    (
        b"Content-Type: multipart/mixed; boundary*0=ab; boundary*1=cd\r\n",
        Entity("multipart/mixed", {"boundary": "abcd"}),
    ),
    (b"Content-Type: multipart/mixed; a*=x; a*0=y\r\n", Entity("multipart/mixed")),
    (b"Content-Type: multipart/mixed; a*" + b"1" * 5000 + b"=x\r\n", Entity("multipart/mixed")),
    (b"Content-Type: text/html (a comment); charset=x\r\n", Entity("text/html", {"charset": "x"})),
    (b"Content-Type: text/html charset=utf-8\r\n", Entity("text/html")),
    (b'Content-Type: "text/html", charset=utf-8\r\n', Entity("text/html")),
    (b"Content-Type: html\r\n", Entity("text/plain")),
    (b"Content-Type: text/html\r\nContent-Type: text/plain\r\n", Entity("text/html")),
    (b"Content-Transfer-Encoding: Base64 (sic)\r\n", Entity("text/plain", {}, "base64")),
    (b"Content-Transfer-Encoding:\r\n quoted-printable;\r\n", Entity("text/plain", {}, "quoted-printable")),
]


@pytest.mark.parametrize(("header", "entity"), ENTITIES)
def test_an_entity_is_what_its_header_says(header: bytes, entity: Entity) -> None:
    assert headers.entity(header) == entity


CONTEXTS = [
    (b"From: A <a@News.Example.com>\r\n", Origin("news.example.com", "")),
    (b'From: "b@wrong.example" <a@example.com>\r\n', Origin("example.com", "")),
    (
        b"From: a@example.com\r\nList-Id: News <news.lists.example.org>\r\n",
        Origin("example.com", "news.lists.example.org"),
    ),
    (b"From: nobody\r\nSender: s@example.net\r\n", Origin("example.net", "")),
    (b"Subject: none\r\n", Origin("", "")),
]


@pytest.mark.parametrize(("header", "origin"), CONTEXTS)
def test_the_origin_is_the_sender_that_people_see(header: bytes, origin: Origin) -> None:
    assert headers.context(header).origin == origin


def test_the_recipients_are_those_of_to_cc_and_delivered_to() -> None:
    header = b"To: A <a@example.com>,\r\n b@example.com\r\nCc: c@example.com\r\nDelivered-To: a@example.com\r\n"
    assert headers.context(header).recipients == ("a@example.com", "b@example.com", "c@example.com")


@given(st.binary(max_size=2000))
def test_any_octets_are_a_header(octets: bytes) -> None:
    headers.entity(octets)
    headers.context(octets)
    assert headers.receipts(_renamed(octets)) == []


@pytest.mark.parametrize(
    ("field", "disposition", "file", "location"),
    [
        ('Content-Disposition: ATTACHMENT; FileName="a \\"b\\".html"', "attachment", {"filename": 'a "b".html'}, ""),
        ("Content-Disposition: inline", "inline", {}, ""),
        (
            "Content-Disposition:\r\n attachment;\r\n\tfilename*0*=utf-8''a;\r\n filename*1=b",
            "attachment",
            {"filename*0*": "utf-8''a", "filename*1": "b"},
            "",
        ),
        ("content-location: <http://a.example/\r\n b>", "", {}, "http://a.example/b"),
        ('Content-Base: "http://a.example/"', "", {}, "http://a.example/"),
        ("Content-Base: http://b.example/\r\nContent-Location: http://a.example/", "", {}, "http://a.example/"),
        ("X-Content-Location: http://a.example/", "", {}, ""),
    ],
)
def test_an_entity_knows_its_file_and_where_it_lay(
    field: str, disposition: str, file: dict[str, str], location: str
) -> None:
    entity = headers.entity(f"{field}\r\n\r\n".encode())
    assert (entity.disposition, entity.file, entity.location) == (disposition, file, location)
