"""The octets between 354 and the final dot."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.smtp.data import DataPhase

LINES = st.lists(
    st.one_of(st.sampled_from([b"", b".", b"..", b".x", b"x."]), st.binary(max_size=20)).map(
        lambda line: line.replace(b"\r", b"").replace(b"\n", b"")
    ),
    max_size=12,
)


def stuffed(lines: list[bytes]) -> list[bytes]:
    return [(b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines]


@given(LINES)
def test_what_was_stuffed_is_unstuffed_and_travels_as_it_came(lines: list[bytes]) -> None:
    phase = DataPhase(limit=10_000)
    for piece in stuffed(lines):
        phase.feed(piece)
        assert not phase.complete
    phase.feed(b".\r\n")
    message = b"".join(line + b"\r\n" for line in lines)
    assert phase.complete
    assert not phase.bare
    assert phase.message == message
    assert phase.size == len(message)
    assert bytes(phase.transmitted) == b"".join(stuffed(lines)) + b".\r\n"


@given(st.binary(min_size=1, max_size=30), st.lists(st.integers(0, 30)))
def test_a_long_line_in_pieces_is_the_line(line: bytes, cuts: list[int]) -> None:
    line = line.replace(b"\r", b"").replace(b"\n", b"")
    whole, pieces = DataPhase(1_000), DataPhase(1_000)
    whole.feed(line + b"\r\n")
    edges = sorted({0, *(cut for cut in cuts if cut < len(line)), len(line)})
    for start, end in itertools.pairwise(edges):
        pieces.feed(line[start:end])
    pieces.feed(b"\r\n")
    if line != b".":
        assert (pieces.transmitted, pieces.size, pieces.complete) == (whole.transmitted, whole.size, whole.complete)


@pytest.mark.parametrize("bare", [b"\r", b"\n", b"\n\r", b"\r\r"])
def test_bare_line_ends_are_seen_wherever_they_stand(bare: bytes) -> None:
    for piece in (bare + b"\r\n", b"x" + bare + b"x\r\n", bare + b"beginning of a long line"):
        phase = DataPhase(1_000)
        phase.feed(piece)
        assert phase.bare
        assert not phase.complete


def test_a_message_that_is_too_large_is_not_kept() -> None:
    phase = DataPhase(limit=10)
    for _ in range(1_000):
        phase.feed(b"12345678\r\n")
    phase.feed(b".\r\n")
    assert phase.complete
    assert phase.too_large
    assert phase.transmitted == b""
