"""What the proxy has no reason to touch comes through octet for octet, in the server's order."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.end_to_end import mailbox, proxy
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.wire import Wire

COMMANDS = [
    "FETCH 1:* (UID RFC822.SIZE INTERNALDATE FLAGS)",
    "FETCH 1:* ENVELOPE",
    "FETCH 1:* BODYSTRUCTURE",
    "FETCH 1:* BODY",
    "UID FETCH 1:* (BODYSTRUCTURE ENVELOPE RFC822.SIZE)",
    "FETCH 1:5 ALL",
    "FETCH 1:5 FAST",
    "FETCH 1:5 FULL",
    'LIST "" "*"',
    "STATUS Archive (MESSAGES UIDNEXT UNSEEN)",
    "SEARCH SUBJECT html",
    "UID SEARCH RETURN (MIN MAX COUNT) ALL",
    "SORT (REVERSE SIZE) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL",
    "NAMESPACE",
    "STORE 1 +FLAGS (\\Flagged)",
    "NOOP",
    "NONSENSE",
    "STATUS Nowhere (MESSAGES)",
]

# The number of milliseconds that a command took is the server's own and never the same twice.
_DURATION = re.compile(rb"\(\d[^()]* secs\)")


@pytest.fixture(scope="module")
def wires(dovecot: Dovecot, account: Callable[[], str]) -> Iterator[tuple[Wire, Wire]]:
    """Connections to two mailboxes of the same content, the second one through the proxy."""
    with (
        proxy.imap(proxy.upstream(dovecot.port)) as between,
        Wire(dovecot.port) as direct,
        Wire(between.port) as proxied,
    ):
        for wire in (direct, proxied):
            reader = account()
            dovecot.deliver(reader, list(mailbox.messages().values()))
            wire.login(reader, PASSWORD)
        yield direct, proxied


def answer(wire: Wire, command: str) -> bytes:
    return _DURATION.sub(b"", b"".join(wire.command(f"a {command}".encode())))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_answer_is_the_servers_own(wires: tuple[Wire, Wire], command: str) -> None:
    direct, proxied = (answer(wire, command) for wire in wires)
    assert direct
    assert proxied == direct


def test_the_flags_that_a_fetch_sets_come_with_it(wires: tuple[Wire, Wire]) -> None:
    for wire in wires:
        wire.command(b"a STORE 1 -FLAGS.SILENT (\\Seen)")
    direct, proxied = (answer(wire, "FETCH 1 (UID BODY[HEADER.FIELDS (Subject)])") for wire in wires)
    assert b"FLAGS (" in direct
    assert b"\\Seen" in direct
    assert proxied == direct


CAPABILITY = re.compile(rb"CAPABILITY ([^\r\n\]]*)")


def test_a_capability_that_would_hide_mail_is_never_offered(dovecot: Dovecot, account: Callable[[], str]) -> None:
    reader = account()
    with proxy.imap(proxy.upstream(dovecot.port)) as between:
        for port, hides in ((dovecot.port, False), (between.port, True)):
            with Wire(port) as wire:
                told = wire.greeting + b"".join(wire.command(b"a CAPABILITY"))
                told += b"".join(wire.command(f"b LOGIN {reader} {PASSWORD}".encode()))
                told += b"".join(wire.command(b"c CAPABILITY"))
            offered = [set(found.split()) for found in CAPABILITY.findall(told)]
            assert len(offered) == 4
            assert all(b"IMAP4rev1" in words for words in offered)
            assert (b"COMPRESS=DEFLATE" not in b" ".join(b" ".join(words) for words in offered)) is hides


def test_a_hidden_capability_cannot_be_used(dovecot: Dovecot, account: Callable[[], str]) -> None:
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as wire:
        wire.login(account(), PASSWORD)
        assert not wire.command(b"a COMPRESS DEFLATE")[-1].startswith(b"a OK")
        assert wire.command(b"b NOOP")[-1].startswith(b"b OK")
