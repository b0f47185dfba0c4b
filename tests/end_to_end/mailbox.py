"""A mailbox of about sixty messages: every shape that mail clients are known to trip over, with and without trackers.

All senders, addresses and tokens are made up. The hosts are those of real trackers, which the rules know.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from tests.end_to_end.compose import CRLF, base64_lines, entity, lines, message, multipart, quoted_printable

MIB = 1024 * 1024
MANY_TRACKERS = 1_200
TRACKER_HOST = b"list-manage.com"
_TRACKER = "https://gazette.us1.list-manage.com/track/open.php?u=fa4e0000{n:04d}&id=fa4e{n:04d}&e=fa4e"


def tracker(number: int = 1) -> str:
    """The URL of an open pixel with a made-up token of its own."""
    return _TRACKER.format(n=number)


def pixel(number: int = 1) -> str:
    """An open pixel."""
    return f'<img src="{tracker(number)}" width="1" height="1" alt="">'


def page(*content: str) -> bytes:
    """An HTML document with `content` as the lines of its body."""
    return lines(
        '<html><head><meta charset="utf-8"><title>The Gazette</title></head>',
        "<body>",
        "<h1>Good morning, Anna</h1>",
        "<p>Grüße aus Köln, the sun is out and the market is open.</p>",
        *content,
        "</body></html>",
    )


TRACKED = page(pixel())
HTML = 'text/html; charset="utf-8"'
PLAIN = 'text/plain; charset="utf-8"'
TEXT = entity(PLAIN, lines("Good morning, Anna.", "The market is open."))


def _alternative(boundary: str, html: bytes) -> bytes:
    return multipart("alternative", boundary, TEXT, html)


def _soft_broken() -> bytes:
    """The tracker's URL cut by a soft line break, its `=` written `=3D`."""
    before, after = tracker().replace("=", "=3D").split("open.php")
    return entity(HTML, b"", "quoted-printable") + lines(
        "<p>Hello</p>", f'<img src=3D"{before}=', f'open.php{after}" width=3D1 height=3D1>'
    )


def _lower_case_hex() -> bytes:
    encoded = quoted_printable(TRACKED).replace(b"=3D", b"=3d").replace(b"=C3", b"=c3")
    return entity(HTML, b"", "quoted-printable") + encoded


def _everything_nested() -> bytes:
    picture = entity(
        "image/png", bytes(range(256)) * 8, "base64", "Content-ID: <logo@example.net>", "Content-Disposition: inline"
    )
    document = entity(
        "application/pdf", b"%PDF-1.4\n" + bytes(range(256)) * 20, "base64", "Content-Disposition: attachment"
    )
    html = entity(HTML, page('<img src="cid:logo@example.net">', pixel()), "quoted-printable")
    related = multipart("related", "rel-1", _alternative("alt-1", html), picture)
    return multipart("mixed", "mix-1", related, document)


def _attached(inner: bytes) -> bytes:
    return multipart("mixed", "fwd-1", TEXT, entity("message/rfc822", inner))


def _digest() -> bytes:
    inner = [message(f"digest {n}", entity(HTML, page(pixel(n)), "quoted-printable")) for n in range(3)]
    return multipart("digest", "dig-1", *(CRLF + one for one in inner))


