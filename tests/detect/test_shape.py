"""How an element looks, and whether a URL has room for an identifier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.appearance import Sight, declarations, look, read_style
from blockproxy.detect.individual import Strength, identify, layout_name, readable_name, says_open, strength
from blockproxy.url import parse
from tests.detect.leaf import elements

LOOKS = [
    ('<img width="1" height="1">', Sight.UNSEEN, "1 by 1 pixel"),
    ("<img width=0 height=0>", Sight.UNSEEN, "0 by 0 pixel"),
    ("<img width=1px height='1px'>", Sight.UNSEEN, "1 by 1 pixel"),
    ('<img width=" 1 " height="1">', Sight.UNSEEN, "1 by 1 pixel"),
    ('<img style="width:1px;height:1px">', Sight.UNSEEN, "1 by 1 pixel"),
    ('<img style="WIDTH: 1PX !important; height: .5pt">', Sight.UNSEEN, "1 by 0.666667 pixel"),
    ('<img style="max-height:0;max-width:0">', Sight.UNSEEN, "0 by 0 pixel"),
    ('<img width=600 height=400 style="width:1px;height:1px">', Sight.UNSEEN, "1 by 1 pixel"),
    ('<img style="width:.01em;height:.1mm">', Sight.UNSEEN, "0.16 by 0.377953 pixel"),
    ('<img style="width:2em;height:1cm">', Sight.VISIBLE, ""),
    ("<img height=1 width=3>", Sight.SMALL, "3 by 1 pixel"),
    ("<img height=2 width=2>", Sight.SMALL, "2 by 2 pixel"),
    ("<bgsound>", Sight.UNSEEN, "a sound in the background"),
    ('<img style="display: none">', Sight.HIDDEN, "hidden by display: none"),
    ('<img style="display:none!important" width=300 height=200>', Sight.HIDDEN, "hidden by display: none"),
    ('<img style="visibility:hidden">', Sight.HIDDEN, "hidden by visibility: hidden"),
    ('<img style="opacity:0">', Sight.HIDDEN, "hidden by opacity: 0"),
    ('<img style="opacity:1%">', Sight.HIDDEN, "hidden by opacity: 1%"),
    ('<img style="position:absolute;left:-9999px">', Sight.HIDDEN, "hidden by left: -9999px"),
    (r'<img style="d\69splay:/* */n\00006Fne">', Sight.HIDDEN, "hidden by display: none"),
    ("<img hidden>", Sight.HIDDEN, "hidden by its attribute"),
    ("<img width=1>", Sight.NARROW, "1 pixel wide"),
    ('<img height=0 style="display:block">', Sight.NARROW, "0 pixel high"),
    ('<img width=1 style="height:auto">', Sight.NARROW, "1 pixel wide"),
    ("<img width=600 height=0>", Sight.NARROW, "600 by 0 pixel"),
    ("<img width=1 height=100>", Sight.THIN, "1 by 100 pixel"),
    ('<img width="100%" height=1>', Sight.THIN, "1 pixel high"),
    ("<td width=1>", Sight.UNKNOWN, "without a size"),
    ("<img>", Sight.UNKNOWN, "without a size"),
    ('<img width="50%">', Sight.UNKNOWN, "without a size"),
    ('<img style="font-size:0;mso-hide:all">', Sight.UNKNOWN, "without a size"),
    ('<img style="opacity:1;border-width:1px 1px;border:1px solid">', Sight.UNKNOWN, "without a size"),
    ('<img data-width="0" data-height="0">', Sight.UNKNOWN, "without a size"),
    ('<img width=600 style="max-width:100%;height:auto">', Sight.VISIBLE, ""),
    ("<img width=8 height=8>", Sight.VISIBLE, ""),
    ('<img width=1 height=1 style="width:300px;height:200px">', Sight.VISIBLE, ""),
]


@pytest.mark.parametrize(("html", "sight", "evidence"), LOOKS)
def test_an_element_looks(html: str, sight: Sight, evidence: str) -> None:
    (element,) = elements(html.encode())
    assert look(element) == (sight, evidence)


def test_of_a_property_that_is_set_twice_the_last_one_counts() -> None:
    assert declarations("width:600px; /* ; */ Width : 1px !important;;x") == {"width": "1px"}


def test_no_room_needs_that_the_rest_is_cut_off() -> None:
    assert read_style("max-height:0;overflow:hidden").shrinks == "max-height: 0"
    assert read_style("max-height:0").shrinks == ""
    assert read_style("max-height:40px;overflow:hidden").shrinks == ""


@given(st.text(max_size=100))
def test_any_style_can_be_read(style: str) -> None:
    read_style(style)


STRENGTHS = [
    (
        Strength.LONG_TOKEN,
        [
            "00ff11ee22dd33cc44bb55",
            "AbCd1234EfGh5678IjKl",
            "00000000-1111-2222-3333-444444444444",
            "o10000AbCDe10000000FgHi1000000Jkl",
            "q1w2e3r4_t5y6u7i8-o9p0",
            "3fakelo1635Fakele6fakenambe238LOFAKONE62495KELO417652H9",
        ],
    ),
    (Strength.TOKEN, ["12345", "00ff11ee", "j3h7k2d9x", "Ab1Cd2Ef", "123456789"]),
    (
        Strength.NONE,
        [
            "",
            "a",
            "logo",
            "collective_logo_mobile",
            "pi_svc_spacer",
            "sidebar-gradient",
            "NI_banner_20210825",
            "2021-08-25",
            "hero-600x400",
            "hero_img_1200w_v2",
            "RedBannerLogo",
            "LOGO2024",
            "spring-sale-2024-03",
            "1x1",
            "1234",
            "top.right.3",
            "iphone6s",
        ],
    ),
]


@pytest.mark.parametrize(("expected", "text"), [(expected, text) for expected, texts in STRENGTHS for text in texts])
def test_a_text_has_room_for_an_identifier_or_not(expected: Strength, text: str) -> None:
    assert strength(text) is expected


@given(st.text(max_size=200))
def test_any_text_can_be_measured(text: str) -> None:
    assert strength(text) in Strength


INDIVIDUAL = [
    ("https://x.example.org/o?id=7", "a value in its query"),
    ("https://x.example.org/o?00ff11ee22dd33cc44bb55", "token of 22 characters in its query"),
    ("https://x.example.org/00ff11ee22dd33cc44bb55/o.gif", "token of 22 characters in its path"),
    ("https://x.example.org/a/00ff11ee22dd33cc44bb55.gif", "token of 22 characters at the end of its path"),
    ("https://00ff11ee22dd33cc44bb55.example.org/o.gif", "token of 22 characters in its host name"),
    ("https://x.example.org/s.gif?v=2", None),
    ("https://x.example.org/s.gif?w=600&amp;h=400", None),
    ("https://x.example.org/2021/03/sample.jpg", None),
    ("https://x.example.org/", None),
]


@pytest.mark.parametrize(("url", "evidence"), INDIVIDUAL)
def test_a_url_is_individual_or_not(url: str, evidence: str | None) -> None:
    parsed = parse(url)
    assert parsed is not None
    found = identify(parsed)
    assert (found and found.evidence) == evidence


def test_file_names_are_understood() -> None:
    names = {
        "spacer.gif": (True, True, False),
        "pixel_trans.gif": (True, True, False),
        "open.gif": (False, True, True),
        "00ff11ee22dd33cc44bb55.gif": (False, False, False),
        "aerospace.gif": (False, True, False),
    }
    for name, expected in names.items():
        parsed = parse(f"https://x.example.org/img/{name}")
        assert parsed is not None
        assert (layout_name(parsed), readable_name(parsed), says_open(parsed)) == expected, name
