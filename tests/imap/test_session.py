"""Conversations, written down, in pieces of any size; and what a conversation cannot say."""

from pathlib import Path

import pytest

from blockproxy.errors import PeerError, Side
from blockproxy.imap.content import LengthError
from blockproxy.imap.framing import MAX_LINE, MAX_WAITING
from blockproxy.imap.memory import Memory
from blockproxy.imap.sections import Section
from blockproxy.imap.session import Session
from blockproxy.model import Entity, Scope
from tests.imap.player import FOLDER, Marker, Opened, play

DIALOGS = sorted(FOLDER.glob("*.dialog"))


@pytest.mark.parametrize("piece", [1, 7, 10_000])
@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_a_dialog_is_heard_as_it_is_written_whatever_the_pieces(path: Path, piece: int) -> None:
    play(path, piece)


@pytest.mark.parametrize("piece", [1, 10_000])
def test_a_filter_is_told_what_the_section_is(piece: int) -> None:
    entity = Entity("text/html", {"charset": "utf-8"}, "7bit")
    first = play(FOLDER / "sections.dialog", piece).sections[0]
    assert first == Section(Scope.BODY, entity, "", 5, b"", None, b"From: a@b\r\n")


def test_a_filter_is_told_which_message_it_is() -> None:
    first = play(FOLDER / "chunks.dialog", 10_000).sections[0]
    assert first == Section(Scope.MESSAGE, None, "", 5, b"INBOX", 7)


def test_a_body_of_unknown_kind_is_announced_as_such() -> None:
    unasked = play(FOLDER / "unasked.dialog", 10_000).sections
    assert [(section.scope, section.entity is None) for section in unasked] == [
        (Scope.HEADER, True),
        (Scope.BODY, True),
        (Scope.BODY, True),
        (Scope.BODY, False),
    ]


def selected(opened: Opened | None = None) -> Session:
    """A session in which a message of ten octets was asked for."""
    session = Session(opened or Opened())
    session.receive(Side.SERVER, b"* OK ready\r\n")
    session.receive(Side.CLIENT, b"1 UID FETCH 1 BODY.PEEK[]\r\n")
    session.take(Side.CLIENT), session.take(Side.SERVER)
    return session


def test_the_announcement_of_a_literal_goes_with_its_first_octets() -> None:
    session = Session(lambda _: Through())
    session.receive(Side.SERVER, b"* 1 FETCH (UID 1 BODY[] {10}\r\n")
    assert session.take(Side.CLIENT) == b""
    session.receive(Side.SERVER, b"01234")
    assert session.take(Side.CLIENT) == b"* 1 FETCH (UID 1 BODY[] {10}\r\n01234"


@pytest.mark.parametrize(("piece", "filters"), [(1, 1), (7, 1), (10_000, 0)])
def test_for_a_message_that_passes_no_filter_is_opened_once_all_of_it_is_here(piece: int, filters: int) -> None:
    opened = Opened()
    session = Session(opened, lambda octets, start, end: octets[start:end] == b"TRACK56789")
    session.receive(Side.CLIENT, b"1 UID FETCH 1 BODY.PEEK[]\r\n")
    said, heard = b"* 1 FETCH (UID 1 BODY[] {10}\r\nTRACK56789)\r\n1 OK done\r\n", b""
    for start in range(0, len(said), piece):
        session.receive(Side.SERVER, said[start : start + piece])
        heard += session.take(Side.CLIENT)
    assert len(opened.sections) == filters
    assert heard == (said.replace(b"TRACK", b"xxxxx") if filters else said)
    assert not session.waiting_for_answers


class Through:
    """Holds nothing back."""

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""


class Liar(Marker):
    """Returns more or less than it was fed."""

    def __init__(self, difference: int) -> None:
        super().__init__()
        self._difference = difference

    def close(self) -> bytes:
        return (super().close() + b"more")[: len(self._held) + self._difference]