def _large_attachment() -> bytes:
    octets = bytes(range(256)) * (5 * MIB // 256)
    attachment = entity(
        "application/octet-stream", octets, "base64", 'Content-Disposition: attachment; filename="film.bin"'
    )
    return multipart("mixed", "big-1", entity(HTML, TRACKED, "quoted-printable"), attachment)


def _signed(protocol: str) -> bytes:
    html = entity(HTML, TRACKED, "quoted-printable")
    signature = entity(protocol, b"not really a signature", "base64")
    content = multipart("signed", "sig-1", html, signature)
    parameters = f'multipart/signed; protocol="{protocol}"; micalg=sha-256'.encode()
    return content.replace(b"multipart/signed", parameters, 1)


def _encrypted() -> bytes:
    version = entity("application/pgp-encrypted", lines("Version: 1"))
    secret = entity(
        "application/octet-stream",
        lines("-----BEGIN PGP MESSAGE-----", "", "bm90IHJlYWxseQ==", "-----END PGP MESSAGE-----"),
    )
    content = multipart("encrypted", "enc-1", version, secret)
    return content.replace(b"multipart/encrypted", b'multipart/encrypted; protocol="application/pgp-encrypted"', 1)


def _many_trackers() -> bytes:
    """A tracker about every 400 octets, so that any edge between two chunks is likely to cut one."""
    story = "<p>" + "The market opens at nine and closes when everybody has gone home. " * 3 + "</p>"
    return entity(HTML, page(*(story + pixel(n) for n in range(MANY_TRACKERS))), "quoted-printable")


def _deeply_nested(depth: int) -> bytes:
    content = entity(HTML, TRACKED, "base64")
    for level in range(depth):
        content = multipart("mixed", f"level-{level:02d}", content)
    return content


def _bounce() -> bytes:
    status = entity(
        "message/delivery-status",
        lines(
            "Reporting-MTA: dns; mail.example.net",
            "",
            "Final-Recipient: rfc822; x@example.net",
            "Action: failed",
            "Status: 5.1.1",
        ),
    )
    returned = entity("message/rfc822", message("returned", entity(HTML, TRACKED, "quoted-printable")))
    return multipart("report", "bnc-1", TEXT, status, returned).replace(
        b"multipart/report", b"multipart/report; report-type=delivery-status", 1
    )


def _receipt() -> bytes:
    note = entity(
        "message/disposition-notification",
        lines("Final-Recipient: rfc822; x@example.net", "Disposition: manual-action/MDN-sent-manually; displayed"),
    )
    return multipart("report", "mdn-1", TEXT, note).replace(
        b"multipart/report", b"multipart/report; report-type=disposition-notification", 1
    )


def _base64_of_width(width: int) -> bytes:
    return entity(HTML, b"", "base64") + base64_lines(TRACKED, width)


RECEIPTS = (
    "Disposition-Notification-To: <news@example.net>",
    "Return-Receipt-To: news@example.net",
    "X-Confirm-Reading-To: news@example.net",
    "disposition-notification-to: Several\r\n\t<news@example.net>, <other@example.net>",
    "Read-Receipt-To: news@example.net",
)

_HIDDEN = '<div style="display:none"><img src="https://pixel.example.com/o/fa4e0000fa4e0000fa4e0000?r=fa4e1"></div>'
_DECORATED = (
    '<a href="https://shop.example.com/market?utm_source=gazette&amp;mc_eid=fa4e000001&amp;article=7">Read on</a>'
)
_REDIRECT = '<a href="https://gazette.us1.list-manage.com/track/click?u=fa4e&amp;id=fa4e&amp;e=fa4e">Read on</a>'
_OUTLOOK = f"<!--[if mso]><table><tr><td>{pixel(2)}</td></tr></table><![endif]-->"
_ANGULAR = f"<IMG WIDTH=1 HEIGHT=1 SRC={tracker().replace('&', '&amp;')}>"
_STYLED = (
    f"<style>.x {{ background: url('{tracker(3)}') }}</style>"
    f'<p class="x" style="background-image: url({tracker(4)})">x</p>'
)

_SHAPES: dict[str, Callable[[], bytes]] = {
    "plain ascii": lambda: TEXT,
    "format flowed": lambda: entity(
        "text/plain; format=flowed",
        lines("A line that flows ", "into the next.", "", "> quoted ", "> text", f"See {tracker()}"),
    ),
    "text quoted-printable": lambda: entity(PLAIN, "Größe = 5\r\n".encode() * 20, "quoted-printable"),
    "text 8bit": lambda: entity(PLAIN, "Größe\r\n".encode() * 20, "8bit"),
    "text latin-1": lambda: entity("text/plain; charset=iso-8859-1", "Größe\r\n".encode("latin-1") * 20, "8bit"),
    "text koi8-r": lambda: entity("text/plain; charset=koi8-r", "Доброе утро\r\n".encode("koi8-r"), "base64"),
    "html koi8-r": lambda: entity(
        "text/html; charset=koi8-r", f"<p>Доброе утро{pixel()}</p>\r\n".encode("koi8-r"), "base64"
    ),
    "alternative": lambda: _alternative("alt-2", entity(HTML, TRACKED, "quoted-printable")),
    "alternative soft broken": lambda: _alternative("alt-3", _soft_broken()),
    "alternative base64": lambda: _alternative("alt-4", entity(HTML, TRACKED, "base64")),
    "html quoted-printable": lambda: entity(HTML, TRACKED, "quoted-printable"),
    "html base64": lambda: entity(HTML, TRACKED, "base64"),
    "html 8bit": lambda: entity(HTML, TRACKED, "8bit"),
    "html 7bit": lambda: entity(HTML, lines(f"<p>Good morning{pixel()}</p>"), "7bit"),
    "html lower-case hex": _lower_case_hex,
    "html base64 odd lines": lambda: _base64_of_width(57),
    "html base64 one line": lambda: _base64_of_width(100_000),
    "html without charset": lambda: entity("text/html", TRACKED, "8bit"),
    "html utf-16": lambda: entity("text/html; charset=utf-16le", TRACKED.decode().encode("utf-16-le"), "base64"),
    "html gb18030": lambda: entity(
        "text/html; charset=gb18030", f"<p>早上好{pixel()}</p>\r\n".encode("gb18030"), "8bit"
    ),
    "html iso-2022-jp": lambda: entity(
        "text/html; charset=iso-2022-jp", f"<p>おはよう{pixel()}</p>\r\n".encode("iso-2022-jp"), "7bit"
    ),
    "html broken escapes": lambda: (
        entity(HTML, b"", "quoted-printable") + lines("100 = percent =XY", pixel().replace("=", "=3D"), "=")
    ),
    "html unquoted attributes": lambda: entity(HTML, page(_ANGULAR), "7bit"),
    "html css": lambda: entity(HTML, page(_STYLED), "quoted-printable"),
    "html hidden": lambda: entity(HTML, page(_HIDDEN), "quoted-printable"),
    "html decorated link": lambda: entity(HTML, page(_DECORATED), "quoted-printable"),
    "html redirect": lambda: entity(HTML, page(_REDIRECT), "quoted-printable"),
    "html conditional comment": lambda: entity(HTML, page(_OUTLOOK), "quoted-printable"),
    "html many lines": lambda: entity(HTML, page(pixel(), *["<p>The market.</p>"] * 1_500), "quoted-printable"),
    "amp": lambda: multipart(
        "alternative",
        "amp-1",
        TEXT,
        entity("text/x-amp-html", page(pixel()), "quoted-printable"),
        entity(HTML, TRACKED, "base64"),
    ),
    "everything nested": _everything_nested,
    "attached message": lambda: _attached(message("inner", entity(HTML, TRACKED, "quoted-printable"))),
    "attached twice": lambda: _attached(
        message("outer", _attached(message("innermost", entity(HTML, TRACKED, "base64"))))
    ),
    "attached with a receipt": lambda: _attached(message("asks", TEXT, RECEIPTS[0])),
    "digest": _digest,
    "large attachment": _large_attachment,
    "signed pgp": lambda: _signed("application/pgp-signature"),
    "signed smime": lambda: _signed("application/pkcs7-signature"),
    "encrypted pgp": _encrypted,
    "encrypted smime": lambda: entity(
        "application/pkcs7-mime; smime-type=enveloped-data", bytes(range(256)) * 4, "base64"
    ),
    "long text": lambda: entity(
        PLAIN, b"The market opens at nine and closes when everybody has gone home.\r\n" * 4_500
    ),
    "many trackers": _many_trackers,
    "calendar": lambda: multipart(
        "alternative",
        "cal-1",
        TEXT,
        entity("text/calendar; method=REQUEST", lines("BEGIN:VCALENDAR", f"URL:{tracker()}", "END:VCALENDAR")),
    ),
    "missing closing boundary": lambda: multipart(
        "mixed", "open-1", TEXT, entity(HTML, TRACKED, "quoted-printable"), closed=False
    ),
    "nested without an end": lambda: multipart(
        "mixed", "open-2", multipart("alternative", "open-3", TEXT, entity(HTML, TRACKED, "base64"), closed=False)
    ),
    "same boundary twice": lambda: multipart(
        "mixed", "same", multipart("alternative", "same", TEXT, entity(HTML, TRACKED, "7bit"))
    ),
    "preamble and epilogue": lambda: (
        multipart("mixed", "pre-1", entity(HTML, TRACKED, "base64")).replace(
            CRLF + b"--pre-1", CRLF + lines(f"preamble {pixel()}") + b"--pre-1", 1
        )
        + lines(pixel())
    ),
    "no parts": lambda: lines('Content-Type: multipart/mixed; boundary="none"') + CRLF + lines("nothing here"),
    "deeply nested": lambda: _deeply_nested(30),
    "bounce": _bounce,
    "receipt": _receipt,
    "empty body": lambda: lines("Content-Type: text/plain") + CRLF,
    "header only": lambda: lines("Content-Type: text/html"),
    "line without a colon": lambda: lines("Content-Type: text/html", "this is not a field") + CRLF + TRACKED,
    "folded content type": lambda: entity('text/html;\r\n\tcharset="utf-8"', TRACKED, "quoted-printable"),
    "no type": lambda: CRLF + lines("Just text.", tracker()),
}


@cache
def messages() -> Mapping[str, bytes]:
    """Every message of the mailbox by its name, which is its subject, in an order that stays."""
    from tests.end_to_end.carriers import SHAPES  # which are built of what is above

    found = {name: message(name, build()) for name, build in (_SHAPES | SHAPES).items()}
    found["newsletter"] = message(
        "newsletter",
        _alternative("nws-1", entity(HTML, page(pixel(), _DECORATED, _REDIRECT), "quoted-printable")),
        "List-Id: <gazette.example.net>",
        f"List-Unsubscribe: <{tracker(9)}>",
    )
    for number, field in enumerate(RECEIPTS, start=1):
        found[f"receipt header {number}"] = message(f"receipt header {number}", TEXT, field)
    return MappingProxyType(found)
