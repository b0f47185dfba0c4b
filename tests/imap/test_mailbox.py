"""What a connection remembers has an end."""

from blockproxy.imap import mailbox
from blockproxy.imap.mailbox import Mailbox


def test_inbox_has_one_name() -> None:
    assert Mailbox(b"inbox").name == Mailbox(b"INBOX").name == b"INBOX"


def test_the_section_used_longest_ago_is_forgotten_first() -> None:
    box = Mailbox(b"INBOX")
    half = bytearray(mailbox.MAX_CACHED // 2)
    box.keep(1, b"BODY[]", half)
    box.keep(2, b"BODY[]", half)
    assert box.section(1, b"BODY[]") is half
    box.keep(3, b"BODY[]", bytearray(1))
    assert [box.knows(uid, b"BODY[]") for uid in (1, 2, 3)] == [True, False, True]


def test_everything_is_bounded() -> None:
    box = Mailbox(b"INBOX")
    for uid in range(1, 3 * mailbox.MAX_REMEMBERED):
        box.number(uid, uid)
        box.keep(uid, b"BODY[1]", None)
        box.describe(uid, b'("text" "plain" NIL NIL NIL "7bit" 1 1)')
    assert len(box.uids) <= mailbox.MAX_REMEMBERED
    assert not box.knows(1, b"BODY[1]")
    assert box.structure(1) is None
    assert box.structure(uid) is not None
