"""Messages made by hypothesis: every structure, encoding and charset, with trackers and innocent references in them."""

import base64
import quopri
from collections.abc import Callable

from hypothesis import strategies as st

FAKE = "fake-recipient-token-0001"
PIXEL = f"https://example.us1.list-manage.com/track/open.php?u={FAKE}"

HTML_PIECES = [
    "<p>Good morning, r\u00e9ader.</p>",
    '<table width="600" cellpadding=0><tr><td style="color:#333">text</td></tr></table>\n',
    f'<img src="{PIXEL}&amp;id=0001&amp;e={FAKE}" width=1 height="1">',
    f"<img src=https://mail.example.com/wf/open?upn={FAKE} width='1' height='1' style='display:none'>",
    '<img src="https://static.example.com/spacer.gif" width="1" height="10">',
    '<img src="cid:logo@example.com" alt="logo" width="200" height="50">',
    f'<a href="https://shop.example.com/offer?id=7&amp;utm_source=news&amp;mc_eid={FAKE}">offer</a>',
    f'<a\nhref="https://shop.example.com/?mc_eid={FAKE}"\n>broken line</a>',
    "<a href='https://www.google.com/url?q=https://example.org/'>unquoted</a>",
    f"<a href=https://example.org/?fbclid={FAKE}>plain</a>",
    '<a href="https://example.com/unsubscribe?token=fake-token">unsubscribe</a>',
    f'<!--[if mso]><img src="{PIXEL}" width="1" height="1"><![endif]-->',
    f"<style>#x{{background:url('https://fake0001.emltrk.com/v2/{FAKE}?p')}}</style>",
    f'<td background="https://fake0001.emltrk.com/v2/{FAKE}"></td>',
    f'<img srcset="https://fake0001.emltrk.com/a {FAKE} 2x, https://example.com/b.png 1x">',
    "<!-- a comment -- with <tags> -->",
    "<a href='unclosed",
    "&amp; &lt;b&gt; 1 < 2",
    "\n",
    "\r\n",
    "x" * 90,
]
TEXT_PIECES = [
    "Hello,\n\n",
    f"Read it: https://shop.example.com/offer?id=7&utm_source=news&mc_eid={FAKE}\n",
    f"<https://example.org/?fbclid={FAKE}> and more text\n",
    f"https://example.org/?gclid={FAKE}&keep=1 \n",
    "> quoted https://example.com/page?utm_campaign=c.\n",
    "-- \nsignature\n",
    "\u20ac \u4e2d\u6587\n",
    "--x\n",
    "https://example.com/unsubscribe?utm_source=x\n",
]
CHARSETS = ["utf-8", "iso-8859-1", "koi8-r", "shift_jis", "iso-2022-jp", "gb18030", "utf-16", "us-ascii"]
HEADER_LINES = [
    "From: News <news@example.com>",
    "To: reader@example.org",
    "Subject: =?utf-8?q?News?=",
    "List-Id: <news.example.com>",
    "List-Unsubscribe: <https://example.com/u?t=fake-token>",
    "Disposition-Notification-To: news@example.com",
    "return-receipt-to:\n news@example.com",
    "X-Confirm-Reading-To : news@example.com",
    "a line without a colon",
]

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "7bit": lambda octets: octets,
    "8bit": lambda octets: octets,
    "quoted-printable": quopri.encodestring,
    "base64": base64.encodebytes,
}


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    """A MIME entity, header and all, of one leaf."""
    kind = draw(st.sampled_from(["html", "html", "plain", "css", "x-unknown"]))
    pieces = TEXT_PIECES if kind == "plain" else HTML_PIECES
    text = "".join(draw(st.lists(st.sampled_from(pieces), max_size=12)))
    charset = draw(st.sampled_from(CHARSETS))
    encoding = draw(st.sampled_from(sorted(ENCODERS)))
    octets = ENCODERS[encoding](text.encode(charset, "replace"))
    flowed = draw(st.sampled_from(["", "; format=flowed"])) if kind == "plain" else ""
    header = f"Content-Type: text/{kind}; charset={charset}{flowed}\nContent-Transfer-Encoding: {encoding}\n\n"
    return header.encode() + octets


@st.composite
def multiparts(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    """A multipart entity; its closing delimiter may be missing, its boundary may be its children's."""
    kind = draw(st.sampled_from(["mixed", "alternative", "related", "signed", "digest"]))
    boundary = draw(st.sampled_from([b"a", b"b", b"=_boundary 0001"]))
    parts = draw(st.lists(children, min_size=1, max_size=3))
    closing = draw(st.sampled_from([b"--" + boundary + b"--\n", b""]))
    body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    return b'Content-Type: multipart/%s; boundary="%s"\n\n%s%s' % (kind.encode(), boundary, body, closing)


def enclosed(children: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """A message/rfc822 entity."""
    return messages_of(children).map(lambda message: b"Content-Type: message/rfc822\n\n" + message)


def messages_of(entities: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """A message: some header fields in front of an entity."""
    lines = st.lists(st.sampled_from(HEADER_LINES), unique=True, max_size=5)
    return st.tuples(lines, entities).map(lambda drawn: b"".join(line.encode() + b"\n" for line in drawn[0]) + drawn[1])


def _line_ends(drawn: tuple[bytes, str]) -> bytes:
    message, style = drawn
    if style == "LF":
        return message
    crlf = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return crlf if style == "CRLF" else crlf.replace(b"\r\n", b"\n", 5)


entities = st.recursive(leaves(), lambda children: multiparts(children) | enclosed(children), max_leaves=5)
messages = st.tuples(messages_of(entities), st.sampled_from(["CRLF", "LF", "mixed"])).map(_line_ends)
