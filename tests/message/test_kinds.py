"""What a part is: by its type, or by the name of its file where the type says nothing."""

import pytest

from blockproxy.message import headers, kinds
from blockproxy.message.documents import Kind
from blockproxy.model import Entity


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Content-Type: text/html", Kind.HTML),
        ("Content-Type: IMAGE/SVG+xml; name=a.png", Kind.XML),
        ("Content-Type: text/x-amp-html", Kind.HTML),
        ("Content-Type: text/css", Kind.CSS),
        ("Content-Type: text/calendar; method=REQUEST", Kind.CALENDAR),
        ("Content-Type: application/ics", Kind.CALENDAR),
        ("Content-Type: text/vcard", Kind.CARD),
        ("Content-Type: text/plain", Kind.TEXT),
        ("", Kind.TEXT),
        ("Content-Type: application/pdf", None),
        ("Content-Type: image/png; name=a.html", None),
        ("Content-Type: application/octet-stream", None),
        ("Content-Type: application/octet-stream; name=a.htm", Kind.HTML),
        ('Content-Type: application/octet-stream; name="A.B.SVG "', Kind.XML),
        ("Content-Type: application/octet-stream; name=html", None),
        ("Content-Type: application/octet-stream; name=invite.ics", Kind.CALENDAR),
        ("Content-Type: application/x-download\nContent-Disposition: attachment; filename=a.vcf", Kind.CARD),
        ("Content-Type: application/octet-stream\nContent-Disposition: inline;\n filename=a.eml", Kind.MESSAGE),
        # The name of the disposition is the one that counts.
        (
            "Content-Type: application/octet-stream; name=a.pdf\nContent-Disposition: attachment; filename=a.css",
            Kind.CSS,
        ),
        ("Content-Type: application/octet-stream; name=a.css\nContent-Disposition: attachment; filename=a.pdf", None),
        # RFC 2231 and RFC 2047, and programs that confuse them.
        (
            "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=utf-8''%61.h%74ml",
            Kind.HTML,
        ),
        ("Content-Type: application/octet-stream\nContent-Disposition: x; filename*0=a.h; filename*1=tml", Kind.HTML),
        ("Content-Type: application/octet-stream; name*0*=utf-8''a.h; name*1=tml", Kind.HTML),
        ('Content-Type: application/octet-stream; name="=?utf-8?B?YS5odG1s?="', Kind.HTML),
        ('Content-Type: application/octet-stream; name="=?broken?x?=.html"', Kind.HTML),
        # A text that is sent as a file is opened by the program that its name asks for.
        ("Content-Type: text/plain; name=a.html", Kind.TEXT),
        ("Content-Type: text/plain\nContent-Disposition: attachment; filename=a.html", Kind.HTML),
        ("Content-Type: text/plain\nContent-Disposition: attachment; filename=a.diff", Kind.TEXT),
        ("Content-Type: message/delivery-status; name=a.html", None),
        ("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64", Kind.MESSAGE),
    ],
)
def test_a_part_is_read_as_what_a_reader_would_open_it_as(header: str, kind: Kind | None) -> None:
    assert kinds.kind_of(headers.entity(f"{header}\n\n".encode())) is kind


def test_the_name_may_come_from_a_server_that_has_put_its_pieces_together_or_not() -> None:
    for file in (
        {"filename": "a.html"},
        {"filename*": "utf-8''a.html"},
        {"filename*0*": "utf-8''a", "filename*1": ".html"},
    ):
        assert kinds.kind_of(Entity("application/octet-stream", file=file)) is Kind.HTML


@pytest.mark.timeout(5)
def test_a_name_of_a_megabyte_is_read_in_linear_time() -> None:
    for name in ("=?" * 300_000, "=?utf-8?q?" + "a" * 900_000, "%4" * 300_000):
        kinds.kind_of(Entity("application/octet-stream", file={"filename": name, "filename*": name}))
        kinds.kind_of(Entity("application/octet-stream", file={"filename*": name}))