@pytest.mark.parametrize("difference", [-1, 1])
def test_a_filter_that_changes_the_length_ends_the_connection(difference: int) -> None:
    session = Session(lambda _: Liar(difference))
    session.receive(Side.SERVER, b"* OK ready\r\n* 1 FETCH (UID 1 BODY[] {10}\r\n01234")
    with pytest.raises(LengthError):
        session.receive(Side.SERVER, b"56789)\r\n")
    assert b"56789" not in session.take(Side.CLIENT)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (b"1 NOOP\n", "CRLF"),
        (b"1 NOOP " + b"x" * MAX_LINE[Side.CLIENT], "octets"),
        (b"1 LOGIN {9000}\r\n", "a literal has at most"),
        (b"1 UID FETCH 1 BODY[HEADER.FIELDS ({9000+}\r\n", "a literal has at most"),
        (b"1 AUTHENTICATE PLAIN\r\n" + b"x" * (MAX_WAITING + 1), "sends at most"),
    ],
)
def test_a_client_that_breaks_a_rule_is_told_which(said: bytes, rule: str) -> None:
    with pytest.raises(PeerError, match=rule) as broken:
        selected().receive(Side.CLIENT, said)
    assert broken.value.side is Side.CLIENT


def test_nothing_follows_starttls_in_plaintext() -> None:
    session = Session(Opened(), starttls=True)
    with pytest.raises(PeerError, match="STARTTLS"):
        session.receive(Side.CLIENT, b"1 STARTTLS\r\n2 LOGIN anna secret\r\n")
    session = Session(Opened(), starttls=True)
    session.receive(Side.CLIENT, b"1 STARTTLS\r\n")
    with pytest.raises(PeerError, match="STARTTLS"):
        session.receive(Side.CLIENT, b"2 ")


def test_preauth_is_refused_where_tls_is_required() -> None:
    with pytest.raises(PeerError, match="PREAUTH"):
        Session(Opened(), starttls=True).receive(Side.SERVER, b"* PREAUTH welcome\r\n")


def test_a_number_that_changes_its_message_under_a_fetch_ends_the_connection() -> None:
    session = Session(Opened())
    session.receive(Side.CLIENT, b"1 FETCH 1 BODY[]<0.2>\r\n")
    session.receive(Side.SERVER, b"* 1 FETCH (UID 5 BODY[] {4}\r\nabcd)\r\n1 OK done\r\n")
    session.receive(Side.CLIENT, b"2 FETCH 1 BODY[]<2.2>\r\n")
    with pytest.raises(PeerError, match="keeps its message"):
        session.receive(Side.SERVER, b"* 1 FETCH (UID 6 BODY[]<0> {1}\r\n")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b'1 LOGIN "an\\"na" secret\r\n', 'an"na'),
        (b"1 LOGIN {4+}\r\nanna {6+}\r\nsecret\r\n", "anna"),
        (b"1 AUTHENTICATE PLAIN AGFubmEAc2VjcmV0\r\n", "anna"),
        (b"1 AUTHENTICATE XOAUTH2 dXNlcj1hbm5hQGV4YW1wbGUub3JnAWF1dGg9QmVhcmVyIHgBAQ==\r\n", "anna@example.org"),
        (b"1 AUTHENTICATE SCRAM-SHA-256 bixhPSxuPWFubmEscj1hYmM=\r\n", "anna"),
        (b"1 AUTHENTICATE CRAM-MD5 YW5uYSAwMTIz\r\n", "anna"),
        (b"1 AUTHENTICATE PLAIN ????\r\n", ""),
    ],
)
def test_of_a_login_only_the_name_is_remembered(said: bytes, name: str) -> None:
    session = Session(Opened())
    session.receive(Side.CLIENT, said)
    assert session.account == ""
    session.receive(Side.SERVER, b"1 OK welcome\r\n")
    assert session.authenticated
    assert session.account == name


@pytest.mark.parametrize(
    ("name", "known"), [(b"YW5uYQ==", "anna"), (b"YW5uYQ", ""), (b"", ""), (b"????", "")], ids=repr
)
def test_a_password_is_never_taken_for_the_name(name: bytes, known: str) -> None:
    session = Session(Opened())
    session.receive(Side.CLIENT, b"1 AUTHENTICATE LOGIN\r\n")
    session.receive(Side.SERVER, b"+ VXNlcm5hbWU6\r\n")
    session.receive(Side.CLIENT, name + b"\r\n")
    session.receive(Side.SERVER, b"+ UGFzc3dvcmQ6\r\n")
    session.receive(Side.CLIENT, b"c0VjcmV0\r\n")
    session.receive(Side.SERVER, b"1 OK welcome\r\n")
    assert session.account == known


