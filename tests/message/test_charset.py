"""A view shows the ASCII of a leaf and nothing that only looks like it."""

import pytest

from blockproxy.message.charset import UnreadableError, view
from blockproxy.model import Patch, Span

MARKUP = '<img src="http://t.example/x">'

UNCHANGED = ["utf-8", "iso-8859-1", "koi8-r", "windows-1252", "cp437", "mac_roman"]
WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
MASKED = {
    "iso-2022-jp": "表示",
    "shift_jis": "表示ソ",
    "euc-jp": "表示",
    "gb2312": "显示",
    "gbk": "顯示",
    "gb18030": "顯示",
    "big5": "功能",
    "hz": "显示",
    "euc-kr": "표시",
    "iso-2022-kr": "표시",
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_a_charset_that_keeps_ascii_is_read_as_it_is(name: str) -> None:
    octets = (MARKUP + "é").encode(name, "replace")
    assert view(octets, name, markup=True).octets == octets


@pytest.mark.parametrize("name", MASKED)
def test_halves_of_characters_are_masked_and_markup_is_not(name: str) -> None:
    octets = (MASKED[name] + MARKUP + MASKED[name]).encode(name)
    seen = view(octets, name, markup=True)
    assert len(seen.octets) == len(octets)
    assert MARKUP.encode() in seen.octets
    assert b"\\" not in seen.octets
    assert b"<" not in seen.octets.replace(MARKUP.encode(), b"")


@pytest.mark.parametrize("name", WIDE)
def test_two_or_four_octets_are_one_of_the_view(name: str) -> None:
    octets = ("é" + MARKUP).encode(name)
    seen = view(octets, name, markup=True)
    assert seen.octets[1:] == MARKUP.encode()
    start = seen.octets.index(b"http")
    wide = seen.widen(Patch(Span(start, start + 4), b"data"))
    changed = octets[: wide.span.start] + wide.replacement + octets[wide.span.end :]
    assert changed.decode(name) == "é" + MARKUP.replace("http", "data")


@pytest.mark.parametrize(
    ("octets", "declared"),
    [
        (MARKUP.encode("utf-16"), "us-ascii"),
        (MARKUP.encode("utf-16-le"), "utf-16"),
        (MARKUP.encode("utf-16-le"), None),
        (MARKUP.encode("utf-16-be"), None),
        (MARKUP.encode("utf-8-sig"), "utf-8"),
        ("表示".encode("iso-2022-jp") + MARKUP.encode(), "us-ascii"),
        ('<meta charset="shift_jis">表示ソ'.encode("shift_jis") + MARKUP.encode(), None),
        ('<meta charset="shift_jis">表示ソ'.encode("shift_jis") + MARKUP.encode(), "x-no-such-charset"),
    ],
)
def test_a_wrong_or_missing_declaration_hides_nothing(octets: bytes, declared: str | None) -> None:
    seen = view(octets, declared, markup=True)
    assert MARKUP.encode() in seen.octets
    assert b"\\" not in seen.octets


LIES = [
    (b"<p>hi\x1b$B</p>" + MARKUP.encode(), "utf-8"),
    (b"<p>hi\x1b$B</p>" + MARKUP.encode(), "us-ascii"),
    (b"\x1b.\x0e" + MARKUP.encode(), "utf-8"),
    (b"\x0e" + MARKUP.encode(), "iso-2022-jp"),
    (b"\x1b$Z" + MARKUP.encode(), "iso-2022-jp"),
    (b"\x1b$B\r\n" + MARKUP.encode(), "iso-2022-jp"),
    (b"~{</p>" + MARKUP.encode(), "hz"),
    *[(b"\x81" + MARKUP.encode(), name) for name in ("gbk", "gb18030", "big5", "euc-kr", "shift_jis")],
    (b"<meta charset=utf-16>\xe9" + MARKUP.encode(), None),
    (b"<meta charset=utf-7>\xe9" + MARKUP.encode(), None),
    (MARKUP.encode(), "utf-16"),
    (bytes(40) + MARKUP.encode() * 10, None),
]


@pytest.mark.parametrize(("octets", "declared"), LIES)
def test_a_charset_that_lies_hides_nothing(octets: bytes, declared: str | None) -> None:
    """As browsers read it (WHATWG Encoding), or as a program does that knows nothing of the charset."""
    seen = view(octets, declared, markup=True)
    assert MARKUP.encode() in seen.octets or MARKUP.encode() in seen.raw


def test_an_octet_of_a_wide_character_that_is_a_line_end_is_shown_as_one() -> None:
    assert view("a\u0a0ab\u0d01".encode("utf-16-le"), "utf-16-le", markup=True).octets == b"a\nb\n"


def test_utf_7_that_could_spell_markup_is_refused() -> None:
    with pytest.raises(UnreadableError):
        view(b"+ADw-img src=+ACI-http://t.example/+ACI-+AD4-", "utf-7", markup=True)
    assert view(b"<p>plain</p>", "utf-7", markup=True).octets == b"<p>plain</p>"
