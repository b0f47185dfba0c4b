"""The proxy keeps up with a conversation that goes both ways at once: pushes, uploads, commands in one write."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

import blockproxy
from tests.end_to_end import mailbox, proxy
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.wire import Wire, literals, split

TRACKED = mailbox.messages()["html quoted-printable"]
ASKING = mailbox.messages()["receipt header 1"]
PIPELINED = 34  # what mbsync was seen to send in one write


@dataclass(frozen=True)
class Both:
    """A way to the server, and a way through the proxy, and somebody who has an account."""

    direct: int
    proxied: int
    reader: str

    def wire(self, port: int) -> Wire:
        wire = Wire(port)
        wire.login(self.reader, PASSWORD)
        return wire


@pytest.fixture
def both(dovecot: Dovecot, account: Callable[[], str]) -> Iterator[Both]:
    reader = account()
    dovecot.deliver(reader, [b"Subject: first\r\n\r\nhello\r\n"])
    with proxy.imap(proxy.upstream(dovecot.port)) as between:
        yield Both(dovecot.port, between.port, reader)


def append(wire: Wire, message: bytes, plus: bytes) -> bytes:
    """APPEND `message`; `plus` is `+` for a literal that waits for nobody (RFC 7888)."""
    wire.send(b"a APPEND INBOX (\\Seen) {%d%s}\r\n" % (len(message), plus))
    if not plus:
        assert wire.response().startswith(b"+ ")
    wire.send(message + b"\r\n")
    return wire.answers(b"a")[-1]


@pytest.mark.parametrize("plus", [b"", b"+"], ids=["synchronising", "non-synchronising"])
def test_what_the_client_uploads_arrives_as_it_is(both: Both, plus: bytes) -> None:
    with both.wire(both.proxied) as wire:
        assert append(wire, TRACKED, plus).startswith(b"a OK")
    with both.wire(both.direct) as wire:
        [fetched, _] = wire.command(b"b FETCH 2 BODY.PEEK[]")
        assert literals(fetched) == [TRACKED]


def test_a_large_upload_arrives_as_it_is(both: Both) -> None:
    large = mailbox.messages()["large attachment"]
    with both.wire(both.proxied) as wire:
        assert append(wire, large, b"+").startswith(b"a OK")
        [fetched, _] = wire.command(b"b FETCH 2 BODY.PEEK[]")
        assert literals(fetched) == [blockproxy.clean(large).message]


@pytest.mark.parametrize(
    "items", ["BODY.PEEK[TEXT]", "UID BODY.PEEK[1]<100.300>", "BINARY.PEEK[1]", "BODY.PEEK[]<0.999>"]
)
def test_what_is_pushed_while_idle_is_cleaned(both: Both, items: str) -> None:
    with both.wire(both.proxied) as proxied, both.wire(both.direct) as direct, both.wire(both.direct) as other:
        told = []
        for wire in (proxied, direct):
            wire.command(f"n NOTIFY SET (selected (MessageNew ({items}) MessageExpunge))".encode())
            wire.send(b"i IDLE\r\n")
            assert wire.response().startswith(b"+ ")
        assert append(other, TRACKED, b"").startswith(b"a OK")
        for wire in (proxied, direct):
            assert wire.response() == b"* 2 EXISTS\r\n"
            told.append(wire.response())
    assert mailbox.TRACKER_HOST in told[1]
    assert mailbox.TRACKER_HOST not in told[0]
    assert [line.replace(b"UID 2 ", b"") for line in split(told[0])[0]] == [
        line.replace(b"UID 2 ", b"") for line in split(told[1])[0]
    ]


def test_idle_tells_at_once_what_has_arrived(both: Both) -> None:
    with both.wire(both.proxied) as idle, both.wire(both.direct) as other:
        idle.send(b"i IDLE\r\n")
        assert idle.response().startswith(b"+ ")
        started = time.monotonic()
        assert append(other, TRACKED, b"").startswith(b"a OK")
        assert idle.response() == b"* 2 EXISTS\r\n"
        assert time.monotonic() - started < 5
        idle.send(b"DONE\r\nj FETCH 2 BODY.PEEK[]\r\n")  # mutt's way: in one write
        told = b"".join(idle.answers(b"i") + idle.answers(b"j"))
        assert literals(told) == [blockproxy.clean(TRACKED).message]


def test_a_body_that_nobody_asked_for_is_cleaned_too(both: Both) -> None:
    with both.wire(both.proxied) as listening, both.wire(both.direct) as other:
        # RFC 5465: from now on the server pushes new messages; Dovecot does it while the client idles.
        notify = b"n NOTIFY SET (selected (MessageNew (UID BODY.PEEK[] FLAGS) MessageExpunge))"
        assert listening.command(notify)[-1].startswith(b"n OK")
        listening.send(b"i IDLE\r\n")
        assert listening.response().startswith(b"+ ")
        append(other, ASKING, b"")
        pushed = b""
        while b" FETCH (" not in pushed:
            pushed = listening.response()
        assert literals(pushed) == [blockproxy.clean(ASKING).message]
        assert literals(pushed) != [ASKING]


def test_commands_in_one_write_are_all_answered(dovecot: Dovecot, account: Callable[[], str]) -> None:
    reader = account()
    messages = list(mailbox.messages().values())[:PIPELINED]
    dovecot.deliver(reader, messages)
    numbers = range(1, PIPELINED + 1)
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as wire:
        wire.login(reader, PASSWORD)
        wire.send(b"".join(b"p%d UID FETCH %d (INTERNALDATE BODY.PEEK[])\r\n" % (n, n) for n in numbers))
        told = [response for n in numbers for response in wire.answers(b"p%d" % n)]
    # Dovecot may send the answers to several commands first and their tagged lines afterwards.
    fetched = [response for response in told if response.startswith(b"* ")]
    assert [response.split(b" ")[4] for response in fetched] == [b"%d" % n for n in numbers]
    assert [literals(response) for response in fetched] == [[blockproxy.clean(one).message] for one in messages]
    assert [line.split(b" ")[:2] for line in told if line not in fetched] == [[b"p%d" % n, b"OK"] for n in numbers]


@pytest.mark.parametrize("verb", [b"UID FETCH", b"FETCH"])
def test_chunks_asked_for_in_one_write_are_all_different(
    dovecot: Dovecot, account: Callable[[], str], verb: bytes
) -> None:
    reader, size, count = account(), 100, 16
    dovecot.deliver(reader, [TRACKED, ASKING])
    chunks = [(message, start) for start in range(0, size * count, size) for message in (1, 2)]
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as wire:
        wire.login(reader, PASSWORD)
        lines = [b"p %b %d BODY.PEEK[]<%d.%d>\r\n" % (verb, message, start, size) for message, start in chunks]
        wire.send(b"".join(lines))
        told = [response for _ in lines for response in wire.answers(b"p")]
    fetched = sorted(response for response in told if response.startswith(b"* "))
    for number, message in ((1, TRACKED), (2, ASKING)):
        cleaned = blockproxy.clean(message).message
        got = {
            int(one.partition(b"<")[2].partition(b">")[0]): literals(one)
            for one in fetched
            if one[2:3] == b"%d" % number
        }
        assert got == {start: [cleaned[start : start + size]] for start in range(0, size * count, size)}


def test_several_items_of_one_message_come_in_one_answer(both: Both) -> None:
    items = b"(BODY.PEEK[TEXT] UID BODY.PEEK[HEADER] BODYSTRUCTURE BODY.PEEK[]<100.300> RFC822.SIZE)"
    with both.wire(both.direct) as direct, both.wire(both.proxied) as proxied:
        append(direct, TRACKED, b"")
        answers = {}
        for wire in (direct, proxied):
            wire.command(b"a NOOP")
            [answers[wire], _] = wire.command(b"b FETCH 2 " + items)
    cleaned = blockproxy.clean(TRACKED).message
    border = TRACKED.index(b"\r\n\r\n") + 4
    sent = {b"BODY[TEXT]": slice(border, None), b"BODY[HEADER]": slice(0, border), b"BODY[]<100>": slice(100, 400)}
    expected = answers[direct]
    for item, place in sent.items():
        literal = item + b" {%d}\r\n" % len(TRACKED[place])
        assert literal + TRACKED[place] in expected
        expected = expected.replace(literal + TRACKED[place], literal + cleaned[place])
    assert expected != answers[direct]
    assert answers[proxied] == expected


@pytest.mark.parametrize("items", [*itertools.permutations([b"BODYSTRUCTURE", b"BODY.PEEK[TEXT]", b"BODY.PEEK[]"])])
def test_a_body_is_cleaned_wherever_its_description_stands(
    dovecot: Dovecot, account: Callable[[], str], items: tuple[bytes, ...]
) -> None:
    reader, message = account(), mailbox.messages()["html koi8-r"]
    dovecot.deliver(reader, [message])
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as wire:
        wire.login(reader, PASSWORD)
        [fetched, _] = wire.command(b"a UID FETCH 1 (" + b" ".join(items) + b")")
    cleaned = blockproxy.clean(message).message
    assert set(literals(fetched)) == {cleaned, cleaned[message.index(b"\r\n\r\n") + 4 :]}


def test_what_was_found_is_told_to_the_event_log(dovecot: Dovecot, account: Callable[[], str]) -> None:
    reader = account()
    dovecot.deliver(reader, [TRACKED])
    with proxy.imap(proxy.upstream(dovecot.port)) as between:
        with Wire(between.port) as wire:
            wire.login(reader, PASSWORD)
            wire.command(b"a FETCH 1 BODY.PEEK[]")
        told = between.recorder.told
    assert [delivery.account for _, delivery in told] == [reader]
    [(cleaned, delivery)] = told
    assert delivery.protocol == "imap"
    assert [finding.vendor for finding in cleaned.findings if finding.blocked] == ["Mailchimp"]
