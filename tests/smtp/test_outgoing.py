"""What leaves: without trackers of others, without traces of the sender's machine, and with what the sender wants."""

from pathlib import Path
from typing import Any

import pytest

from blockproxy.model import Action, Technique
from blockproxy.sending import Outgoing, Receipts
from blockproxy.smtp.hygiene import edited, only_machines
from blockproxy.smtp.trimming import trimmed
from tests.end_to_end import mailbox
from tests.smtp.hop import scripted
from tests.smtp.proxies import client, gateway_to, proxy_to

RECEIPTS = Path(__file__).with_name("receipts")
MANUAL = RECEIPTS.joinpath("thunderbird-manual.eml").read_bytes().replace(b"\n", b"\r\n")
FORWARD = (
    b"From: reader@example.org\r\nUser-Agent: Example Mail 1.0\r\nSubject: FW: Offer\r\n"
    b"Message-ID: <fw-1@laptop.lan>\r\n"
    b"Disposition-Notification-To: reader@example.org\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Look!</p>\r\n%b\r\n" % mailbox.pixel().encode()
)
VACATION = (
    b"From: reader@example.org\r\nSubject: Out of office\r\nMessage-ID: <v-1@example.org>\r\n"
    b"Auto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n"
)
MEETING = (
    b"From: reader@example.org\r\nSubject: Accepted\r\nMessage-ID: <m-1@example.org>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: text/calendar; charset=utf-8;\r\n method="REPLY"\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'
)
HIDING = {"received": "hide", "message-id": "replace", "time-zone": "utc"}


async def leaves(message: bytes, recipient: bytes = b"nina@example.com", **settings: Any) -> tuple[list[bytes], Any]:
    """What the next hop gets, without the final dot, and what the event log is told."""
    settings.setdefault("outgoing", {})
    async with scripted() as hop, proxy_to(hop.port, **settings) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        await me.say(b"MAIL FROM:<reader@example.org>")
        await me.say(b"RCPT TO:<%b>" % recipient)
        await me.say(b"DATA")
        assert (await me.say(message + b".")).startswith(b"250")
    return [sent.removesuffix(b".\r\n") for sent in hop.messages], proxy.events.recorded


async def test_a_tracker_that_is_forwarded_does_not_report_the_next_reader() -> None:
    [sent], recorded = await leaves(FORWARD)
    assert mailbox.pixel().encode() not in sent
    assert b"Look!" in sent
    assert b"Disposition-Notification-To: reader@example.org\r\n" in sent
    assert b"User-Agent" not in sent
    [(cleaned, delivery)] = recorded
    assert [(one.technique, one.action) for one in cleaned.findings] == [(Technique.OPEN_PIXEL, Action.REMOVE)]
    assert (delivery.direction, delivery.message) == ("out", "<fw-1@laptop.lan>")


async def test_a_newsletters_sender_keeps_the_trackers_that_were_asked_for() -> None:
    [sent], recorded = await leaves(FORWARD, outgoing={"trackers": "keep", "client": "keep"})
    assert sent == FORWARD
    assert recorded == []


@pytest.mark.parametrize("message", [mailbox.messages()["signed pgp"], b"DKIM-Signature: v=1; fake\r\n" + FORWARD])
async def test_signed_mail_leaves_as_it_was_signed(message: bytes) -> None:
    [sent], _ = await leaves(message)
    assert sent == message


