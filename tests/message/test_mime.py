"""The structure of a message is found by offsets, however its octets arrive."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message.mime import MAX_DEPTH, Kind, Piece, Scanner
from blockproxy.model import Entity
from tests.corpus_path import messages


def scan(message: bytes, chunk: int = 1 << 30, entity: Entity | None = None, part: str = "") -> list[Piece]:
    scanner = Scanner(entity, part)
    pieces = [
        piece for start in range(0, len(message), chunk) for piece in scanner.feed(message[start : start + chunk])
    ]
    return pieces + scanner.close()


def leaves(pieces: list[Piece]) -> list[tuple[str, str, bytes]]:
    """(part, media type, body) of every leaf."""
    found: dict[str, tuple[str, str, bytes]] = {}
    for piece in pieces:
        if piece.kind in {Kind.BODY, Kind.END}:
            before = found.get(piece.part, ("", "", b""))[2]
            found[piece.part] = (piece.part, piece.entity.media_type, before + piece.octets)
    return list(found.values())


PLAIN = b"Content-Type: text/plain\n\n"
HTML = b"Content-Type: text/html\n\n"

# Name, message (LF stands for CRLF in a second run), leaves as (part, media type, body).
STRUCTURES: list[tuple[str, bytes, list[tuple[str, str, bytes]]]] = [
    ("one part", b"Subject: s\n\nbody\n", [("1", "text/plain", b"body\n")]),
    ("no header", b"\nbody", [("1", "text/plain", b"body")]),
    ("no body", b"Subject: s\n", [("1", "text/plain", b"")]),
    ("nothing at all", b"", [("1", "text/plain", b"")]),
    (
        "a header line without a colon",
        b"From x y\nwhat is this\nContent-Type: text/html\n\nb",
        [("1", "text/html", b"b")],
    ),
    (
        "two parts, preamble, epilogue",
        b"Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n"
        + PLAIN
        + b"one\n--b\n"
        + HTML
        + b"two\n\n--b--\nepi\n",
        [("1", "text/plain", b"one"), ("2", "text/html", b"two\n")],
    ),
    (
        "no preamble",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--",
        [("1", "text/plain", b"one")],
    ),
    (
        "an empty part",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + PLAIN + b"--b\n" + PLAIN + b"two\n--b--\n",
        [("1", "text/plain", b""), ("2", "text/plain", b"two")],
    ),
    (
        "a header cut short by a delimiter",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\ntwo\n--b--\n",
        [("1", "text/html", b""), ("2", "text/plain", b"two")],
    ),
    (
        "the closing delimiter is missing",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + HTML + b"one\n",
        [("1", "text/html", b"one\n")],
    ),
    (
        "the inner closing delimiter is missing",
        b"Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/alternative; boundary=in\n\n"
        b"--in\n" + PLAIN + b"a\n--in\n" + HTML + b"b\n--out\n" + PLAIN + b"c\n--out--\n",
        [("1.1", "text/plain", b"a"), ("1.2", "text/html", b"b"), ("2", "text/plain", b"c")],
    ),
    (
        "nested multiparts with equal boundaries",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b\n\n"
        b"--b\n" + PLAIN + b"a\n--b--\n--b\n" + HTML + b"b\n--b--\n",
        [("1.1", "text/plain", b"a"), ("2", "text/html", b"b")],
    ),
    (
        "one boundary is the beginning of the other",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n"
        b"--bb\n" + PLAIN + b"a\n--bb--\n--b\n" + HTML + b"b\n--b--\n",
        [("1.1", "text/plain", b"a"), ("2", "text/html", b"b")],
    ),
    (
        "white space behind the delimiter, and in the boundary parameter",
        b'Content-Type: multipart/mixed; boundary="b  "\n\n--b \t\n' + HTML + b"one\n--b--  \n",
        [("1", "text/html", b"one")],
    ),
    (
        "lines that only look like delimiters",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n-- \n--bx\n --b\nx--b\n--b--\n",
        [("1", "text/plain", b"-- \n--bx\n --b\nx--b")],
    ),
    (
        "an enclosed message",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: message/rfc822\n\n"
        b"Subject: inner\n" + HTML + b"two\n--b--\n",
        [("1", "text/plain", b"one"), ("2.1", "text/html", b"two")],
    ),
    (
        "an enclosed message with parts",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        b"Content-Type: multipart/alternative; boundary=c\n\n--c\n" + PLAIN + b"x\n--c\n" + HTML + b"y\n--c--\n--b--\n",
        [("1.1", "text/plain", b"x"), ("1.2", "text/html", b"y")],
    ),
    (
        "a digest",
        b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\none\n--b\n\nSubject: b\n\ntwo\n--b--\n",
        [("1.1", "text/plain", b"one"), ("2.1", "text/plain", b"two")],
    ),
    (
        "no boundary",
        b"Content-Type: multipart/mixed\n\n--b\n" + HTML + b"x\n",
        [("1", "multipart/mixed", b"--b\n" + HTML + b"x\n")],
    ),
]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in STRUCTURES], ids=[row[0] for row in STRUCTURES])
def test_leaves_and_their_numbers(message: bytes, expected: list[tuple[str, str, bytes]], line_end: bytes) -> None:
    message = message.replace(b"\n", line_end)
    pieces = scan(message)
    assert b"".join(piece.octets for piece in pieces) == message
    assert leaves(pieces) == [(part, kind, body.replace(b"\n", line_end)) for part, kind, body in expected]


def test_line_ends_may_be_mixed() -> None:
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\n--b\n\r\none\r\n--b\r\n\ntwo\n--b--"
    assert leaves(scan(message)) == [("1", "text/plain", b"one"), ("2", "text/plain", b"two")]


def test_what_stands_inside_a_signed_entity_is_protected() -> None:
    message = (
        b"Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n"
        b"--c\n" + HTML + b"x\n--c--\n--b\nContent-Type: application/pgp-signature\n\ns\n--b--\n"
    )
    assert {piece.entity.protected for piece in scan(message) if piece.kind is Kind.END} == {True}


def test_a_section_is_numbered_as_in_its_message() -> None:
    entity = Entity("multipart/alternative", {"boundary": "c"})
    section = b"--c\n" + PLAIN + b"x\n--c\n" + HTML + b"y\n--c--\n"
    assert [part for part, _, _ in leaves(scan(section, entity=entity, part="2"))] == ["2.1", "2.2"]
    assert [part for part, _, _ in leaves(scan(section, entity=entity))] == ["1", "2"]
    assert [part for part, _, _ in leaves(scan(b"x", entity=Entity("text/html")))] == ["1"]


def test_a_line_that_only_begins_like_a_delimiter_is_noted() -> None:
    message = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bX\n\nmore\n--b--\n"
    for chunk in (1, 7, 1000):
        assert [piece.note for piece in scan(message, chunk) if piece.kind is Kind.END] == ["odd-boundary"]


def test_entities_nested_too_deep_are_left_alone() -> None:
    message = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(MAX_DEPTH + 5))
    assert [piece.note for piece in scan(message) if piece.kind is Kind.END] == ["nested-too-deep"]


def joined(pieces: list[Piece]) -> list[Piece]:
    """Pieces of one run put together, so that only what they say counts and not how the octets came."""
    runs = groupby(pieces, key=lambda piece: piece if piece.kind is Kind.END else piece._replace(octets=b""))
    return [run[0]._replace(octets=b"".join(piece.octets for piece in run)) for run in (list(same) for _, same in runs)]


@given(
    lines=st.lists(
        st.sampled_from(
            [b"--a", b"--b", b"--a--", b"--b--", b"-", b"", b"x", b"--", b"Content-Type: text/html"]
            + [b'Content-Type: multipart/mixed; boundary="%s"' % name for name in (b"a", b"b")]
            + [b"Content-Type: message/rfc822"]
        ),
        max_size=40,
    ),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
    chunk=st.integers(1, 30),
)
def test_pieces_do_not_depend_on_how_the_octets_arrive(lines: list[bytes], line_end: bytes, chunk: int) -> None:
    message = line_end.join(lines)
    whole = joined(scan(message))
    assert b"".join(piece.octets for piece in whole) == message
    assert joined(scan(message, chunk)) == whole


def test_torture_messages_come_out_whole_in_any_pieces() -> None:
    for path, message in messages("mime"):
        whole = joined(scan(message))
        assert b"".join(piece.octets for piece in whole) == message, path
        assert joined(scan(message, 1000)) == whole, path
        if len(message) < 4000:
            assert joined(scan(message, 7)) == whole, path


@pytest.mark.parametrize(
    "message",
    [
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--c\n" * 300_000,
        b"a" * 3_000_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + b"X: y\n" * 150_000,
    ],
    ids=["many parts", "many near misses", "one endless line", "a long header"],
)
@pytest.mark.timeout(20)
def test_hostile_structures_are_read_in_linear_time(message: bytes) -> None:
    assert sum(len(piece.octets) for piece in scan(message, 65536)) == len(message)
