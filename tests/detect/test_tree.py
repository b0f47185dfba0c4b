"""Hidden ancestors, as the document tree knows them."""

import time

import pytest

from blockproxy.detect.context import Stretches
from blockproxy.detect.shape import Leaf
from blockproxy.detect.stylesheet import Sheet
from blockproxy.detect.tree import MAX_OPEN, Tree
from blockproxy.model import Element
from tests.detect.leaf import elements


def images(html: bytes) -> list[Element]:
    return [element for element in elements(html) if element.name == "img"]


def is_hidden(html: bytes) -> bool:
    (image,) = images(html)
    return Tree(html, [image], Sheet(html)).hides(image)


HIDING = [
    b'<div style="display:none"><img></div>',
    b'<div style="display:none!important"><p><span><img></span></p></div>',
    b'<div style="visibility:hidden"><img></div>',
    b'<div style="opacity:0"><img></div>',
    b'<div style="max-height:0;overflow:hidden"><img></div>',
    b'<div style="height:0px;overflow:hidden"><img></div>',
    b'<div style="position:absolute;left:-9999px"><img></div>',
    b'<div style="position:absolute;clip:rect(0 0 0 0)"><img></div>',
    b"<div hidden><img></div>",
    b'<table><tr style="display:none"><td><img></td></tr></table>',
    b'<div style="display:none"><b><i></b><img></i></div>',
    b'<DIV STYLE="DISPLAY:NONE"><IMG></DIV>',
    b'<style>.a{width: 1px; height:0}</style><div class=a style="display:none"><img></div>',
    b'<div style="display&#58;none"><img></div>',
    b'<div style="display:/**/n\\6f ne"><img></div>',
    b"<style>.gone{display:none}</style><div class='x gone'><p><img></p></div>",
    b"<style>td.out #gone{display:none}</style><table><td class=out><p id=gone><img></p></table>",
]
SHOWING = [
    b'<div style="display:none">a</div><img>',
    b'<div style="display:block"><img></div>',
    b'<div style="font-size:0;line-height:0"><img></div>',
    b'<!--[if !mso]><!--><div style="mso-hide:all"><img></div><!--<![endif]-->',
    b'<div style="max-height:0"><img></div>',
    b'<table><tr><td style="height:0px;max-height:0;overflow:hidden"><img></td></tr></table>',
    b'<style>@media (max-width:9em){.m{display:block!important}}</style><p class=m style="display:none"><img></p>',
    b'<style>@media (width:9em){*[class="m"]{display:block!important}}</style><p class=m style="display:none"><img>',
    b"<style>@media (max-width:9em){.m{display:none}}</style><p class=m><img></p>",
    b"<style>.in .gone{display:none}</style><p class=gone><img></p>",
    b"<img>",
]


@pytest.mark.parametrize("html", HIDING)
def test_an_ancestor_hides_it(html: bytes) -> None:
    assert is_hidden(html)


@pytest.mark.parametrize("html", HIDING)
def test_the_tree_is_asked_where_an_ancestor_may_hide_something(html: bytes) -> None:
    (image,) = images(html)
    assert image.span.start in Stretches(html.lower(), Sheet(html).conceals)


@pytest.mark.parametrize("html", SHOWING)
def test_no_ancestor_hides_it(html: bytes) -> None:
    assert not is_hidden(html)


def test_each_of_many_is_told_apart() -> None:
    html = b'<img><div style="display:none"><img></div><img><p hidden><img></p>'
    tree = Tree(html, images(html), Sheet(html))
    stretches = Stretches(html.lower())
    assert [tree.hides(image) for image in images(html)] == [False, True, False, True]
    assert [image.span.start in stretches for image in images(html)] == [False, True, False, True]


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
    "rules in one another": b"<style>" + b"@media x{" * 20_000 + b".a{width:0}" * 20_000 + b"</style><img class=a>",
    "classes": b"<style>" + b".a" * 200_000 + b"{display:block}</style><img class=a>",
    "selectors": b"<style>" + b".a b,.b img," * 20_000 + b"i{display:none}</style><img class=a>",
    "rules": b"<style>" + b"p img{width:0}" * 20_000 + b"</style>" + b"<p><img>" * 5_000,
    "one name": b"<style>" + b"p .a{width:0}" * 20_000 + b"</style>" + b"<p><img class=a>" * 5_000,
    "names": b"<style>" + b"".join(b".a%d{width:0}" % n for n in range(20_000)) + b"</style>" + b"<p class=a1>" * 9_000,
    "style tags": b"<style" * 100_000 + b"<img>",
    "style elements": b"<style>a{width:0}" * 50_000 + b"<img>",
    "spaces": b"<style>" + b"a" + b" " * 200_000 + b"[b{width:0}</style><img>",
    "comments": b"<!--" * 200_000 + b"--><img>",
    "images": b'<div style="display:none">' * 1000 + b"<img>" * 20_000,
    "words": b"none " * 500_000 + b"<img>",
    "hidden ones": b"<p hidden><img></p>" * 20_000,
    "tails": b"<img>" + b"<" * 200_000,
    "nothing": b"\0" * 200_000 + b"<img>",
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_shapes_cost_little(html: bytes) -> None:
    found = images(html)
    start = time.process_time()
    leaf = Leaf([], html)
    tree = leaf.__dict__["tree"] = Tree(html, found, leaf.sheet)
    for image in found:
        leaf.look(image)
        tree.hides(image)
    assert time.process_time() - start < 5  # seconds; about 0.1, and hours where something is quadratic
