"""The octets between 354 and the final dot."""

import itertools
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from blockproxy.smtp.data import DataPhase, stuffed
from blockproxy.smtp.spool import SPOOL_FROM, Spool

LINES = st.lists(
    st.one_of(st.sampled_from([b"", b".", b"..", b".x", b"x."]), st.binary(max_size=20)).map(
        lambda line: line.replace(b"\r", b"").replace(b"\n", b"")
    ),
    max_size=12,
)
HOSTILE = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\n.", b"x"]), max_size=24).map(b"".join)
CUTS = st.lists(st.integers(0, 60), max_size=8)
SMUGGLING = yaml.safe_load(Path(__file__).with_name("smuggling.yaml").read_text())


def pieces(octets: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = sorted({0, *(cut for cut in cuts if cut < len(octets)), len(octets)})
    return [octets[start:end] for start, end in itertools.pairwise(edges)]


def read(
    octets: bytes, cuts: Iterable[int] = (), *, limit: int = 10_000, mend: bool = False
) -> tuple[DataPhase, bytes]:
    """The phase after `octets`, cut at `cuts`, and the message; what comes after the end is kept in `rest`."""
    phase, message = DataPhase(limit, mend=mend), b""
    for piece in pieces(octets, cuts):
        if phase.complete:
            phase.rest += piece
        else:
            message += phase.feed(piece)
    return phase, message


@given(LINES, CUTS)
def test_what_was_stuffed_is_unstuffed_however_it_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    transmitted = b"".join(stuffed([message]))
    phase, found = read(transmitted + b"NOOP\r\n", cuts)
    assert (phase.complete, phase.bare, phase.rest) == (True, False, b"NOOP\r\n")
    assert found == message
    assert phase.size == len(message)


@given(LINES, CUTS)
def test_stuffing_does_not_depend_on_the_cuts(lines: list[bytes], cuts: list[int]) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    assert b"".join(stuffed(pieces(message, cuts))) == b"".join(stuffed([message]))
    assert b"".join(stuffed([message])).count(b"\r\n.\r\n") <= 1


@given(HOSTILE, CUTS)
def test_the_end_is_found_where_a_strict_server_finds_it(octets: bytes, cuts: list[int]) -> None:
    end = (b"\r\n" + octets).find(b"\r\n.\r\n")
    phase, _ = read(octets, cuts)
    assert phase.complete == (end >= 0)
    if phase.complete:
        assert phase.rest == octets[end + 3 :]


@given(HOSTILE, CUTS)
def test_a_bare_line_end_is_seen_however_it_is_cut(octets: bytes, cuts: list[int]) -> None:
    octets = b"x" + octets + b"\r\n"
    assume(b"\r\n.\r\n" not in octets)
    phase, message = read(octets + b".\r\n", cuts)
    content = octets.replace(b"\r\n.", b"\r\n")
    assert phase.bare == (b"\n" in content.replace(b"\r\n", b"") or b"\r" in content.replace(b"\r\n", b""))
    assert phase.bare or message == content


@given(HOSTILE, CUTS)
def test_mended_mail_has_one_end_and_no_bare_line_end(octets: bytes, cuts: list[int]) -> None:
    phase, message = read(octets + b"\r\n.\r\n", cuts, mend=True)
    assert phase.complete
    assert not phase.bare
    assert message == read(octets + b"\r\n.\r\n", mend=True)[1]
    left = message.replace(b"\r\n", b"")
    assert b"\r" not in left
    assert b"\n" not in left
    transmitted = b"".join(stuffed([message]))
    assert (b"\r\n" + transmitted).find(b"\r\n.\r\n") == len(transmitted) - 3


@pytest.mark.parametrize("case", SMUGGLING, ids=[case["case"] for case in SMUGGLING])
def test_nothing_is_smuggled(case: dict[str, str]) -> None:
    octets = case["data"].encode("latin-1")
    for cuts in (range(0), range(1, len(octets))):
        assert read(octets, cuts)[0].bare
        phase, mended = read(octets, cuts, mend=True)
        assert phase.complete
        assert phase.rest == b""
        assert b"SMUGGLED" in mended
        assert b"".join(stuffed([mended])).count(b"\r\n.\r\n") == 1


def test_a_message_that_is_too_large_is_not_kept() -> None:
    phase = DataPhase(limit=10)
    kept = b"".join(phase.feed(b"12345678\r\n") for _ in range(1_000))
    phase.feed(b".\r\n")
    assert phase.complete
    assert phase.too_large
    assert len(kept) <= 10


def test_a_large_message_takes_no_memory() -> None:
    spool, block = Spool(), b"x" * 65_536
    tracemalloc.start()
    try:
        for _ in range(1_000):
            spool.write(block)
        assert sum(map(len, spool.blocks())) == spool.size == 65_536_000
        assert tracemalloc.get_traced_memory()[1] < 4 * SPOOL_FROM
    finally:
        tracemalloc.stop()
        spool.close()
