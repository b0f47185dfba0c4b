"""The milter protocol: packets, negotiation, changes; then a whole conversation without a socket."""

import asyncio
import errno
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy import clean
from blockproxy.config import Listener
from blockproxy.detect.rules import built_in
from blockproxy.exemptions import Exemption, Exemptions, Treatment
from blockproxy.model import Policy
from blockproxy.sending import Gateway, Outgoing, Receipts
from blockproxy.smtp.milter import Conversation
from blockproxy.smtp.milter_listener import MilterProxy
from blockproxy.smtp.milter_protocol import (
    ALL_ACTIONS,
    CHUNK,
    Field,
    NotAMilterError,
    Packet,
    Reader,
    Steps,
    body,
    field,
    header_changes,
    negotiated,
    packet,
)
from blockproxy.smtp.outbox import Outbox
from blockproxy.smtp.spool import Spool
from blockproxy.smtp.terms import MailTerms
from tests.end_to_end import machine, mailbox
from tests.smtp.proxies import Events

OFFER = b"".join(word.to_bytes(4, "big") for word in (6, 0x1FF, 0x1FFFFF))
TRACKING = (
    b"From: news@example.com\r\nSubject: Offer\r\nDisposition-Notification-To: news@example.com\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html;\r\n charset=utf-8\r\n\r\n<p>Buy!</p>\r\n%b\r\n"
    % mailbox.pixel().encode()
)
LETTER = b"From: nina@example.com\r\nSubject: Hello\r\n\r\nBody\r\n"


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 60), max_size=10))
def test_packets_come_out_however_they_are_cut(datas: list[bytes], cuts: list[int]) -> None:
    octets, reader, found = b"".join(packet(b"B", data) for data in datas), Reader(), list[Packet]()
    for cut in cuts:
        found += reader.feed(octets[:cut])
        octets = octets[cut:]
    found += reader.feed(octets)
    assert found == [Packet(b"B", data) for data in datas]


@pytest.mark.parametrize("octets", [b"\0\0\0\0", b"\xff\xff\xff\xffO", b"GET / HTTP/1.1"])
def test_what_is_no_packet_is_refused(octets: bytes) -> None:
    with pytest.raises(NotAMilterError):
        list(Reader().feed(octets))


@pytest.mark.parametrize("offer", [b"", OFFER[:8], b"\0\0\0\2" + OFFER[4:], OFFER[:4] + b"\0\0\0\0" + OFFER[8:]])
def test_a_server_that_cannot_do_what_it_takes_is_refused(offer: bytes) -> None:
    with pytest.raises(NotAMilterError):
        negotiated(offer)


def test_only_what_the_server_offers_is_agreed() -> None:
    said, steps = negotiated(OFFER[:8] + int(Steps.NO_REPLY_TO_BODY).to_bytes(4, "big"))
    assert steps == Steps.NO_REPLY_TO_BODY
    assert said[9:13] == int(ALL_ACTIONS).to_bytes(4, "big")


def test_fields_change_from_the_end_and_are_counted_by_name_in_any_case() -> None:
    before = [Field(b"A", b" 1"), Field(b"a", b" 2"), Field(b"B", b" 3"), Field(b"A", b" 4")]
    after = [None, Field(b"a", b" two"), Field(b"X", b" 3"), Field(b"A", b" 4")]
    assert list(header_changes(before, after, Steps.LEADING_SPACE)) == [
        packet(b"h", b"X\0 3\0"),
        packet(b"m", b"\0\0\0\1B\0\0"),
        packet(b"m", b"\0\0\0\2a\0 two\0"),
        packet(b"m", b"\0\0\0\1A\0\0"),
    ]
    assert list(header_changes(before[:1], [Field(b"A", b" x")], Steps(0))) == [packet(b"m", b"\0\0\0\1A\0x\0")]


@given(st.binary(max_size=30).map(lambda value: value.replace(b"\0", b"").replace(b"\r", b"").rstrip(b"\n")))
def test_a_field_comes_back(value: bytes) -> None:
    assert field(Field(b"Subject", value).octets) == Field(b"Subject", value)


def test_a_body_goes_in_packets_that_the_server_takes() -> None:
    sent = list(body([b"x" * 100_000, b"y"]))
    assert [len(one) - 5 for one in sent] == [CHUNK, 100_000 - CHUNK, 1]


