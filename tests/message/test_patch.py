"""What stands in the place of a tracker, character by character."""

import pytest

from blockproxy.message import patch, references
from blockproxy.message.transfer import apply
from blockproxy.model import Action, Finding, Technique

PIXEL = Finding(Technique.OPEN_PIXEL, "example/open", "Example", 1.0, "a pixel", Action.REMOVE)
STYLE = Finding(Technique.REMOTE_STYLE, "example/style", "Example", 1.0, "a style", Action.REMOVE)

# Before, what was found, after. The whole tag goes where it is invisible, only the URL where it takes room.
RESOURCES = [
    (
        b'<p>a</p><img src="https://t.example/open?u=1" width="1" height="1"><p>b</p>',
        PIXEL,
        b"<p>a</p><!--blocked: Example open-pixel                         --><p>b</p>",
    ),
    (b"<img src=http://t.example/>x", PIXEL, b"<!--blocked             -->x"),
    (b"<img src=//t.example>x", PIXEL, b"<!--blocked       -->x"),
    (b'<img src="https://t.example/o" width="600">', PIXEL, b'<img src="data:,             " width="600">'),
    (
        b'<img src="https://t.example/o" style="height:20px">',
        PIXEL,
        b'<img src="data:,             " style="height:20px">',
    ),
    (b'<td background="https://t.example/o">', PIXEL, b'<td background="data:,             ">'),
    (
        b'<!--[if mso]><img src="https://t.example/o" width=1><p>x</p><![endif]-->',
        PIXEL,
        b"<!--[if mso]>                                       <p>x</p><![endif]-->",
    ),
    (
        b'<!--[if mso]><img src="https://t.example/o" width=1>\r\n<![endif]-->',
        PIXEL,
        b'<!--[if mso]><img src="data:,             " width=1>\r\n<![endif]-->',
    ),
    (
        b'<img\r\n src="https://t.example/open?u=1"\r\n width="1">\r\n',
        PIXEL,
        b"<!--\r\nblocked: Example open-pixel     .\r\n        -->\r\n",
    ),
    (b'<img src="https://t.exam\r\nple/o" width="9">', PIXEL, b'<img src="data:,xxxxxxxx\r\nxxxxx" width="9">'),
    (b"<style>a{background:url(//t.ex)}</style>", STYLE, b"<style>a{background:url(data:,)}</style>"),
    (b"<style>@import 'https://t.example/a.css';</style>", STYLE, b"<style>@import 'data:,                 ';</style>"),
    (
        b"<img srcset='https://t.example/a 2x, b.png' width=90>",
        PIXEL,
        b"<img srcset='data:,              2x, b.png' width=90>",
    ),
]


@pytest.mark.parametrize(("before", "finding", "after"), RESOURCES)
def test_a_resource_goes(before: bytes, finding: Finding, after: bytes) -> None:
    found = [finding._replace(reference=reference) for reference in references.in_html(before)]
    chosen, settled = patch.patches(found, patch.Page(before))
    assert apply(before, chosen) == after
    assert [one.action for one in settled] == [Action.REMOVE]


# Before, the new URL, after; where the link can't be rewritten, it stays and the finding is a report.
LINKS = [
    (b'<a href="https://c.example/?to=x" id=a>', "https://x.example/", b'<a href="https://x.example/"      id=a>'),
    (b"<a href='https://c.example/?to=x'>", "https://x.example/", b"<a href='https://x.example/'     >"),
    (b"<a href=https://c.example/?to=xyz>", "https://x.example/", b"<a href=https://x.example/       >"),
    (
        b'<a href="https://c.example/?to=x"\r\nid=a>',
        "https://x.example/",
        b'<a href="https://x.example/     "\r\nid=a>',
    ),
    (
        b'<a href="https://x.example/?a=1&amp;b=2&amp;u=3">',
        "https://x.example/?a=1&b=2",
        b'<a href="https://x.example/?a=1&amp;b=2"        >',
    ),
    (
        b'<a href="https://x.example/?a=1&b=2&u=3">',
        "https://x.example/?a=1&b=2",
        b'<a href="https://x.example/?a=1&b=2"    >',
    ),
    (
        b'<a href="https://x.example/?u=3&amp;a=1&copy=2">',
        "https://x.example/?a=1&copy=2",
        b'<a href="https://x.example/?a=1&amp;copy=2"    >',
    ),
    (
        b'<a href="https://x.example/?u=3&a=1&lt=2">',
        "https://x.example/?a=1&lt=2",
        b'<a href="https://x.example/?a=1&lt=2"    >',
    ),
    (b'<a href="https://c.example/?to=xxxxxx">', 'https://x.example/"', b'<a href="https://x.example/&#34;"     >'),
    (b'<a href=" https://c.example/?to=x ">', "https://x.example/", b'<a href=" https://x.example/"      >'),
    (b'<a href="\r\n https://c.example/?to=x" a>', "https://x.example/", b'<a href="\r\n https://x.example/"      a>'),
    (
        b'<a href="https://c.example/?to=x\r\n " a>',
        "https://x.example/",
        b'<a href="https://x.example/"   /\r\n   a>',
    ),
    (b'<a href="https://c.example/?to=x&#10;">', "https://x.example/", b'<a href="https://x.example/"          >'),
    (b'<a href="https://c.exam\r\nple/?to=x">', "https://x.example/", None),
    (b'<a href="https://c.example/">', "https://much-too-long.example/", None),
    (b'<a href="https://c.example/?to=somewhere">', "https://x.example/\u00e9", None),
    (b"<a href=https://c.example/?to=xyz\r\nid=a>", "https://x.example/", None),
]


