"""One leaf and the documents inside of it: changed in place, or taken out as a whole, and what is beyond a limit."""

import base64
from unittest import mock

import pytest

import blockproxy
from blockproxy import cleaner
from blockproxy.leaf import READERS
from blockproxy.message import documents, kinds
from blockproxy.message.documents import Kind
from blockproxy.model import Action, Cleaned, Policy, Trigger
from tests.test_cleaner import keeps_its_shape

BLOCK = Policy(remote="block")
TRACKER = "https://example.us1.list-manage.com/track/open.php?u=fake0001&id=fake0002"
PIXEL = f'<img src="{TRACKER}" width=1>'
LINK = '<a href="https://shop.example.com/?utm_source=x&amp;a=1">x</a>'


def cleaned(body: str, policy: Policy = Policy(), header: str = "Content-Type: text/html") -> Cleaned:  # noqa: B008
    return keeps_its_shape(f"{header}; charset=utf-8\r\n\r\n{body}\r\n".encode(), policy)


def after(found: Cleaned) -> str:
    return found.message.partition(b"\r\n\r\n")[2].decode().rstrip("\r\n")


def percent(text: str) -> str:
    return "".join(f"%{ord(character):02x}" for character in text)


def test_every_kind_of_part_has_a_reader_and_every_reader_a_kind() -> None:
    whole = {*kinds.BY_TYPE.values(), *kinds.BY_ENDING.values()}
    assert whole - {Kind.MESSAGE} <= set(READERS)
    assert set(READERS) | {Kind.MESSAGE, Kind.UNREADABLE} == set(Kind)


IN_UTF_16 = base64.b64encode(PIXEL.encode("utf-16le")).decode()
NESTED = {
    "srcdoc": f"<iframe srcdoc='{PIXEL}'></iframe>",
    "percent": f'<iframe src="data:text/html,{percent(PIXEL)}"></iframe>',
    "base64": f'<embed src="data:text/html;base64,{base64.b64encode(PIXEL.encode()).decode()}">',
    "base64 in percents": f'<embed src="data:text/html;base64,{percent(base64.b64encode(PIXEL.encode()).decode())}">',
    "base64 over lines": f'<embed src="data:text/html;base64,\n{base64.encodebytes(PIXEL.encode()).decode()}">',
    "charset": f'<embed src="data:text/html;charset=utf-16le;base64,{IN_UTF_16}">',
    "style sheet": f"<link rel=stylesheet href='data:text/css,a{{b:url({TRACKER})}}'>",
    "import": f"<style>@import url('data:text/css,@import%20\"{TRACKER}\"');</style>",
    "drawing": f"<p style=\"background:url('data:image/svg+xml,<svg><image href=%22{TRACKER}%22/></svg>')\">",
    "srcset": f"<img srcset='data:image/svg+xml,<svg><image%20href=%22{TRACKER}%22/></svg> 2x'>",
    "refresh": f"<meta http-equiv=refresh content='0;url=data:text/html,<img src={TRACKER}>'>",
    "twice": f"<iframe srcdoc='<iframe src=\"data:text/html,{percent(PIXEL)}\"></iframe>'></iframe>",
    "amp": f"<amp-iframe srcdoc='{PIXEL}'></amp-iframe>",
    "a link": f'<a href="data:text/html,{percent(PIXEL)}">x</a>',
}


@pytest.mark.parametrize("name", NESTED)
def test_a_tracker_in_a_document_is_written_over_in_its_place(name: str) -> None:
    found = cleaned(NESTED[name])
    assert [(one.rule, one.action) for one in found.findings] == [("mailchimp/open", Action.REMOVE)]
    assert [one.reference.place.trigger for one in found.findings if one.reference] == [Trigger.OPEN]
    before, now = NESTED[name], after(found)
    same = sum(one == other for one, other in zip(before, now, strict=True))
    assert same >= len(before) - 3 * len(TRACKER)  # all around the tracker stays
    assert "list-manage" not in now


def test_a_document_that_goes_as_a_whole_is_told() -> None:
    found = cleaned(f"<style>a{{b:url('dat\\61:image/svg+xml,<svg><image href={TRACKER}/></svg>')}}</style>")
    (finding,) = found.findings
    assert finding.evidence.endswith("taken out with the document that holds it, which cannot be changed inside")
    assert after(found).startswith("<style>a{b:url('data:,   ")


def test_links_in_a_document_are_only_told() -> None:
    body = f"<iframe srcdoc='{LINK}'></iframe>"
    found = cleaned(body)
    assert after(found) == body
    assert [one.action for one in found.findings] == [Action.REPORT]


def test_links_in_a_calendar_survive() -> None:
    body = (
        "URL:https://meet.example.com/j/1?utm_source=x\r\nDESCRIPTION:https://www.google.com/url?q=https://example.org/"
    )
    for policy in (Policy(), BLOCK):
        found = cleaned(body, policy, "Content-Type: text/calendar")
        assert after(found) == body
        assert {one.action for one in found.findings} == {Action.REPORT}


