"""Whatever a server says, in whatever order and pieces: what is heard depends on what was said alone."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from blockproxy.errors import PeerError, Side
from blockproxy.imap.session import Session
from tests.imap.player import Opened

TOKENS = st.sampled_from(
    b'* 1 FETCH (|UID 5 |BODY[] |BODY[1] |RFC822.HEADER |BODYSTRUCTURE |BINARY[1] |FETCH (|(|)|"|NIL| |'
    b'("text" "html" NIL NIL NIL "7bit" 3 1)|\r\n|{3}\r\n|{0}\r\n|~{3}\r\n|abc|\\|1 OK |2 OK x\r\n|'
    b"[CAPABILITY A|]|* |+ |<0>|[|\n".split(b"|")
)


ASKED = st.sampled_from(
    [
        b"1 FETCH 1 (BODY[1]<0.2> BODY[])\r\n",
        b"2 UID FETCH 5 (BODY[]<0.2> BODY[]<2.2>)\r\n",
        b"3 UID FETCH 5 (BINARY[1] BODY[1]<1.2>)\r\n",
        b"4 NOTIFY SET (selected (MessageNew (BODY.PEEK[1]<0.2>)))\r\n",
        b"5 SELECT INBOX\r\n",
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(TOKENS, max_size=40).map(b"".join),
    st.sampled_from([1, 7, 10_000]),
    st.lists(ASKED, max_size=4, unique=True),
)
def test_nothing_that_a_server_says_is_too_odd(said: bytes, piece: int, asked: list[bytes]) -> None:
    heard = []
    for size in (piece, len(said) or 1):
        session = Session(Opened())
        session.receive(Side.CLIENT, b"".join(asked))
        heard.append(b"")
        for start in range(0, len(said), size):
            session.receive(Side.SERVER, said[start : start + size])
            heard[-1] += session.take(Side.CLIENT)
    assert heard[0] == heard[1]


ITEMS = st.sampled_from(
    [
        b"UID 5",
        b"UID 6",
        b"FLAGS (\\Seen)",
        b'ENVELOPE (NIL "BODY[1] {5}" NIL)',
        b'BODYSTRUCTURE ("text" "html" NIL NIL NIL "7bit" 8 1)',
        b"BODY[] {8}\r\nTRACK678",
        b'BODY[] "TRACK678"',
        b"BODY[]<0> {1}\r\nT",
        b"BODY[1] {8}\r\nTRACK678",
        b"BINARY[1] ~{8}\r\nTRACK678",
        b"BODY[HEADER.FIELDS (FROM LIST-ID SENDER)] {5}\r\nTRACK",
        b"RFC822.HEADER {5}\r\nTRACK",
        b"BODY[1] NIL",
    ]
)
ANSWERS = st.builds(
    lambda number, items: b"* %d FETCH (%b)\r\n" % (number, b" ".join(items)),
    st.integers(1, 2),
    st.lists(ITEMS, min_size=1, max_size=6, unique_by=lambda item: item[:7]),
)
TURNS = st.lists(ANSWERS | ASKED | st.sampled_from([b"1 OK x\r\n", b"2 OK x\r\n", b"* 1 EXPUNGE\r\n"]), max_size=12)


@settings(max_examples=300, deadline=None)
@given(TURNS, st.sampled_from([1, 7, 10_000]))
def test_in_whatever_order_it_is_told_content_of_a_known_kind_is_cleaned(turns: list[bytes], piece: int) -> None:
    heard = []
    for size in (piece, 100_000):
        session = Session(Opened())
        try:
            for turn in turns:
                if turn[2:3] in b"FUNS":
                    session.receive(Side.CLIENT, turn)
                    continue
                for start in range(0, len(turn), size):
                    session.receive(Side.SERVER, turn[start : start + size])
        except PeerError:
            pass
        heard.append(session.take(Side.CLIENT))
    assert heard[0] == heard[1]
    assert b"TRACK" not in UNKNOWN.sub(b"", heard[1])


# A body of a kind that was never told passes.
UNKNOWN = re.compile(rb"(?:BODY|BINARY)\[1\](?:<\d+>)? (?:~?\{\d+\}\r\n)?[TRACK678]*")


USUAL = st.sampled_from(
    b"* 1 FETCH (UID 5 BODY[] {5}\r\n|* 1 FETCH (FLAGS (\\Seen) BODY[] {0}\r\n|TRACK|)\r\n|1 OK done\r\n|"
    b"1 OK [X] done\r\n|2 OK\r\n|1 NO \r|\n|2 OK done \r\n| UID 5|* 2 EXISTS\r\n|"
    b"* 1 FETCH (UID 5 BODY[] {5}\r\nTRACK)\r\n1 OK done\r\n".split(b"|")
)


@given(st.lists(USUAL, max_size=12), st.integers(1, 3), st.sampled_from([1, 7]))
def test_an_answer_in_one_piece_is_heard_like_one_in_many(said: list[bytes], commands: int, piece: int) -> None:
    asked = b"1 UID FETCH 5 BODY.PEEK[]\r\n2 UID FETCH 5 BODY[]\r\n1 UID FETCH 6 (FLAGS BODY[])\r\n".splitlines(True)
    together, cut = Session(Opened()), Session(Opened())
    for session in (together, cut):
        session.receive(Side.CLIENT, b"".join(asked[:commands]))
    for pieces in (said, [b"".join(said)]):
        for octets in pieces:
            together.receive(Side.SERVER, octets)
            for start in range(0, len(octets), piece):
                cut.receive(Side.SERVER, octets[start : start + piece])
    assert together.take(Side.CLIENT) == cut.take(Side.CLIENT)
    assert together.waiting_for_answers == cut.waiting_for_answers


@given(st.lists(TOKENS, max_size=40).map(b"".join))
def test_without_content_nothing_changes(said: bytes) -> None:
    session = Session(lambda _: None)
    said = said.replace(b"[CAPABILITY", b"[")
    session.receive(Side.SERVER, said + b"\r\n")
    heard = session.take(Side.CLIENT)
    assert (said + b"\r\n").startswith(heard)
