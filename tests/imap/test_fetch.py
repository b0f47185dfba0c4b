"""Every form of FETCH that clients were seen to send, and what the server is asked instead."""

import pytest

from blockproxy.imap import fetch
from blockproxy.imap.fetch import Window
from blockproxy.imap.sections import named
from blockproxy.model import Scope

CONTEXT = fetch.CONTEXT.decode()

UNCHANGED = [
    "RFC822.SIZE",
    "RFC822.HEADER",
    "(RFC822.SIZE RFC822.HEADER BODYSTRUCTURE FLAGS)",
    "rfc822.header",
    "RFC822",
    "(UID RFC822)",
    "BODY[]",
    "BODY.PEEK[]",
    "(INTERNALDATE BODY.PEEK[])",
    "(UID RFC822.SIZE BODY.PEEK[])",
    "BODY.PEEK[HEADER]",
    "BODY.PEEK[HEADER.FIELDS (From)]",
    "(FLAGS UID ENVELOPE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)])",
    "(BODY.PEEK[HEADER.FIELDS.NOT (DATE SUBJECT FROM)])",
    'BODY.PEEK[HEADER.FIELDS ("Subject" "From")]',
    "(FLAGS) (CHANGEDSINCE 2 VANISHED)",
    "(MODSEQ UID FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE X-GM-MSGID X-GM-THRID X-GM-LABELS)",
    "(PREVIEW (LAZY) FLAGS)",
    "(UID FLAGS) (PARTIAL 1:50)",
    "ALL",
    "FULL",
    "uid",
    "(internaldate rfc822.size flags)",
    "body.peek[1.mime]",
    "(UID BINARY.SIZE[1.2])",
    "BINARY.PEEK[]",
]
WIDENED = [
    ("BODY.PEEK[]<0.100>", "(BODY.PEEK[])"),
    ("(UID RFC822.SIZE BODY[]<65536.65536>)", "(UID RFC822.SIZE BODY[])"),
    ("BODY[TEXT]", f"(BODYSTRUCTURE {CONTEXT} BODY[TEXT])"),
    ("BODY.PEEK[TEXT]<0.65536>", f"(BODYSTRUCTURE {CONTEXT} BODY.PEEK[TEXT])"),
    ("body.peek[text]", f"(BODYSTRUCTURE {CONTEXT} body.peek[text])"),
    ("body.peek[1]<0.256>", f"(BODYSTRUCTURE {CONTEXT} body.peek[1])"),
    ("BINARY[1]", f"(BODYSTRUCTURE {CONTEXT} BINARY[1])"),
    ("BINARY.PEEK[1.2]<0.10>", f"(BODYSTRUCTURE {CONTEXT} BINARY.PEEK[1.2])"),
    ("RFC822.TEXT", f"(BODYSTRUCTURE {CONTEXT} RFC822.TEXT)"),
    ("(BODY[1.1.2.MIME] BODY[1.1.2])", f"(BODYSTRUCTURE {CONTEXT} BODY[1.1.2.MIME] BODY[1.1.2])"),
    ("(BODYSTRUCTURE BODY[2])", f"({CONTEXT} BODYSTRUCTURE BODY[2])"),
    ("(BODY.PEEK[HEADER] BODY.PEEK[TEXT]<0.65536>)", "(BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[TEXT])"),
    ("(MODSEQ BODY.PEEK[TEXT] BODY.PEEK[])", "(BODYSTRUCTURE MODSEQ BODY.PEEK[TEXT] BODY.PEEK[])"),
    ("BODY[2] (CHANGEDSINCE 2)", f"(BODYSTRUCTURE {CONTEXT} BODY[2]) (CHANGEDSINCE 2)"),
    (
        "(BODY.PEEK[HEADER.FIELDS (From Subject)] BODY.PEEK[1])",
        "(BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (From Subject)] BODY.PEEK[1])",
    ),
    (
        "(BODY.PEEK[HEADER.FIELDS (Fromage)] BODY.PEEK[1])",
        f"(BODYSTRUCTURE {CONTEXT} BODY.PEEK[HEADER.FIELDS (Fromage)] BODY.PEEK[1])",
    ),
    (f"({CONTEXT} BODY[2])", f"(BODYSTRUCTURE {CONTEXT} BODY[2])"),
]
REFUSED = [
    "BINARY[1.TEXT]",
    "BINARY[1",
    "FOO[1]",
    "RFC822.PEEK",
    "HEADER.LINES",
    "RFC822.HEADER.LINES",
    "BODY.PEEK [HEADER]",
    "BODY[1.NONSENSE]",
    "DIGEST.SHA1",
    "(FLAGS",
    "(FLAGS)) (",
    "()",
    "(FLAGS BODY[)",
    "BODY[]<0>",
    "BODY[]<0.10",
    "BODY[] BODY[]",
]