UNREADABLE = [
    "<iframe src=\"javascript:'x'\"></iframe>",
    "<video src='data:application/vnd.apple.mpegurl;base64,AAAA'></video>",
    "<iframe src='data:text/html;base64,AA=A'></iframe>",
    "<iframe src='data:text/html;charset=utf-7,+ADw-'></iframe>",
]


@pytest.mark.parametrize("page", UNREADABLE)
def test_what_nobody_can_read_goes_where_all_remote_content_goes(page: str) -> None:
    assert after(cleaned(page)) == page
    blocked = cleaned(page, BLOCK)
    assert [one.evidence for one in blocked.findings] == [
        "remote content is blocked, and what this holds cannot be read"
    ]
    assert "data:,  " in after(blocked)


@pytest.mark.parametrize(
    "page",
    [
        '<img src="data:image/png;base64,iVBORw0KGgo=">',
        "<style>@font-face{src:url(data:font/woff2;base64,AAAA)}</style>",
        "<img src='data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22/>'>",
        "<a href='javascript:void(0)'>x</a>",
        "<iframe srcdoc='<p>Hello'></iframe><iframe src='data:text/plain,https://example.com/'></iframe>",
        "<meta http-equiv=x-dns-prefetch-control content=on>",
    ],
)
def test_what_stays_in_the_message_stays_when_all_remote_content_is_blocked(page: str) -> None:
    assert after(cleaned(page, BLOCK)) == page


def test_the_switch_for_dns_prefetch_is_off_where_all_remote_content_is_blocked() -> None:
    page = "<meta http-equiv=x-dns-prefetch-control content=on><a href='https://example.com/'>x</a>"
    assert after(cleaned(page)) == page
    assert after(cleaned(page, BLOCK)) == page.replace("content=on", "content=x:")


ILLUSTRATOR = """<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
<!ENTITY ns_svg "http://www.w3.org/2000/svg"><!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
]><svg xmlns="&ns_svg;" xmlns:i="&ns_ai;"><rect/></svg>""".replace("\n", "\r\n")


def test_what_drawing_programs_declare_stays() -> None:
    assert after(cleaned(ILLUSTRATOR, BLOCK, "Content-Type: image/svg+xml")) == ILLUSTRATOR


DEEP = f"<img src={TRACKER}>"
for _ in range(documents.MAX_DEPTH + 1):
    DEEP = f'<iframe srcdoc="{DEEP.replace("&", "&amp;").replace(chr(34), "&quot;")}"></iframe>'


def test_documents_that_are_nested_too_deep_are_told_and_go_where_all_remote_content_goes() -> None:
    found, blocked = cleaned(DEEP), cleaned(DEEP, BLOCK)
    assert [skip.reason for skip in found.skipped] == ["document-too-deep"] == [skip.reason for skip in blocked.skipped]
    assert after(found) == DEEP
    assert "list-manage" not in after(blocked)


def test_a_document_that_is_too_long_is_told_and_goes_where_all_remote_content_goes() -> None:
    page = f"<iframe src='data:text/html,{percent(PIXEL)}'></iframe>"
    with mock.patch.object(documents, "MAX_OCTETS", 10):
        found, blocked = cleaned(page), cleaned(page, BLOCK)
    assert [skip.reason for skip in found.skipped] == ["document-too-large"]
    assert after(found) == page
    assert "list-manage" not in after(blocked)


def test_messages_in_files_are_read_up_to_a_limit() -> None:
    inner = f"Content-Type: text/html\r\n\r\n{PIXEL}\r\n"
    header = "Content-Type: application/octet-stream; name=a.eml\r\n\r\n"
    for depth, reasons in ((1, []), (4, []), (5, ["document-too-deep"])):
        found = keeps_its_shape((header * depth + inner).encode())
        assert [skip.reason for skip in found.skipped] == reasons
        assert bool(found.findings) is not bool(reasons)


def test_a_message_in_a_file_that_is_too_long_passes_and_is_told() -> None:
    message = (
        f"Content-Type: application/octet-stream; name=a.eml\r\n\r\nContent-Type: text/html\r\n\r\n{PIXEL}".encode()
    )
    with mock.patch.object(cleaner, "MAX_FILE", 50):
        found = blockproxy.clean(message)
    assert (found.message, [skip.reason for skip in found.skipped]) == (message, ["too-large"])


def test_a_file_in_a_signed_message_stays_octet_for_octet() -> None:
    part = f"Content-Type: application/octet-stream; name=a.html\r\n\r\n{PIXEL}"
    message = f"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n{part}\r\n--b--\r\n".encode()
    found = blockproxy.clean(message, policy=BLOCK)
    assert (found.message, [skip.reason for skip in found.skipped]) == (message, ["signed"])


MANY_WAYS = "<noscript><p title='</noscript>" * 20 + f"<noscript>{PIXEL}<svg><p>"


def test_a_page_that_is_read_in_too_many_ways_is_told_and_read_in_one_where_all_remote_content_goes() -> None:
    found, blocked = cleaned(MANY_WAYS), cleaned(MANY_WAYS, BLOCK)
    assert [skip.reason for skip in found.skipped] == ["too-many-readings"]
    assert "list-manage" not in after(blocked)
    assert after(blocked).startswith("<xxxxxxxx><p title='</noscript>")
