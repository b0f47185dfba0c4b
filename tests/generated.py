"""Messages made by hypothesis: every structure, encoding and charset, with trackers and innocent references in them."""

import base64
import quopri
from collections.abc import Callable

from hypothesis import strategies as st

FAKE = "fake-recipient-token-0001"
PIXEL = f"https://example.us1.list-manage.com/track/open.php?u={FAKE}"
PIXEL_TAG = f'<img src="{PIXEL}&amp;id=0003" width=1 height=1>'

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
    f"<iframe srcdoc='<p>{FAKE}<img src=&quot;{PIXEL}&amp;amp;id=1&quot; width=1>'></iframe>",
    f'<iframe srcdoc="<a href=&#39;https://example.org/?fbclid={FAKE}&#39;>x</a>"></iframe>',
    f'<iframe src="data:text/html;base64,{base64.b64encode(PIXEL_TAG.encode()).decode()}"></iframe>',
    f"<img src='data:image/svg+xml,%3Csvg%3E<image href=%22{PIXEL}%22/>%0d%0a%3C/svg%3E'>",
    f"<p style='background:url(data:image/svg+xml,<svg><image%20href=\"{PIXEL}\"/></svg>)'>",
    f"<style>a{{b:url(dat\\61:text/html,<img%20src={PIXEL}>)}}</style>",
    "<iframe src=javascript:x></iframe><meta http-equiv=x-dns-prefetch-control content=on>",
    f"<script>track('{PIXEL}')</script>",
    "<svg><base href=//decoy.example/></svg><base href='https://example.us1.list-manage.com/track/'>",
    f"<img src='open.php?u={FAKE}' width=1 height=1>",
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
CALENDAR_PIECES = [
    "BEGIN:VCALENDAR\n",
    f"ATTACH:{PIXEL}\n",
    f"ATTACH;FMTTYPE=text/html:{PIXEL[:30]}\n {PIXEL[30:]}\n\t&id=1\n",
    f"PHOTO;VALUE=uri:{PIXEL}\n",
    f"item1.URL:https://shop.example.com/?utm_source=x&mc_eid={FAKE}\n",
    "DESCRIPTION:Join https://meet.example.com/j?utm_source=x\\nor not\\, as you like\n",
    f'X-ALT-DESC;FMTTYPE=text/html:<p>a\\, b<img src="{PIXEL}&amp\\;id=1" wid\n th=1>\n',
    f"ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/html:{base64.b64encode(PIXEL_TAG.encode()).decode()}\n",
    f'DESCRIPTION;ALTREP="{PIXEL}":text\n',
    "LOCATION:a\n b\n",
    "a line\n",
]
FILES = [
    'application/octet-stream; name="a.html"',
    "application/octet-stream; name=a.ics",
    "application/octet-stream; name=a.eml",
    "application/x-unknown",
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
    kind = draw(st.sampled_from(["html", "html", "plain", "css", "x-unknown", "calendar", "vcard", "x-amp-html"]))
    pieces = {"plain": TEXT_PIECES, "calendar": CALENDAR_PIECES, "vcard": CALENDAR_PIECES}.get(kind, HTML_PIECES)
    text = "".join(draw(st.lists(st.sampled_from(pieces), max_size=12)))
    charset = draw(st.sampled_from(CHARSETS))
    encoding = draw(st.sampled_from(sorted(ENCODERS)))
    octets = ENCODERS[encoding](text.encode(charset, "replace"))
    flowed = draw(st.sampled_from(["", "; format=flowed"])) if kind == "plain" else ""
    if kind == "plain" and draw(st.booleans()):
        flowed += "\nContent-Disposition: attachment; filename=a.txt"
    header = f"Content-Type: text/{kind}; charset={charset}{flowed}\nContent-Transfer-Encoding: {encoding}\n\n"
    return header.encode() + octets


@st.composite
def files(draw: st.DrawFn, content: st.SearchStrategy[bytes]) -> bytes:
    """A MIME entity that only its name says something about: a page, a calendar, a message."""
    encoding = draw(st.sampled_from(sorted(ENCODERS)))
    header = f"Content-Type: {draw(st.sampled_from(FILES))}\nContent-Transfer-Encoding: {encoding}\n\n"
    octets = draw(content | st.lists(st.sampled_from(CALENDAR_PIECES)).map(lambda pieces: "".join(pieces).encode()))
    return header.encode() + ENCODERS[encoding](octets)


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


entities = st.recursive(
    leaves(), lambda children: multiparts(children) | enclosed(children) | files(children), max_leaves=5
)
messages = st.tuples(messages_of(entities), st.sampled_from(["CRLF", "LF", "mixed"])).map(_line_ends)