@pytest.mark.parametrize(
    ("before", "after", "settings"),
    [
        ("User-Agent: Mozilla Thunderbird\n", "", {}),
        ("X-Mailer: Microsoft Outlook 16.0\n\tbuild 7\n", "", {}),
        ("User-Agent: Mozilla Thunderbird\n", "User-Agent: Mozilla Thunderbird\n", {"client": "keep"}),
        ("X-Originating-IP: [192.0.2.9]\n", "", {}),
        ("X-Originating-IP: [192.0.2.9]\n", "X-Originating-IP: [192.0.2.9]\n", {"origin": "keep"}),
        (
            "Received: from laptop.lan (laptop [192.0.2.9])\n\tby mx.example.org; Tue, 3 Mar 2026 09:15:00 +0100\n",
            "Received: from localhost\n\tby mx.example.org; Tue, 3 Mar 2026 09:15:00 +0100\n",
            {"received": "hide"},
        ),
        ("Received: by mx with [IPv6:2001:db8::9]\n", "Received: by mx with [127.0.0.1]\n", {"received": "hide"}),
        ("Received: by mx with [192.0.2.9]\n", "Received: by mx with [192.0.2.9]\n", {}),
        ("Message-ID: <17@laptop.lan>\n", "Message-ID: <17@laptop.lan>\n", {}),
        ("Message-ID: <17@laptop.lan>\n", "Message-ID: <17@example.org>\n", HIDING),
        ("Date: Tue, 03 Mar 2026 09:15:00 +0100\n", "Date: Tue, 03 Mar 2026 08:15:00 +0000\n", HIDING),
        ("Date: Tue, 03 Mar 2026 09:15:00 +0100\n", "Date: Tue, 03 Mar 2026 09:15:00 +0100\n", {}),
        ("Date: yesterday\n", "Date: yesterday\n", HIDING),
        ("User-Agent-Like: x\nNo field\n", "User-Agent-Like: x\nNo field\n", {}),
        ("DKIM-Signature: fake\nUser-Agent: x\n", "DKIM-Signature: fake\nUser-Agent: x\n", HIDING),
        ("User-Agent: no line end", "User-Agent: no line end", {}),
        ("Subject: one\rtwo\nTo: nina@example.com\n", "Subject: one\rtwo\nTo: nina@example.com\n", {}),
        ("Subject: one\n\ttwo\rthree\n", "Subject: one\n\ttwo\rthree\n", {}),
    ],
)
def test_the_header_leaves_as_the_settings_say(before: str, after: str, settings: dict[str, str]) -> None:
    octets = edited(before.replace("\n", "\r\n").encode(), Outgoing.model_validate(settings), "example.org")
    assert octets.decode() == after.replace("\n", "\r\n")


@pytest.mark.parametrize("domain", ["a..\u00fc.example", "\udcff.example", "x" * 70 + "\u00fc.example"])
def test_a_domain_that_is_none_leaves_the_message_id_alone(domain: str) -> None:
    field = b"Message-ID: <17@laptop.lan>\r\n"
    assert edited(field, Outgoing.model_validate(HIDING), domain) == field


@pytest.mark.parametrize(
    "hostile",
    [b"y" * 262_144, b"a: b\r\n" * 40_000, b"Received: from " + b"x " * 100_000, b"Message-ID: " + b"<a" * 100_000],
)
@pytest.mark.timeout(10)
def test_a_hostile_header_is_edited_in_time(hostile: bytes) -> None:
    edited(hostile + b"\r\n", Outgoing.model_validate(HIDING), "example.org")


@pytest.mark.parametrize(
    ("recipients", "machines"),
    [
        (["noreply@example.com"], True),
        (["bounce+17-fake@news.example.com", "owner-list@example.com"], True),
        (["list-bounces@example.com"], True),
        (["list-request@example.com"], True),
        (["MAILER-DAEMON@example.com"], True),
        (["nina@example.com"], False),
        (["noreply@example.com", "nina@example.com"], False),
        (["norah.eply@example.com"], False),
        ([], False),
    ],
)
def test_machines_are_told_by_their_addresses(recipients: list[str], machines: bool) -> None:
    assert only_machines(recipients) is machines


