"""What is quiet at a glance is quiet when it is read with care."""

import base64
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockproxy import cleaner
from blockproxy.cleaner import Cleaner
from blockproxy.detect.rules import built_in
from blockproxy.leaf import READERS
from blockproxy.message import kinds, quiet
from blockproxy.message.charset import view
from blockproxy.message.mime import Kind, Scanner
from blockproxy.message.quiet import is_quiet
from blockproxy.message.references import Reading
from blockproxy.message.transfer import decode
from blockproxy.model import Cleaned
from tests import generated
from tests.corpus_path import messages

TEXT = "Content-Type: text/plain; charset=utf-8\n"
HTML = "Content-Type: text/html; charset=utf-8\n"
QP = "Content-Transfer-Encoding: quoted-printable\n"
BASE64 = "Content-Transfer-Encoding: base64\n"


def multipart(boundary: str) -> str:
    return f'Content-Type: multipart/alternative; boundary="{boundary}"\n\n'


TWO = multipart("b")


def in_base64(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def crlf(message: str) -> bytes:
    return message.replace("\n", "\r\n").encode()


QUIET = {
    "text": f"{TEXT}\nHello: 1/2 // and /etc: yes\n",
    "no header of MIME": "Subject: a\n\nHello.\n",
    "markup": f'{HTML}\n<p style="margin-top:1px">a / b &amp; c<br/></p><img src="cid:1@example.com">\n',
    "text in quoted-printable": f"{TEXT}{QP}\ncaf=C3=A9: a=3Db, a long=\n line\n",
    "markup in quoted-printable": f'{HTML}{QP}\n<p style=3D"font-style:x">caf=C3=A9</p>=\n<br>=20\n',
    "markup that looks odd as it is transmitted": f"{HTML}{QP}\n<br=\n/>=\n &#8217; =3Cp=3E\n",
    "the name of a document type": f'{HTML}\n<!DOCTYPE html PUBLIC "-//W3C//DTD" "http://www.w3.org/TR/x.dtd"><p>a\n',
    "base64": f"{HTML}{BASE64}\n{in_base64('<p>' + 100 * 'hello ')}",
    "two parts": f"{TWO}--b\n{TEXT}\nHello\n--b\n{HTML}{QP}\n<p>Hello\n--b--\n",
    "parts without an end": f"{TWO}--b\n\nHello\n",
    "a preamble and an epilogue": f"{TWO}http://example.com/\n--b\n\nHello\n--b--\nhttp://example.com/\n",
    "a picture": f"{TWO}--b\nContent-Type: image/png\n{BASE64}\nhttp://example.com/\n--b--\n",
    "parts in parts": f"{TWO}--b\n{multipart('inner')}--inner\n\nHello\n--inner--\n\n--b--\n",
}
NOT_QUIET = {
    "a link": f"{TEXT}\nhttp://example.com/\n",
    "a link in quoted-printable": f"{TEXT}{QP}\nhttp:=\n//example.com/\n",
    "a link in escapes": f"{TEXT}{QP}\nhttp=3a//example.com/\n",
    "a link in base64": f"{TEXT}{BASE64}\n{in_base64('http://example.com/')}",
    "an image": f"{HTML}\n<img src=//example.com/a>\n",
    "an image after a soft line break": f"{HTML}{QP}\n<img src=3D/=\n/example.com/a>\n",
    "an image in escapes": f"{HTML}{QP}\n<img src=3D=2f=2Fexample.com/a>\n",
    "a scheme in escapes": f"{HTML}{QP}\n<img src=3D=68=74=74=70:/example.com/a>\n",
    "a scheme after a soft line break": f"{HTML}{QP}\n<img src=3Dht=\ntp:/example.com/a>\n",
    "a scheme with a character reference": f"{HTML}{QP}\n<img src=3Dhttp&co=\nlon;/example.com/a>\n",
    "a request for a receipt": f"Disposition-Notification-To: a@example.com\n{TEXT}\nHello\n",
    "a signed message": "Content-Type: multipart/signed; boundary=b\n\n--b\n\nHello\n--b--\n",
    "an enclosed message": f"Content-Type: message/rfc822\n\n{TEXT}\nHello\n",
    "no boundary": "Content-Type: multipart/mixed\n\nHello\n",
    "UTF-7": "Content-Type: text/html; charset=utf-7\n\n+ADw-\n",
    "a document that may declare UTF-7": "Content-Type: text/html\n\n<p>Hello\n",
    "broken base64": f"{TEXT}{BASE64}\nab=c\n",
    "a line that begins like a delimiter": f"{TWO}--b\n\nHello\n--bc\n--b--\n",
    "a delimiter with a tail": f"{TWO}--b\n\nHello\n--b \n\nhttp://example.com/\n--b--\n",
    "a part after the end": f"{TWO}--b--\n--b\n\nhttp://example.com/\n",
    "an inner boundary that closes the outer one": (f"{TWO}--b\n{multipart('b--')}--b--\n\nhttp://example.com/\n"),
    "an outer boundary that closes the inner one": (f"{multipart('b--')}--b--\n{TWO}--b--\n\nhttp://example.com/\n"),
    "a calendar": "Content-Type: text/calendar; charset=utf-8\n\nATTACH:http://example.com/\n",
    "a page by its name": 'Content-Type: application/octet-stream; name="x.html"\n\n<img src=//example.com/a>\n',
    "a page with a base": f"Content-Location: http://example.com/\n{HTML}\n<img src=a>\n",
    "a page in a data: URL": f'{HTML}\n<iframe src="data:text/html;base64,{in_base64("<img src=//example.com/a>")}">\n',
    "a part whose header has no end": f"{TWO}--b\n{TEXT}--b--\n",
}


@pytest.mark.parametrize("name", QUIET)
def test_it_is_quiet(name: str) -> None:
    for message in (crlf(QUIET[name]), QUIET[name].encode()):
        assert is_quiet(message)
        is_silent_when_read_with_care(message)


@pytest.mark.parametrize("name", [*QUIET, *NOT_QUIET])
def test_it_is_so_in_the_middle_of_other_octets(name: str) -> None:
    message = crlf((QUIET | NOT_QUIET)[name])
    for around in (b"http://example.com/", b"\r\n\r\n", b"--b--\r\n\0=2F"):
        assert is_quiet(around + message + around, len(around), len(around + message)) == (name in QUIET)


@pytest.mark.parametrize("name", NOT_QUIET)
def test_it_is_not_quiet(name: str) -> None:
    assert not is_quiet(crlf(NOT_QUIET[name]))
    assert not is_quiet(NOT_QUIET[name].encode())


def is_silent_when_read_with_care(message: bytes) -> None:
    machine = Cleaner(built_in())
    octets = machine.feed(message)
    rest = machine.close()
    assert Cleaned(octets + rest.message, rest.findings, rest.skipped, rest.origin) == Cleaned(message)
    scanner, body = Scanner(), b""
    for piece in scanner.feed(message) + scanner.close():
        body = body + piece.octets if piece.kind is Kind.BODY else b"" if piece.kind is not Kind.END else body
        kind = kinds.kind_of(piece.entity)
        if piece.kind is Kind.END and kind is not None:
            leaf = decode(body, piece.entity.encoding).octets
            seen = view(leaf, piece.entity.parameters.get("charset"), markup=kind in kinds.MARKUP)
            assert READERS[kind](seen.octets, None) == READERS[kind](seen.raw, None) == Reading([], [])


SIGNS = (
    "h t tp ttp: http: HTTPS: file le: ile: p: s: e: : / // /// \\ = =\r\n =\n =\t\r\n =3A =3a =2F =2f =5C =26 =68 =70 "
    "=74 =0A =09 =00 data: =64 =61 a: ta: t: pt: text/html image/png javascrip base64 , "
    "<iframe\x20src= =20 =3D == =\r & &# &#58; &colon; &sol; &co lon; &bsol; Tab; ; example.com <img\x20src=3D <img\x20"
    "src= > \" ' <p> \r\n \n \t \x1b$B \x0e \xff\xfe \x00 a 1"
).replace("\\x20", " ")
TOKENS = st.sampled_from([token.encode("latin-1") for token in SIGNS.split(" ") if token])
BODIES = st.lists(TOKENS, max_size=12).map(b"".join)
TYPES = st.sampled_from(
    [
        b"text/plain; charset=utf-8",
        b"text/html; charset=utf-8",
        b"TEXT/HTML; charset=us-ascii",
        b"text/plain",
        b"text/css; charset=utf-8",
        b"image/png",
        b"text/html",
        b"text/calendar",
        b"application/octet-stream; name=a.html",
    ]
)
ENCODINGS = st.sampled_from([b"7bit", b"quoted-printable", b"base64", b"Quoted-Printable"])


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    body, encoding = draw(BODIES), draw(ENCODINGS)
    if encoding == b"base64":
        body = base64.encodebytes(body)
    elif draw(st.booleans()):
        body = quopri.encodestring(body)
    return b"Content-Type: %b\r\nContent-Transfer-Encoding: %b\r\n\r\n%b" % (draw(TYPES), encoding, body)


@st.composite
def multiparts(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    boundary = draw(st.sampled_from([b"b", b"b--", b"bc", b"x"]))
    line = draw(st.sampled_from([b"\r\n--%b\r\n", b"\n--%b\n", b"\r\n--%b \r\n"])) % boundary
    end = draw(st.sampled_from([b"\r\n--%b--\r\n", b"\r\n--%b--", b"\r\n--b--\r\n%b", b""]))
    body = b"".join(line + part for part in draw(st.lists(children, min_size=1, max_size=3)))
    closing = end % boundary if b"%b" in end else end
    kind = draw(st.sampled_from([b"mixed", b"alternative", b"signed"]))
    return b'Content-Type: multipart/%b; boundary="%b"\r\n%b%b' % (kind, boundary, body, closing)


@settings(max_examples=300)
@given(st.recursive(leaves(), multiparts, max_leaves=4))
def test_no_spelling_of_a_sign_is_quiet(message: bytes) -> None:
    if is_quiet(message):
        is_silent_when_read_with_care(message)


@given(generated.messages)
def test_no_message_with_anything_to_find_is_quiet(message: bytes) -> None:
    if is_quiet(message):
        is_silent_when_read_with_care(message)


def test_no_real_message_with_anything_to_find_is_quiet() -> None:
    found = [message for _, message in messages() if is_quiet(message)]
    assert found
    for message in found:
        is_silent_when_read_with_care(message)


SPELLED = (
    "http:",
    "https:",
    "FTP:",
    "file:",
    "data:text/html,",
    "javascript:",
    "//",
    "/\\",
    "\\\\",
    "&#58;",
    "&colon;",
)
BREAKS = ("=\r\n", "=\n", "= \t\r\n", "=\r\n=\r\n", "\t", "=09", "\r\n", "=0d=0A", "=\n\t=\n")


@pytest.mark.parametrize("sign", SPELLED)
@pytest.mark.parametrize("media_type", ["html", "css"])
def test_no_spelling_of_one_sign_is_quiet(sign: str, media_type: str) -> None:
    """Each letter as it is or escaped, with a break or an ignored octet in any gap."""
    header = f"Content-Type: text/{media_type}; charset=utf-8\r\n{QP.strip()}\r\n\r\n"
    for position in range(len(sign)):
        before, letter, after = sign[:position], sign[position], sign[position + 1 :]
        for written in (letter, f"={ord(letter):02X}", f"={ord(letter):02x}"):
            for gap in ("", *BREAKS):
                for spelled in (f"{before}{gap}{written}{after}", f"{before}{written}{gap}{after}"):
                    message = f"{header}<p>a</p> {spelled}example.com/a>\r\n".encode()
                    if is_quiet(message):
                        is_silent_when_read_with_care(message)


def test_an_error_in_here_is_no_reason_to_pass_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "is_quiet", lambda *_: 1 / 0)
    assert not cleaner.passes(crlf(QUIET["text"]))