def commands(message: bytes, *recipients: bytes) -> list[Packet]:
    """What Postfix says about a message."""
    header, _, content = message.partition(b"\r\n\r\n")
    lines = header.replace(b"\r\n ", b"\n ").split(b"\r\n")
    fields = [line.replace(b":", b"\0", 1).replace(b"\n ", b"\n ") + b"\0" for line in lines]
    return [
        Packet(b"O", OFFER),
        Packet(b"C", b"mx.example.com\0004\0\x19192.0.2.9\0"),
        Packet(b"D", b"M"),
        Packet(b"M", b"<news@example.com>\0SIZE=100\0"),
        *(Packet(b"R", b"<%b>\0" % one) for one in recipients or (b"anna@example.org",)),
        *(Packet(b"L", one) for one in fields),
        Packet(b"N", b""),
        *(Packet(b"B", content[at : at + 500]) for at in range(0, len(content), 500)),
        Packet(b"E", b""),
    ]


async def said(
    message: bytes, *recipients: bytes, outgoing: bool = False, exemptions: tuple[Exemption, ...] = (), **settings: Any
) -> tuple[list[Packet], Events]:
    """What is answered after the negotiation, and what the event log is told."""
    events = Events()
    terms = MailTerms(
        settings=Gateway.model_validate({**settings, "direction": "out" if outgoing else "in"}),
        rules=built_in(),
        policy=Policy(),
        addresses=(),
        record=events.record,
        exemptions=Exemptions(exemptions),
        outbox=Outbox(Receipts(), Outgoing(), Policy(), events.record, built_in()) if outgoing else None,
    )
    conversation, reader, found = Conversation(terms), Reader(), list[Packet]()
    for command in commands(message, *recipients):
        async for octets in conversation.answers(command):
            found += reader.feed(octets)
    assert not conversation.ended
    conversation.close()
    return [one for one in found[1:] if one.command != b"c"], events


async def test_an_ordinary_letter_is_accepted_and_nothing_is_changed() -> None:
    assert (await said(LETTER))[0] == [Packet(b"a", b"")]


async def test_a_tracker_is_taken_out_and_a_receipt_not_asked_for() -> None:
    answers, events = await said(TRACKING)
    cleaned = clean(TRACKING).message
    assert answers == [
        Packet(b"h", b"Xisposition-Notification-To\0 news@example.com\0"),
        Packet(b"m", b"\0\0\0\1Disposition-Notification-To\0\0"),
        Packet(b"b", cleaned.partition(b"\r\n\r\n")[2]),
        Packet(b"a", b""),
    ]
    assert [delivery.account for _, delivery in events.recorded] == ["anna@example.org"]


async def test_a_field_says_what_was_done_and_nobody_elses_does() -> None:
    answers, _ = await said(b"X-Blockproxy: clean as snow\r\n" + LETTER, header=True)
    assert answers == [
        Packet(b"h", b"X-Xlockproxy\0 clean as snow\0"),
        Packet(b"m", b"\0\0\0\1X-Blockproxy\0\0"),
        Packet(b"i", b"\0\0\0\1X-Blockproxy\0 clean\0"),
        Packet(b"a", b""),
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"do": "reject", "reason": "No 100% spies"}, [Packet(b"y", b"550 5.7.1 No 100%% spies\0")]),
        ({"do": "report"}, [Packet(b"a", b"")]),
        (
            {"do": "tag", "subject": "[tracked]"},
            [
                Packet(b"m", b"\0\0\0\1Subject\0 [tracked] Offer\0"),
                Packet(b"i", b"\0\0\0\1X-Blockproxy\0 reported=2 open-pixel, receipt-request\0"),
                Packet(b"a", b""),
            ],
        ),
        (
            {"do": "quarantine", "to": "spies@example.org"},
            [
                Packet(b"i", b"\0\0\0\1X-Envelope-To\0 <anna@example.org>\0"),
                Packet(b"-", b"<anna@example.org>\0"),
                Packet(b"+", b"<spies@example.org>\0"),
                Packet(b"i", b"\0\0\0\1X-Blockproxy\0 blocked=2 open-pixel, receipt-request\0"),
                Packet(b"a", b""),
            ],
        ),
    ],
)
async def test_a_policy_decides(policy: dict[str, str], expected: list[Packet]) -> None:
    assert (await said(TRACKING, policies=[policy]))[0] == expected