@pytest.mark.parametrize(
    ("message", "recipient", "settings", "held"),
    [
        (VACATION, b"bounce+17-fake@example.com", {}, True),
        (VACATION, b"nina@example.com", {}, False),
        (VACATION, b"bounce+17-fake@example.com", {"automatic-answers": "pass"}, False),
        (VACATION.replace(b"auto-replied", b"no"), b"noreply@example.com", {}, False),
        (VACATION.replace(b"auto-replied", b"auto-generated"), b"build-errors@example.org", {}, False),
        (
            VACATION.replace(b"auto-replied", b"auto-generated\r\nIn-Reply-To: <17@example.com>"),
            b"bounce+17-fake@example.com",
            {},
            True,
        ),
        (MEETING, b"noreply@example.com", {}, False),
        (MEETING, b"noreply@example.com", {"calendar-replies": "hold"}, True),
        (MEETING, b"nina@example.com", {"calendar-replies": "hold"}, False),
    ],
)
async def test_answers_to_machines_are_held_as_the_settings_say(
    message: bytes, recipient: bytes, settings: dict[str, str], held: bool
) -> None:
    sent, recorded = await leaves(message, recipient, outgoing=settings)
    assert sent == ([] if held else [message])
    assert [cleaned.findings[0].action for cleaned, _ in recorded] == [Action.HOLD] * held


@pytest.mark.parametrize("manual", ["pass", "trim", "hold"])
async def test_a_receipt_that_a_person_sends_leaves_as_the_settings_say(manual: str) -> None:
    sent, recorded = await leaves(MANUAL, receipts=Receipts.model_validate({"manual": manual}))
    assert sent == {"pass": [MANUAL], "trim": [trimmed(MANUAL)], "hold": []}[manual]
    assert [cleaned.findings[0].rule for cleaned, _ in recorded] == ["manual-mdn"] * (manual == "hold")


async def test_a_gateway_that_adds_its_field_trims_receipts_all_the_same() -> None:
    trim = Receipts.model_validate({"manual": "trim"})
    async with (
        scripted() as hop,
        gateway_to(hop.port, direction="out", header=True, outgoing={}, receipts=trim) as proxy,
        client(proxy.port) as me,
    ):
        for line in (b"EHLO mx.example.org", b"MAIL FROM:<reader@example.org>", b"RCPT TO:<nina@example.com>", b"DATA"):
            await me.say(line)
        assert (await me.say(MANUAL + b".")).startswith(b"250")
    assert hop.messages == [b"X-Blockproxy: clean\r\n" + trimmed(MANUAL) + b".\r\n"]


def test_a_trimmed_receipt_says_what_was_displayed_and_no_more() -> None:
    short = trimmed(MANUAL)
    assert b"Disposition: manual-action/MDN-sent-manually; displayed\r\n" in short
    assert b"Final-Recipient: rfc822;" in short
    assert b"Original-Message-ID: <" in short
    assert b"Reporting-UA" in MANUAL
    assert b"Reporting-UA" not in short
    assert b"text/rfc822-headers" in MANUAL
    assert b"text/rfc822-headers" not in short
    assert b"\n" not in short.replace(b"\r\n", b"")
    assert short.rstrip().endswith(b"--")


@pytest.mark.parametrize("name", ["claws-manual", "evolution-manual", "balsa-manual", "signed-manual"])
def test_what_is_trimmed_is_still_a_receipt(name: str) -> None:
    from blockproxy.smtp.receipts import receipt

    before = RECEIPTS.joinpath(f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")
    assert receipt(before) == receipt(trimmed(before))
    assert receipt(before) is not None


async def test_an_outgoing_gateway_does_the_same() -> None:
    async with (
        scripted() as hop,
        gateway_to(hop.port, direction="out", outgoing={}) as proxy,
        client(proxy.port) as me,
    ):
        for message, recipient in ((FORWARD, b"nina@example.com"), (VACATION, b"bounce-7@example.com")):
            await me.say(b"EHLO mx.example.org")
            await me.say(b"MAIL FROM:<reader@example.org>")
            await me.say(b"RCPT TO:<%b>" % recipient)
            await me.say(b"DATA")
            assert (await me.say(message + b".")).startswith(b"250")
    [sent] = hop.messages
    assert mailbox.pixel().encode() not in sent
    assert b"User-Agent" not in sent
    assert b"Disposition-Notification-To" in sent
    assert {(delivery.account, delivery.direction) for _, delivery in proxy.events.recorded} == {
        ("reader@example.org", "out")
    }
