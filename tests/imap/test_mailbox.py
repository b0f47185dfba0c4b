"""What a connection remembers has an end."""

from blockproxy.imap.mailbox import Mailbox
from blockproxy.imap.memory import ENTRY, MAX_AGE, MAX_CACHED, MAX_REMEMBERED, Memory


def test_inbox_has_one_name() -> None:
    assert Mailbox(b"inbox").name == Mailbox(b"INBOX").name == b"INBOX"


def test_everything_is_bounded() -> None:
    box = Mailbox(b"INBOX")
    for uid in range(1, 3 * MAX_REMEMBERED):
        box.number(uid, uid)
        box.keep(uid, b"BODY[1]", None)
        box.describe(uid, b'("text" "plain" NIL NIL NIL "7bit" 1 1)')
    assert len(box.uids) <= MAX_REMEMBERED
    assert box.kept(1, b"BODY[1]") is None
    assert box.structure(1) is None
    assert box.structure(uid) is not None


def box(memory: Memory, login: str | None, uidvalidity: int | None = 7, name: bytes = b"INBOX") -> Mailbox:
    made = Mailbox(name, memory, None if login is None else login.encode())
    made.uidvalidity = uidvalidity
    return made


def test_the_section_used_longest_ago_is_forgotten_first() -> None:
    mailbox, half = box(Memory(), "anna"), bytearray(MAX_CACHED // 2 - ENTRY)
    mailbox.keep(1, b"BODY[]", half)
    mailbox.keep(2, b"BODY[]", half)
    assert mailbox.kept(1, b"BODY[]") == (half,)
    mailbox.keep(3, b"BODY[]", bytearray(1))
    assert [mailbox.kept(uid, b"BODY[]") is not None for uid in (1, 2, 3)] == [True, False, True]


def test_the_connections_of_one_login_share_and_no_others_do() -> None:
    memory = Memory()
    box(memory, "anna").keep(1, b"BODY[]", bytearray(b"hers"))
    assert box(memory, "anna").kept(1, b"BODY[]") == (bytearray(b"hers"),)
    assert box(memory, "anna").kept(2, b"BODY[]") is None
    for other in (box(memory, "bert"), box(memory, "anna", 8), box(memory, "anna", 7, b"Sent"), box(Memory(), "anna")):
        assert other.kept(1, b"BODY[]") is None


def test_what_could_be_somebody_elses_is_shared_with_nobody() -> None:
    memory = Memory()
    for owner, uidvalidity in ((None, 7), ("anna", None)):
        mine = box(memory, owner, uidvalidity)
        mine.keep(1, b"BODY[]", bytearray(b"mine"))
        assert mine.kept(1, b"BODY[]") == (bytearray(b"mine"),)
        assert box(memory, owner, uidvalidity).kept(1, b"BODY[]") is None


def test_all_logins_together_have_a_limit() -> None:
    memory = Memory(limit=10_000)
    for number in range(100):
        box(memory, f"reader{number}").keep(1, b"BODY[]", bytearray(1_000))
        assert memory.size <= 10_000
    assert box(memory, "reader99").kept(1, b"BODY[]") is not None
    assert box(memory, "reader1").kept(1, b"BODY[]") is None
    box(memory, "anna").keep(1, b"BODY[]", bytearray(20_000))
    assert memory.size <= 10_000


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    memory = Memory()
    for owner in ("anna", "bert"):
        box(memory, owner).keep(1, b"BODY[]", bytearray(1_000))
    for _ in range(MAX_AGE):
        memory.tick()
        assert box(memory, "bert").kept(1, b"BODY[]") is not None
    assert box(memory, "anna").kept(1, b"BODY[]") is None
    assert memory.size == 1_000 + ENTRY


def test_room_that_was_made_for_a_section_that_never_came_does_no_harm() -> None:
    memory = Memory(limit=10_000)
    box(memory, "anna").make_room(1_000)
    for number in range(20):
        box(memory, "bert").keep(number, b"BODY[]", bytearray(1_000))
        assert memory.size <= 10_000