def test_an_answer_without_a_section_is_for_who_asked_for_none() -> None:
    session = Session(Opened())
    session.receive(Side.CLIENT, b"0 UID FETCH 1 BODY.PEEK[TEXT]\r\n1 FETCH 1 BODYSTRUCTURE\r\n")
    structure = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4 1)'
    session.receive(Side.SERVER, b"* 1 FETCH (BODYSTRUCTURE " + structure + b")\r\n1 OK done\r\n")
    assert session.take(Side.CLIENT) == b"* 1 FETCH (BODYSTRUCTURE " + structure + b")\r\n1 OK done\r\n"


@pytest.mark.timeout(20)
def test_hostile_lines_are_read_in_linear_time() -> None:
    session = Session(Opened())
    for number in range(20):
        session.receive(Side.CLIENT, b"%d FETCH 1 x" % number + b" " * 60_000 + b"y\r\n")
    session.receive(Side.CLIENT, b"99 FETCH 1 (ENVELOPE BODY[1])\r\n")
    session.receive(Side.SERVER, b'* 1 FETCH (ENVELOPE (NIL "' + b" BODY[" * 10_000 + b'" NIL))\r\n')


LOGINS = {
    "LOGIN": [
        b"1 LOGIN anna secret\r\n",
        b"1 LOGIN {4+}\r\nanna other\r\n",
        b"1 AUTHENTICATE PLAIN AGFubmEAc2VjcmV0\r\n",
    ],
    "another reader": [b"1 LOGIN bert secret\r\n", b"1 AUTHENTICATE PLAIN YmVydABhbm5hAHNlY3JldA==\r\n"],
    "nobody knows": [b"1 AUTHENTICATE XOAUTH2 dXNlcj1hbm5hAWF1dGg9QmVhcmVyIHgBAQ==\r\n"],
}


def asked_for(memory: Memory, login: bytes, version: int = 0) -> bytes:
    """What a connection asks of the server for the first octets of a message; it gets the message."""
    session = Session(Opened(), memory=memory, version=lambda: version)
    session.receive(Side.CLIENT, login)
    session.receive(Side.SERVER, b"* OK ready\r\n1 OK welcome\r\n")
    session.receive(Side.CLIENT, b"2 SELECT INBOX\r\n")
    session.receive(Side.SERVER, b"* OK [UIDVALIDITY 7] valid\r\n2 OK selected\r\n")
    session.take(Side.SERVER)
    session.receive(Side.CLIENT, b"3 UID FETCH 5 BODY.PEEK[]<0.5>\r\n")
    session.receive(Side.SERVER, b"* 1 FETCH (UID 5 BODY[] {5}\r\nTRACK)\r\n3 OK done\r\n")
    return session.take(Side.SERVER)


def test_a_section_is_asked_for_once_for_all_connections_of_a_login() -> None:
    memory = Memory()
    whole, octet = b"3 UID FETCH 5 (BODY.PEEK[])\r\n", b"3 UID FETCH 5 (BODY.PEEK[]<0.1>)\r\n"
    assert asked_for(memory, LOGINS["LOGIN"][0]) == whole
    assert [asked_for(memory, login) for login in LOGINS["LOGIN"]] == [octet] * 3
    assert asked_for(memory, LOGINS["LOGIN"][0], version=1) == whole
    for login in LOGINS["another reader"]:
        assert asked_for(memory, login) == whole
    for login in LOGINS["nobody knows"] * 2:
        assert asked_for(memory, login) == whole


