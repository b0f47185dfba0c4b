"""Same width both ways: the promise that lets every size stand."""

import base64
import quopri
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message.transfer import Decoded, UndecodableError, decode
from blockproxy.model import Patch, Span

# As transmitted, encoding, as read.
READINGS = [
    (b"plain", "7bit", b"plain"),
    (b"caf\xc3\xa9", "8bit", b"caf\xc3\xa9"),
    (b"never heard of it", "x-none", b"never heard of it"),
    (b"a=3Db", "quoted-printable", b"a=b"),
    (b"lower=3dcase", "quoted-printable", b"lower=case"),
    (b"soft=\r\nbreak", "quoted-printable", b"softbreak"),
    (b"soft= \t\r\nbreak with blanks behind it", "quoted-printable", b"softbreak with blanks behind it"),
    (b"bare=\nLF", "quoted-printable", b"bareLF"),
    (b"broken =ZZ escape", "quoted-printable", b"broken =ZZ escape"),
    (b"cut off=", "quoted-printable", b"cut off"),
    (b"cut off=4", "quoted-printable", b"cut off=4"),
    (b"==41", "quoted-printable", b"=A"),
    (b"trailing blank \r\nstays", "quoted-printable", b"trailing blank \r\nstays"),
    (b"", "quoted-printable", b""),
    (b"aGVsbG8=", "base64", b"hello"),
    (b"aGVs\r\nbG8=\r\n", "base64", b"hello"),
    (b"aG V\ts\nbG\r\n8=", "base64", b"hello"),
    (b"aGVsbG8", "base64", b"hello"),
    (b"aGVs!bG8=*", "base64", b"hello"),
    (b"aGVsb", "base64", b"hel"),
    (b"", "base64", b""),
]


@pytest.mark.parametrize(("transmitted", "encoding", "read"), READINGS)
def test_a_leaf_is_read_as_mail_programs_read_it(transmitted: bytes, encoding: str, read: bytes) -> None:
    assert decode(transmitted, encoding).octets == read


@pytest.mark.parametrize("transmitted", [b"aGVs=bG8=", b"aGVsbG8=\r\n-- \r\na footer"])
def test_base64_that_decoders_disagree_about_is_refused(transmitted: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode(transmitted, "base64")


def test_an_escape_stays_an_escape_and_a_plain_character_stays_plain() -> None:
    decoded = decode(b"x?a=3D=41b&=\r\nc", "quoted-printable")
    assert decoded.octets == b"x?a=Ab&c"
    assert decoded.encode([Patch(Span(3, 8), b"=zyxw")]) == b"x?a=3D=7Ayx=\r\nw"
    assert [decoded.plain_only(position) for position in range(8)] == [True] * 3 + [False] * 2 + [True] * 3


def test_a_patch_that_would_complete_a_broken_escape_is_refused() -> None:
    decoded = decode(b"=zz", "quoted-printable")
    with pytest.raises(UndecodableError):
        decoded.encode([Patch(Span(1, 3), b"41")])


def test_base64_keeps_its_odd_lines_and_its_padding() -> None:
    decoded = decode(b"aGVsbG\r\n8gd2 9ybG\nQ=\r\n", "base64")
    assert decoded.octets == b"hello world"
    assert decoded.encode([Patch(Span(4, 11), b"0-WORLD")]) == b"aGVsbD\r\nAtV0 9STE\nQ=\r\n"


def _quoted_printable(octets: bytes) -> bytes:
    return quopri.encodestring(octets).replace(b"\n", b"\r\n")


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "8bit": lambda octets: octets,
    "quoted-printable": _quoted_printable,
    "base64": _base64,
}


@given(
    octets=st.binary(max_size=5000),
    encoding=st.sampled_from(["8bit", "quoted-printable", "base64"]),
    where=st.tuples(st.integers(0, 5000), st.integers(0, 60)),
    filler=st.sampled_from([b"x", b"-", b"."]),
)
def test_a_patch_changes_what_it_says_and_no_length(
    octets: bytes, encoding: str, where: tuple[int, int], filler: bytes
) -> None:
    transmitted = WRITERS[encoding](octets)
    decoded: Decoded = decode(transmitted, encoding)
    start = min(where[0], len(decoded.octets))
    end = min(start + where[1], len(decoded.octets))
    meant = decoded.octets[:start] + filler * (end - start) + decoded.octets[end:]
    changed = decoded.encode([Patch(Span(start, end), filler * (end - start))])
    assert len(changed) == len(transmitted)
    assert decode(changed, encoding).octets == meant
    where_it_stands = decoded.locate(Span(start, end))
    assert changed[: where_it_stands.start] == transmitted[: where_it_stands.start]
    assert changed[where_it_stands.end :] == transmitted[where_it_stands.end :]


@given(octets=st.binary(max_size=3000), encoding=st.sampled_from(["quoted-printable", "base64"]))
def test_any_octets_are_read_or_refused(octets: bytes, encoding: str) -> None:
    try:
        decoded = decode(octets, encoding)
    except UndecodableError:
        return
    assert decoded.encode([]) == octets


# Soft breaks of every kind, escapes and what only looks like one; no piece changes how another one reads.
PIECES = [b"plain", b"=3D", b"=c3=A9", b"=\r\n", b"=\n", b"= \t\r\n", b"\r\n", b" ", b"=zz", b"4"]


@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=40),
    times=st.sampled_from([1, 60]),
    where=st.tuples(st.integers(0, 6000), st.integers(1, 3000)),
)
def test_what_stands_where_an_octet_is_located_reads_as_that_octet(
    pieces: list[bytes], times: int, where: tuple[int, int]
) -> None:
    transmitted = b"".join(pieces) * times + b"end"
    decoded = decode(transmitted, "quoted-printable")
    start = min(where[0], len(decoded.octets) - 1)
    end = min(start + where[1], len(decoded.octets))
    begins, ends = decoded.locate(Span(start, end))
    assert decode(transmitted[begins:], "quoted-printable").octets == decoded.octets[start:]
    assert decode(transmitted[:begins] + b"!", "quoted-printable").octets == decoded.octets[:start] + b"!"
    assert decode(transmitted[ends:], "quoted-printable").octets == decoded.octets[end:]