@pytest.mark.parametrize(("before", "url", "after"), LINKS)
def test_a_link_leads_straight_to_its_target(before: bytes, url: str, after: bytes | None) -> None:
    finding = Finding(Technique.LINK_REDIRECT, "e/c", "E", 1.0, "a redirect", Action.UNWRAP, replacement=url)
    found = [finding._replace(reference=reference) for reference in references.in_html(before)]
    chosen, settled = patch.patches(found, patch.Page(before))
    assert apply(before, chosen) == (after or before)
    assert [one.action for one in settled] == [Action.UNWRAP if after else Action.REPORT]


def test_an_equals_sign_that_quoted_printable_could_not_write_is_spelled_out() -> None:
    before = b'<a href="https://c.example/?to=https://x.example/?a=1">'
    finding = Finding(Technique.LINK_REDIRECT, "e/c", "E", 1.0, "", Action.UNWRAP, replacement="https://x.example/?a=1")
    found = [finding._replace(reference=reference) for reference in references.in_html(before)]
    chosen, _ = patch.patches(found, patch.Page(before, plain_only=lambda position: before[position] != ord("=")))
    assert apply(before, chosen) == b'<a href="https://x.example/?a&#61;1"                  >'


# Before, whether format=flowed, after. A blank never ends a flowed line, and a reader sees no padding.
TEXTS = [
    (b"see https://x.example/?u=1 now\r\n", False, b"see https://x.example/     now\r\n"),
    (b"see https://x.example/?u=1 now\r\n", True, b"see https://x.example/     now\r\n"),
    (b"see https://x.example/?u=1\r\n", False, b"see https://x.example/    \r\n"),
    (b"see https://x.example/?u=1\r\n", True, b"see     https://x.example/\r\n"),
    (b"<https://x.example/?u=1> now\r\n", False, b"<https://x.example/>     now\r\n"),
    (b"<https://x.example/?u=1>\r\n", True, b"    <https://x.example/>\r\n"),
    (b"https://x.example/?u=1", True, b"    https://x.example/"),
]


@pytest.mark.parametrize(("before", "flowed", "after"), TEXTS)
def test_a_link_in_text_is_padded_where_nobody_sees_it(before: bytes, flowed: bool, after: bytes) -> None:
    finding = Finding(Technique.LINK_DECORATION, "e/p", "E", 1.0, "", Action.STRIP, replacement="https://x.example/")
    found = [finding._replace(reference=reference) for reference in references.in_text(before)]
    chosen, settled = patch.patches(found, patch.Page(before, flowed=flowed))
    assert apply(before, chosen) == after
    assert [one.action for one in settled] == [Action.STRIP]


def test_findings_about_one_tag_are_one_patch() -> None:
    before = b'<img src="https://t.example/a" lowsrc="https://t.example/b" width=1 height=1>.'
    found = [PIXEL._replace(reference=reference) for reference in references.in_html(before)]
    chosen, settled = patch.patches(found, patch.Page(before))
    assert len(found) == 2
    assert len(chosen) == 1
    assert [one.action for one in settled] == [Action.REMOVE, Action.REMOVE]


def test_a_vendor_with_an_odd_name_makes_no_odd_comment() -> None:
    before = b'<img src="https://t.example/open?u=1&and=more&and=more" width="1" height="1">.'
    found = [PIXEL._replace(vendor="--> <b>x</b>", reference=reference) for reference in references.in_html(before)]
    chosen, _ = patch.patches(found, patch.Page(before))
    assert apply(before, chosen).count(b"-->") == 1