def test_a_login_that_the_server_did_not_want_to_hear_is_no_part_of_the_next() -> None:
    memory = Memory()
    asked_for(memory, LOGINS["LOGIN"][0])
    session = Session(Opened(), memory=memory, version=lambda: 0)
    session.receive(Side.CLIENT, b"x LOGIN {8000}\r\n")
    session.receive(Side.SERVER, b"* OK ready\r\nx BAD too long\r\n")
    session.receive(Side.CLIENT, b"anna LOGIN bert secret\r\n")
    session.receive(Side.SERVER, b"anna OK welcome\r\n")
    assert session.account == "bert"


@pytest.mark.parametrize("items", [b"BODY.PEEK[]<0.5>", b"BODY.PEEK[]<0.5> BODY.PEEK[]<0.2>"])
@pytest.mark.parametrize("answer", [b"UID 5 BODY[] {5}\r\n%b", b"BODY[] {5}\r\n%b UID 5"])
def test_what_was_cleaned_before_the_treatment_changed_is_not_kept_for_afterwards(items: bytes, answer: bytes) -> None:
    version = 0
    session = Session(Opened(), version=lambda: version)
    session.receive(Side.CLIENT, b"2 SELECT INBOX\r\n")
    session.receive(Side.SERVER, b"* OK ready\r\n* OK [UIDVALIDITY 7] valid\r\n2 OK selected\r\n")
    session.receive(Side.CLIENT, b"3 UID FETCH 5 (%b)\r\n" % items)
    session.receive(Side.SERVER, b"* 1 FETCH (" + (answer % b"TRACK")[:24])
    version = 1
    session.receive(Side.SERVER, (answer % b"TRACK")[24:] + b")\r\n3 OK done\r\n")
    session.take(Side.SERVER)
    session.receive(Side.CLIENT, b"4 UID FETCH 5 BODY.PEEK[]<0.5>\r\n")
    assert session.take(Side.SERVER) == b"4 UID FETCH 5 (BODY.PEEK[])\r\n"


@pytest.mark.parametrize(
    "said",
    [
        b"* 1  FETCH (UID 5 BODY[] {5}\r\nTRACK)\r\n",
        b"*  1 FETCH (UID 5 BODY[] {5}\r\nTRACK)\r\n",
        b"* 1 FETCH(UID 5 BODY[] {5}\r\nTRACK)\r\n",
        b"* 1 FETCH  (UID 5 BODY[] {5}\r\nTRACK)\r\n",
        b"* 1 FETCH (UID 5 BODY[] {5+}\r\nTRACK)\r\n",
    ],
)
@pytest.mark.parametrize("asked", [b"1 (UID BODY.PEEK[])", b"1 (FLAGS UID BODY.PEEK[])"])
def test_content_is_found_in_an_answer_that_is_not_quite_as_the_grammar_has_it(said: bytes, asked: bytes) -> None:
    session = selected()
    session.receive(Side.CLIENT, b"9 FETCH %b\r\n" % asked)
    session.take(Side.CLIENT)
    session.receive(Side.SERVER, said)
    assert session.take(Side.CLIENT) == said.replace(b"TRACK", b"xxxxx")


@pytest.mark.parametrize(
    "line",
    [b"a LOGIN anna x{%d+}", b"a LOGIN anna) {%d+}", b'a LOGIN "an\\na" {%d+}', b"a XX " + b"x" * 9000 + b" {%d+}"],
)
def test_no_login_hides_in_what_the_server_does_not_take_for_a_literal(line: bytes) -> None:
    session, hidden = Session(Opened()), b"b LOGIN bert secret\r\n"
    with pytest.raises(PeerError):
        session.receive(Side.CLIENT, line % len(hidden) + b"\r\n" + hidden + b"\r\nb LOGIN anna x\r\n")
    session.receive(Side.SERVER, b"* OK ready\r\na BAD invalid\r\nb OK welcome\r\n")
    assert session.account != "anna"


@pytest.mark.parametrize(
    "said", [b'1 ID ("name" {2+}\r\nme "version" {1+}\r\n1)\r\n', b'1 LOGIN "anna" {1+}\r\nx\r\n', LOGINS["LOGIN"][1]]
)
def test_a_literal_before_the_login_passes(said: bytes) -> None:
    session = Session(Opened())
    session.receive(Side.CLIENT, said)
    assert session.take(Side.SERVER) == said