async def test_recipients_with_another_policy_are_asked_for_again() -> None:
    policies = [{"do": "reject", "recipients": ["strict@*"]}]
    answers, _ = await said(TRACKING, b"anna@example.org", b"strict@example.org", policies=policies)
    assert answers[0] == Packet(b"y", b"452 4.5.3 Another policy is for this recipient, send the message once more\0")
    assert answers[-1] == Packet(b"a", b"")


async def test_what_leaves_loses_its_traces_and_an_automatic_receipt_stays() -> None:
    answers, _ = await said(b"User-Agent: Example Mail\r\n" + LETTER, outgoing=True)
    assert answers == [Packet(b"m", b"\0\0\0\1User-Agent\0\0"), Packet(b"a", b"")]
    receipt = LETTER.replace(
        b"Subject: Hello", b"Subject: Read: x\r\nIn-Reply-To: <1@x>\r\nAuto-Submitted: auto-replied"
    )
    assert (await said(receipt, outgoing=True))[0] == [Packet(b"d", b"")]


async def test_an_aborted_message_is_forgotten() -> None:
    events = Events()
    terms = MailTerms(
        settings=Gateway(),
        rules=built_in(),
        policy=Policy(),
        addresses=(),
        record=events.record,
        exemptions=Exemptions(),
        outbox=None,
    )
    conversation = Conversation(terms)
    for command in [*commands(TRACKING)[:-1], Packet(b"A", b""), *commands(LETTER)[2:]]:
        answers = [octets async for octets in conversation.answers(command)]
    conversation.close()
    assert answers == [packet(b"a")]
    assert events.recorded == []


@pytest.mark.parametrize(("treatment", "recorded"), [(Treatment.OFF, 0), (Treatment.REPORT, 1)])
async def test_an_exemption_leaves_a_senders_mail_alone(treatment: Treatment, recorded: int) -> None:
    answers, events = await said(TRACKING, exemptions=(Exemption(sender="example.com", treatment=treatment),))
    assert answers == [Packet(b"a", b"")]
    assert len(events.recorded) == recorded


async def test_miltertest_is_content() -> None:
    policies = [
        {"recipients": ["strict@*"], "do": "reject"},
        {"recipients": ["careful@*"], "do": "quarantine", "to": "spies@example.org"},
    ]
    proxy = MilterProxy(
        Listener(port=0),
        Gateway.model_validate({"header": True, "policies": policies}),
        rules=built_in(),
        policy=Policy(),
        record=lambda *_: None,
    )
    header, body = b"Content-Type: text/html\r\n\r\n", f"<p>Buy!</p>\r\n{mailbox.pixel()}\r\n"
    cleaned = clean(header + body.encode()).message.removeprefix(header).decode()
    await proxy.start()
    process = await asyncio.create_subprocess_exec(
        machine.program("miltertest"),
        *("-D", f"port={proxy.port}", "-D", f"tracking={body}", "-D", f"cleaned={cleaned}"),
        *("-v", "-s", str(Path(__file__).with_name("milter.lua"))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    await proxy.close()
    assert process.returncode == 0, printed.decode()


@pytest.mark.timeout(10)
async def test_a_message_of_thousands_of_fields_keeps_nobody_waiting() -> None:
    packets, _ = await said(b"a: b\r\n" * 17_000 + LETTER, outgoing=True)
    assert packets[-1] == Packet(b"a", b"")


async def test_however_a_stranger_writes_an_address_it_is_one_account() -> None:
    _, events = await said(TRACKING, b"Anna@EXAMPLE.org")
    assert [delivery.account for _, delivery in events.recorded] == ["anna@example.org"]


async def test_a_disk_that_fills_up_ends_the_conversation_in_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: Spool, _octets: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "write", full)
    proxy = MilterProxy(Listener(port=0), Gateway(), rules=built_in(), policy=Policy(), record=Events().record)
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(packet(b"O", OFFER) + packet(b"M", b"<news@example.com>\0") + packet(b"B", b"x"))
    with suppress(ConnectionError):
        await reader.read()
        assert await reader.read() == b""
    writer.transport.abort()
    await proxy.close()
    assert "no room for a message: No space left on device" in caplog.text
