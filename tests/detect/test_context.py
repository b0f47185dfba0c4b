"""What stands around a reference: ancestors, the end of the message, the condition of a style rule."""

import time

import pytest

from blockproxy.detect.context import MAX_OPEN, condition, ends_message, hidden, revealed
from tests.detect.leaf import elements


def is_hidden(html: bytes) -> bool:
    (image,) = [element for element in elements(html) if element.name == "img"]
    found = hidden(html, [image])
    assert found <= {image.span.start}
    return bool(found)


HIDING = [
    b'<div style="display:none"><img></div>',
    b'<div style="display:none!important"><p><span><img></span></p></div>',
    b'<div style="visibility:hidden"><img></div>',
    b'<div style="opacity:0"><img></div>',
    b'<div style="max-height:0;overflow:hidden"><img></div>',
    b'<td style="height:0px;overflow:hidden"><img></td>',
    b"<div hidden><img></div>",
    b'<table><tr style="display:none"><td><img></td></tr></table>',
    b'<div style="display:none"><b><i></b><img></i></div>',
    b'<DIV STYLE="DISPLAY:NONE"><IMG></DIV>',
    b'<style>.a{width: 1px; height:0}</style><div class=a style="display:none"><img></div>',
]
SHOWING = [
    b'<div style="display:none">a</div><img>',
    b'<div style="display:block"><img></div>',
    b'<div style="font-size:0;line-height:0"><img></div>',
    b'<!--[if !mso]><!--><div style="mso-hide:all"><img></div><!--<![endif]-->',
    b'<div style="max-height:0"><img></div>',
    b'<style>@media (max-width:9em){.m{display:block!important}}</style><p class=m style="display:none"><img></p>',
    b"<img>",
]


@pytest.mark.parametrize("html", HIDING)
def test_an_ancestor_hides_it(html: bytes) -> None:
    assert is_hidden(html)


@pytest.mark.parametrize("html", SHOWING)
def test_no_ancestor_hides_it(html: bytes) -> None:
    assert not is_hidden(html)


def test_each_of_many_is_told_apart() -> None:
    html = b'<img><div style="display:none"><img></div><img><p hidden><img></p>'
    images = [element for element in elements(html) if element.name == "img"]
    assert hidden(html, images) == {images[1].span.start, images[3].span.start}


def test_what_is_nested_too_deep_has_no_context() -> None:
    deep = b'<div style="display:none">' + b"<b>" * (MAX_OPEN + 1) + b"<img>"
    assert not is_hidden(deep)
    assert is_hidden(b'<div style="display:none">' + b"<b>" * (MAX_OPEN - 100) + b"<img>")


HOSTILE = {
    "elements": b'<div style="display:none">' * 100_000 + b"<img>",
    "attributes": b"<a " + b"b=c " * 100_000 + b"><img>",
    "attributes with slashes": b"<a" + b"/b" * 100_000 + b"><img>",
    "different attributes": b"<a" + b"".join(b" b%d" % number for number in range(100_000)) + b"><img>",
    "unclosed quotes": b'<a b="' * 100_000 + b'"><img>',
    "braces": b"<style>" + b"a{" * 200_000 + b"</style><img>",
    "classes": b"<style>" + b".a" * 200_000 + b"{display:block}</style><img class=a>",
    "comments": b"<!--" * 200_000 + b"--><img>",
    "images": b'<div style="display:none">' * 1000 + b"<img>" * 20_000,
    "tails": b"<img>" + b"<" * 200_000,
    "nothing": b"\0" * 200_000 + b"<img>",
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_shapes_cost_little(html: bytes) -> None:
    images = [element for element in elements(html) if element.name == "img"]
    start = time.process_time()
    hidden(html, images)
    revealed(html)
    ends_message(html, images[0].span.end if images else 0)
    assert time.process_time() - start < 5  # seconds; about 0.1, and hours where something is quadratic


ENDS = [
    (b"", True),
    (b"</td></tr></table>\r\n</body></html>\r\n", True),
    (b"&nbsp;<!-- x --><br>", True),
    (b"<p>Bye</p>", False),
    (b"<img src=x>", True),
    (b"<img src=x>Bye", False),
    (b"<br>" * 2000, False),
]


@pytest.mark.parametrize(("tail", "ends"), ENDS)
def test_the_end_of_a_message(tail: bytes, ends: bool) -> None:
    assert ends_message(b"<img>" + tail, 5) is ends


CONDITIONS = [
    ("@media print{#x{background:url(", "printed"),
    ("@media only print { .a{} #x{background:url(", "printed"),
    ("blockquote #x, #MessageViewBody #x{background:url(", "quoted or forwarded"),
    (".gmail_quote .x { color:red; background:url(", "quoted or forwarded"),
    ("@media screen{#x{background:url(", ""),
    ("@media print{#y{color:red}} #x{background:url(", ""),
    ("blockquote{margin:0} #x{background:url(", ""),
    ("@import url(", ""),
]


@pytest.mark.parametrize(("css", "when"), CONDITIONS)
def test_the_condition_of_a_rule(css: str, when: str) -> None:
    view = b"<html><style>" + css.encode()
    assert condition(view, len(view)) == when


def test_the_style_sheet_shows_what_it_shows() -> None:
    shown = b".a, p.b{display:block} #c{max-height:none}"
    not_shown = b".d{display: none} .e{height:0} .f{color:red} .g{width:1px}"
    assert revealed(b"<style>" + shown + not_shown + b"</style>") == {"a", "b", "c"}
