"""What a style sheet says about who is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.appearance import Sight, look
from blockproxy.detect.shape import Leaf
from blockproxy.detect.stylesheet import Sheet
from tests.detect.leaf import elements

SHEETS = [
    (".px{width:1px;height:1px}", "<img class=px>", Sight.UNSEEN),
    (".px{width:1px;height:1px}", "<img class='a px b' width=600 height=400>", Sight.UNSEEN),
    (".px{width:1px;height:1px}", "<img class=px style='width:600px;height:400px'>", Sight.VISIBLE),
    (".px{width:1px!important;height:1px!important}", "<img class=px style='width:600px;height:400px'>", Sight.UNSEEN),
    ("#px{display:none}", "<img id=px>", Sight.HIDDEN),
    ("#px{display:none}", "<img class=px>", Sight.UNKNOWN),
    ("img{width:1px;height:1px} #a{width:90px;height:90px}", "<img id=a>", Sight.VISIBLE),
    ("#a{width:90px;height:90px} img{width:1px;height:1px}", "<img id=a>", Sight.VISIBLE),
    ("img.px,p{opacity:0}", "<img class=px>", Sight.HIDDEN),
    ("td.px{opacity:0}", "<img class=px>", Sight.UNKNOWN),
    ('img[alt="x"]{width:1px;height:1px}', "<img alt=x>", Sight.UNSEEN),
    ('img[alt="x"]{width:1px;height:1px}', "<img alt=y>", Sight.UNKNOWN),
    ('[class*="px"]{visibility:hidden}', "<img class=apx>", Sight.HIDDEN),
    (".out .px{display:none}", "<div class=out><p><img class=px></p></div>", Sight.HIDDEN),
    (".out > p .px{display:none}", "<div class=out><p><img class=px></p></div>", Sight.HIDDEN),
    (".out .px{display:none}", "<div class=in><p><img class=px></p></div>", Sight.UNKNOWN),
    (".gone{display:none}", "<div class=gone><img width=600 height=400></div>", Sight.INSIDE),
    ("@media screen{.px{display:none}}", "<img class=px>", Sight.HIDDEN),
    ("@media (max-width:480px){.px{display:none}}", "<img class=px>", Sight.UNKNOWN),
    ("@media print{.px{display:none}}", "<img class=px>", Sight.UNKNOWN),
    ("/* .px{display:none} */", "<img class=px>", Sight.UNKNOWN),
    ("<!-- .px{display:none} -->", "<img class=px>", Sight.HIDDEN),
    (".px:hover{display:none}", "<img class=px>", Sight.UNKNOWN),
    (".px{width:100%;height:auto;max-width:600px}", "<img class=px width=600 height=1>", Sight.THIN),
]


@pytest.mark.parametrize(("css", "html", "sight"), SHEETS)
def test_the_sheet_decides_how_an_element_looks(css: str, html: str, sight: Sight) -> None:
    view = f"<style>{css}</style>{html}<p>The end.</p>".encode()
    (image,) = [element for element in elements(view) if element.name == "img"]
    leaf = Leaf([], view)
    leaf.__dict__["tree"] = leaf_tree(leaf, view)
    assert leaf.look(image).sight is sight


def leaf_tree(leaf: Leaf, view: bytes) -> object:
    from blockproxy.detect.tree import Tree

    return Tree(view, elements(view), leaf.sheet)


def test_a_sheet_for_some_screens_hides_from_some() -> None:
    view = b'<style media="(max-width: 480px)">.px{display:none} .m{display:block}</style>'
    sheet = Sheet(view)
    assert sheet.conceals == frozenset()
    assert sheet.reveals == {"m"}


def test_what_is_shown_under_a_condition_is_known_by_its_names() -> None:
    shown = b'.a, p.b{display:block} #c{max-height:none} *[class~="d"]{width:100%} u + .body .e{visibility:visible}'
    not_shown = b".f{display: none} .g{height:0} .h{color:red} .i{width:1px}"
    view = (
        b"<style>@media (max-width:480px){" + shown + not_shown + b"} .j{display:block} .k{width:9px!important}</style>"
    )
    assert Sheet(view).reveals == {"a", "b", "c", "d", "e", "body", "k"}


def test_without_a_sheet_nothing_is_declared() -> None:
    sheet = Sheet(b"<p>.px{display:none}</p>")
    assert not sheet.may_conceal("img", {"class": "px"}.get)
    assert sheet.declared("img", {"class": "px"}.get, lambda: ()) == ("", "")


def test_what_is_declared_stands_on_both_sides_of_the_own_style() -> None:
    (image,) = elements(b"<img style='width:5px'>")
    assert look(image, ("height:1px;width:1px", "")).sight is Sight.THIN
    assert look(image, ("", "height:1px;width:1px")).sight is Sight.UNSEEN


@given(st.text(alphabet="{}@.#a[]=,:;/*!\"' >~-1mediaprint", max_size=200))
def test_any_sheet_can_be_read(css: str) -> None:
    sheet = Sheet(f"<style>{css}</style>".encode())
    sheet.declared("img", {"class": "a"}.get, lambda: [("p", dict[str, str]().get)])