@pytest.mark.parametrize("items", UNCHANGED)
def test_what_needs_no_context_goes_as_it_is(items: str) -> None:
    plan = fetch.plan(items.encode(), True)
    assert plan is not None
    assert not plan.changed


@pytest.mark.parametrize(("items", "wide"), WIDENED)
def test_what_cannot_be_read_by_itself_is_widened(items: str, wide: str) -> None:
    plan = fetch.plan(items.encode(), True)
    assert plan is not None
    assert plan.arguments.decode() == wide


@pytest.mark.parametrize("items", REFUSED)
def test_what_is_not_understood_is_refused(items: str) -> None:
    assert fetch.plan(items.encode(), True) is None


@pytest.mark.parametrize(("items", "wide"), [("BODY[]", "(UID BODY[])"), ("(BODY[] UID)", "(BODY[] UID)")])
def test_by_sequence_number_the_uid_comes_first(items: str, wide: str) -> None:
    plan = fetch.plan(items.encode(), False)
    assert plan is not None
    assert plan.arguments.decode() == wide


def test_a_section_that_is_here_costs_one_octet() -> None:
    wanted = fetch.asked(b"(BODY[2]<8192.16384> BODY.PEEK[3]<0.5> FLAGS)")
    assert wanted is not None
    plan = fetch.widen(wanted, True, {b"BODY[2]": bytearray(b"section"), b"BODY[3]": None})
    assert plan.arguments == b"(BODY[2]<0.1> BODY.PEEK[3]<0.5> FLAGS)"
    assert plan.windows == {b"BODY[2]": (Window(8192, 16384),)}


@pytest.mark.parametrize("messages", ["1:*", "1:4294967295", "1:16,18:34", "7", "$", "1,2,3"])
def test_the_sequence_set_stays(messages: str) -> None:
    parts = fetch.arguments(f"a1 UID FETCH {messages} (FLAGS)\r\n".encode())
    assert parts == (f"a1 UID FETCH {messages} ".encode(), messages.encode(), b"(FLAGS)")


@pytest.mark.parametrize(
    ("item", "key", "scope", "part"),
    [
        ("BODY[]", "BODY[]", Scope.MESSAGE, ""),
        ("body.peek[]<0>", "BODY[]", Scope.MESSAGE, ""),
        ("BODY[HEADER]", "BODY[HEADER]", Scope.HEADER, ""),
        ('BODY[HEADER.FIELDS ("SUBJECT" "from")]', "BODY[HEADER.FIELDS FROM SUBJECT]", Scope.HEADER, ""),
        ("BODY[1.2.HEADER.FIELDS.NOT (A)]", "BODY[1.2.HEADER.FIELDS.NOT A]", Scope.HEADER, "1.2"),
        ("BODY[1.2.MIME]", "BODY[1.2.MIME]", Scope.HEADER, "1.2"),
        ("BODY[1.2]", "BODY[1.2]", Scope.BODY, "1.2"),
        ("BODY[1.TEXT]", "BODY[1.TEXT]", Scope.BODY, "1"),
        ("RFC822", "RFC822", Scope.MESSAGE, ""),
        ("RFC822.SIZE", "RFC822.SIZE", None, ""),
        ("BODY", "BODY", None, ""),
        ("BODYSTRUCTURE", "BODYSTRUCTURE", None, ""),
        ("BINARY[1]", "BINARY[1]", Scope.BODY, "1"),
        ("binary.peek[1.2]<0>", "BINARY[1.2]", Scope.BODY, "1.2"),
        ("BINARY[]", "BINARY[]", Scope.MESSAGE, ""),
        ("BINARY.SIZE[1]", "BINARY.SIZE[1]", None, ""),
    ],
)
def test_a_data_item_has_one_name_in_all_spellings(item: str, key: str, scope: Scope | None, part: str) -> None:
    name = named(item.encode())
    assert (name.key.decode(), name.scope, name.part) == (key, scope, part)


@pytest.mark.parametrize(
    ("items", "understood"),
    [
        ("X-SCORE", True),
        ("(UID x-score BODY.PEEK[])", True),
        ("X-PART[1]<0.5>", True),
        ("X-OTHER", False),
        ("(X-SCORE X-OTHER)", False),
        ("BODY[1.NONSENSE]", False),
    ],
)
def test_what_the_settings_name_passes_unread(items: str, understood: bool) -> None:
    plan = fetch.plan(items.encode(), True, frozenset({b"X-SCORE", b"X-PART"}))
    assert (plan is not None) is understood
    assert plan is None or not plan.added
