"""Which mailboxes hold the reader's own mail: by the server's word, or by name."""

import pytest

from blockproxy.errors import Side
from blockproxy.imap.memory import Memory
from blockproxy.imap.session import Session
from blockproxy.imap.special_use import MAX_NAMES, is_own, learn
from tests.imap.player import Opened

LISTED = [
    (r'* LIST (\HasNoChildren \Drafts) "/" Entwürfe', "Entwürfe"),
    (r'* LIST (\sent) "." "INBOX.Gesendet \"alt\""', 'INBOX.Gesendet "alt"'),
    (r'* XLIST (\HasNoChildren \Sent) NIL "[Gmail]/Gesendet"', "[Gmail]/Gesendet"),
    (r'* LSUB (\Templates) "\\" Vorlagen ("CHILDINFO" ("SUBSCRIBED"))', "Vorlagen"),
    (r'* LIST (\HasNoChildren \Archive) "/" Archive', None),
    (r'* LIST (\Sent) "/" {4}', None),
]


@pytest.mark.parametrize(("said", "name"), LISTED)
def test_the_server_says_so_in_its_lists(said: str, name: str | None) -> None:
    names: set[bytes] = set()
    learn(f"{said}\r\n".encode(), names)
    assert names == ({name.encode()} if name else set())


def test_it_may_take_it_back() -> None:
    names = {b"Old"}
    learn(b'* LIST () "/" Old\r\n', names)
    assert names == set()


def test_a_server_that_lists_no_end_of_them_is_not_followed() -> None:
    names: set[bytes] = set()
    for number in range(2 * MAX_NAMES):
        learn(rb'* LIST (\Sent) "/" m%d' % number + b"\r\n", names)
    assert len(names) == MAX_NAMES


@pytest.mark.parametrize("name", ["Sent", "drafts", "INBOX.Sent Items", "[Gmail]/Sent Mail", "Templates"])
def test_where_it_says_nothing_the_name_does(name: str) -> None:
    assert is_own(name.encode(), set())


@pytest.mark.parametrize("name", ["INBOX", "Presents", "Draftsmen", "Sent/2026", "Archive"])
def test_other_names_say_nothing(name: str) -> None:
    assert not is_own(name.encode(), set())


def own(session: Session, opened: Opened, said: bytes) -> list[bool]:
    session.receive(Side.CLIENT, b"1 LOGIN anna secret\r\n")
    session.receive(Side.SERVER, b"* OK ready\r\n1 OK welcome\r\n" + said)
    for number, name in enumerate((b"Gesendet", b"INBOX", b"Sent"), 2):
        session.receive(Side.CLIENT, b"%d SELECT %b\r\n" % (number, name))
        session.receive(Side.SERVER, b"%d OK selected\r\n" % number)
        session.receive(
            Side.SERVER, b"* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n* 1 FETCH (UID 1 BODY[HEADER] {1}\r\nx)\r\n"
        )
    return [section.own for section in opened.sections]


def test_what_one_connection_has_learnt_the_others_of_the_login_know() -> None:
    memory, said = Memory(), rb'* LIST (\Sent) "/" Gesendet' + b"\r\n"
    for told in (said, b""):
        opened = Opened()
        assert own(Session(opened, memory=memory), opened, told) == [True, True, False, False, True, True]
    opened = Opened()
    assert own(Session(opened, memory=Memory()), opened, b"") == [False, False, False, False, True, True]
