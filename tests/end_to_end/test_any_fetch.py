"""Whatever a client fetches, in whatever order: the server's own answer, with cleaned octets in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import blockproxy
from tests.end_to_end import mailbox, proxy, sections
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.wire import Wire, split

FORMS = Path(__file__).parent / "fetches.txt"
LONGEST = 50_000  # octets; the long messages are read elsewhere
NAMES = [name for name, message in mailbox.messages().items() if len(message) < LONGEST]

_DURATION = re.compile(rb"\(\d[^()]* secs\)")
# Of several commands in flight nobody can tell whose an answer is: it may keep the UID that only one of them asked for.
_UID = re.compile(rb"(?<=FETCH )\((?:UID \d+ ?)?")
_ITEMS = [
    *("UID", "FLAGS", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "BODY", "INTERNALDATE", "PREVIEW"),
    *("RFC822", "RFC822.HEADER", "RFC822.TEXT"),
    *("BINARY.SIZE[1]", "BINARY.PEEK[1]", "BINARY[2]"),
    "BODY.PEEK[HEADER.FIELDS (From Subject)]",
    "BODY.PEEK[HEADER.FIELDS (Disposition-Notification-To return-receipt-to List-Unsubscribe)]",
    "BODY.PEEK[HEADER.FIELDS.NOT (From)]",
]


@dataclass(frozen=True)
class Fetch:
    """One command, and the message that it is about."""

    name: str
    text: str


@cache
def section_names(name: str) -> list[str]:
    return list(sections.names(mailbox.messages()[name]))


@cache
def cleaned(name: str) -> bytes:
    return blockproxy.clean(mailbox.messages()[name]).message


@st.composite
def bodies(draw: st.DrawFn, name: str) -> str:
    item = draw(st.sampled_from(["BODY.PEEK", "body.peek", "BODY"])) + f"[{draw(st.sampled_from(section_names(name)))}]"
    if draw(st.booleans()):
        start = draw(st.sampled_from([0, 1, 50, 256, 400, 5_000]))
        item += f"<{start}.{draw(st.sampled_from([1, 7, 100, 256, 1_000, 1_000_000]))}>"
    return item


@st.composite
def fetches(draw: st.DrawFn) -> Fetch:
    name = draw(st.sampled_from(NAMES))
    items = draw(st.lists(bodies(name) | bodies(name) | st.sampled_from(_ITEMS), min_size=1, max_size=4))
    listed = items[0] if len(items) == 1 and draw(st.booleans()) else f"({' '.join(items)})"
    return Fetch(name, draw(st.sampled_from(["UID FETCH", "FETCH"])) + f" {NAMES.index(name) + 1} {listed}")


@dataclass(frozen=True)
class Ways:
    """Two mailboxes of the same content, one of them behind the proxy: port and login name of each."""

    direct: tuple[int, str]
    proxied: tuple[int, str]


@pytest.fixture(scope="module")
def ways(dovecot: Dovecot, account: Callable[[], str]) -> Iterator[Ways]:
    readers = account(), account()
    for reader in readers:
        dovecot.deliver(reader, [mailbox.messages()[name] for name in NAMES])
    with proxy.imap(proxy.upstream(dovecot.port)) as between:
        yield Ways((dovecot.port, readers[0]), (between.port, readers[1]))


def told(way: tuple[int, str], commands: list[Fetch], *, pipelined: bool) -> list[bytes]:
    """All responses to `commands` on a connection of their own, sorted by everything but their literals."""
    port, reader = way
    lines = [f"t{number} {fetch.text}\r\n".encode() for number, fetch in enumerate(commands)]
    responses: list[bytes] = []
    with Wire(port) as wire:
        wire.login(reader, PASSWORD)
        for line in [b"".join(lines)] if pipelined else lines:
            wire.send(line)
            # The server may finish commands in another order than they were sent in.
            unanswered = line.count(b"\r\n")
            while unanswered:
                responses.append(wire.response())
                assert responses[-1], responses[-3:]
                unanswered -= responses[-1].startswith(b"t")
    if pipelined:
        responses = [_UID.sub(b"(", one, count=1) for one in responses]
    return sorted((_DURATION.sub(b"", one) for one in responses), key=lambda one: split(one)[0])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commands=st.lists(fetches(), min_size=1, max_size=8), pipelined=st.booleans())
def test_the_answers_are_the_servers_but_for_what_was_cleaned(
    ways: Ways, commands: list[Fetch], pipelined: bool
) -> None:
    direct = told(ways.direct, commands, pipelined=pipelined)
    proxied = told(ways.proxied, commands, pipelined=pipelined)
    assert [split(one)[0] for one in proxied] == [split(one)[0] for one in direct]
    for ours, theirs in zip(proxied, direct, strict=True):
        for (announced, literal), original in zip(zip(*split(ours), strict=False), split(theirs)[1], strict=False):
            name = NAMES[int(ours.split(b" ")[1]) - 1]
            message = mailbox.messages()[name]
            if b"BINARY[" in announced:
                assert len(literal) == len(original)
            elif b"HEADER.FIELDS" in announced.rpartition(b"BODY[")[2]:
                assert literal == sections.expected_fields(original, message, cleaned(name))
            else:
                assert literal in sections.expected(original, message, cleaned(name))


def test_every_form_of_fetch_is_answered_in_the_servers_shape(dovecot: Dovecot, account: Callable[[], str]) -> None:
    messages = [mailbox.messages()[name] for name in ("html quoted-printable", "everything nested", "alternative")]
    readers = account(), account()
    for reader in readers:
        dovecot.deliver(reader, messages)
    commands = [line for line in FORMS.read_text().splitlines() if not line.startswith("#")]
    with (
        proxy.imap(proxy.upstream(dovecot.port)) as between,
        Wire(dovecot.port) as direct,
        Wire(between.port) as proxied,
    ):
        for wire, reader in zip((direct, proxied), readers, strict=True):
            wire.login(reader, PASSWORD)
        for command in commands:
            told, expected = proxied.command(f"a {command}".encode()), direct.command(f"a {command}".encode())
            assert [shape(one) for one in told] == [shape(one) for one in expected], command
            assert mailbox.TRACKER_HOST not in b"".join(told), command


def shape(response: bytes) -> tuple[list[bytes], list[int]]:
    """All but the literals, and how long those are."""
    lines, literals = split(response)
    return [_DURATION.sub(b"", line) for line in lines], [len(literal) for literal in literals]
