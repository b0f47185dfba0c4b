"""Lines and literals, in whatever pieces they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.errors import PeerError, Side
from blockproxy.imap.framing import MAX_LINE, Framer, Line

UNITS = st.lists(
    st.one_of(
        st.binary(max_size=40).map(lambda text: [text.replace(b"\n", b" ").replace(b"}", b" ") + b"\r\n"]),
        st.lists(st.binary(max_size=60), min_size=1, max_size=3).map(
            lambda literals: (
                [part for octets in literals for part in (b"* 1 FETCH (X {%d}\r\n" % len(octets), octets)] + [b")\r\n"]
            )
        ),
    ),
    max_size=6,
)


def framed(side: Side, pieces: list[bytes]) -> list[bytes | Line]:
    """What comes out, with a literal's pieces joined."""
    framer = Framer(side)
    found: list[bytes | Line] = []
    literal = b""
    for piece in pieces:
        framer.feed(piece)
        while (got := framer.next()) is not None:
            if isinstance(got, Line):
                found.append(got)
                continue
            literal += got
            if not framer.remaining:
                found.append(literal)
                literal = b""
    return found


@given(UNITS, st.lists(st.integers(1, 50), max_size=40))
def test_pieces_do_not_matter(units: list[list[bytes]], sizes: list[int]) -> None:
    whole = b"".join(part for unit in units for part in unit)
    pieces, rest = [], whole
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    pieces.append(rest)
    found = framed(Side.SERVER, [piece for piece in pieces if piece])
    assert [got.raw if isinstance(got, Line) else got for got in found] == [part for unit in units for part in unit]
    assert [got.first for got in found if isinstance(got, Line)] == [
        index == 0 for unit in units for index in range(0, len(unit), 2)
    ]


@pytest.mark.parametrize(
    "line",
    [b"* OK hello {5}", b"+ {5}", b"a1 NO {5}", b"a1 ok text {5}", b"* BYE {5}", b"* PREAUTH {5}", b"* BAD {5}"],
)
def test_the_text_of_a_status_response_may_end_like_a_literal(line: bytes) -> None:
    assert framed(Side.SERVER, [line + b"\r\n"]) == [Line(line + b"\r\n", True, None, False)]


@pytest.mark.parametrize(
    ("side", "line", "literal", "synchronising"),
    [
        (Side.CLIENT, b"a APPEND x {5}\r\n", 5, True),
        (Side.CLIENT, b"a APPEND x {5+}\r\n", 5, False),
        (Side.CLIENT, b"a APPEND x ~{5+}\r\n", 5, False),
        (Side.CLIENT, b"a APPEND x {0005}\r\n", 5, True),
        (Side.CLIENT, b"a NOOP {5} \r\n", None, False),
        (Side.CLIENT, b"a NOOP {-5}\r\n", None, False),
        (Side.SERVER, b"* 1 FETCH (BINARY[1] ~{5}\r\n", 5, True),
        (Side.SERVER, b"* 1 FETCH (BODY[] {5}\n", 5, True),
        (Side.SERVER, b"* OKAY {5}\r\n", 5, True),
    ],
)
def test_a_literal_is_announced(side: Side, line: bytes, literal: int | None, synchronising: bool) -> None:
    assert framed(side, [line]) == [Line(line, True, literal, synchronising)]


def test_an_empty_literal_is_one_piece() -> None:
    line = b"* 1 FETCH (BODY[] {0}\r\n"
    assert framed(Side.SERVER, [line + b")\r\n"]) == [
        Line(line, True, 0, True),
        b"",
        Line(b")\r\n", False, None, False),
    ]


def test_a_literal_is_given_as_it_comes() -> None:
    framer = Framer(Side.SERVER)
    framer.feed(b"* 1 FETCH (BODY[] {1000}\r\n0123")
    assert isinstance(framer.next(), Line)
    assert framer.next() == b"0123"
    assert framer.next() is None
    assert (framer.remaining, framer.waiting) == (996, 0)


@pytest.mark.parametrize("side", Side)
def test_a_line_has_an_end(side: Side) -> None:
    framer = Framer(side)
    framer.feed(b"a" * MAX_LINE[side])
    assert framer.next() is None
    framer.feed(b"a")
    with pytest.raises(PeerError) as broken:
        framer.next()
    assert broken.value.side is side


def test_a_client_ends_lines_properly_and_a_server_is_forgiven() -> None:
    assert framed(Side.SERVER, [b"* 1 EXISTS\n"]) == [Line(b"* 1 EXISTS\n", True, None, False)]
    with pytest.raises(PeerError):
        framed(Side.CLIENT, [b"a NOOP\n"])
