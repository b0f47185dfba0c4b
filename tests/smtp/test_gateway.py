"""The gateway between a mail server and a next hop that answers by a script."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from blockproxy.detect.rules import load
from blockproxy.eventlog.events import Numbers
from blockproxy.exemptions import Exemption, Exemptions, Treatment
from blockproxy.model import Action, Technique
from blockproxy.smtp.gateway import GatewaySession
from blockproxy.smtp.listener import GatewayProxy
from tests.end_to_end import mailbox
from tests.end_to_end.certificates import Certificates
from tests.smtp.hop import FINAL_DOT, HANG_UP, SILENCE, ScriptedHop, scripted
from tests.smtp.proxies import Client, Running, client, gateway_to
from tests.smtp.test_submission import listening

LETTER = b"From: nina@example.com\r\nSubject: Hello\r\nMessage-ID: <letter-1@example.com>\r\n\r\nBody\r\n"
TRACKING = (
    b"From: news@example.com\r\nSubject: Offer\r\nMessage-ID: <offer-1@example.com>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Buy!</p>\r\n%b\r\n" % mailbox.pixel().encode()
)
STRANGERS = {"clients": ["192.0.2.0/24"], "domains": ["example.org"]}
LMTP = {b"LHLO": b"250-hop.example.org\r\n250-PIPELINING\r\n250 SIZE 40000000"}


async def sent(me: Client, message: bytes, *recipients: bytes, sender: bytes = b"news@example.com") -> bytes:
    """The reply to the final dot, or the first refusal."""
    await me.say(b"EHLO mx.example.com")
    lines = [b"MAIL FROM:<%b>" % sender, *(b"RCPT TO:<%b>" % one for one in recipients or (b"anna@example.org",))]
    for line in [*lines, b"DATA"]:
        answer = await me.say(line)
        if answer[:1] not in b"23":
            return answer
    return await me.say(message.replace(b"\r\n.", b"\r\n..") + b".")


@asynccontextmanager
async def between(**settings: Any) -> AsyncIterator[tuple[ScriptedHop, Running, Client]]:
    async with scripted() as hop, gateway_to(hop.port, **settings) as proxy, client(proxy.port) as me:
        yield hop, proxy, me


async def test_an_ordinary_letter_passes_octet_for_octet() -> None:
    async with between() as (hop, proxy, me):
        assert await sent(me, LETTER) == b"250 2.0.0 kept as 4711"
    assert hop.messages == [LETTER + b".\r\n"]
    assert proxy.events.recorded == []


async def test_a_tracking_message_arrives_clean_and_as_long_as_it_was() -> None:
    async with between() as (hop, proxy, me):
        assert (await sent(me, TRACKING, b"anna@example.org", b"nina@example.org")).startswith(b"250")
    [message] = hop.messages
    assert len(message) == len(TRACKING) + 3
    assert mailbox.pixel().encode() not in message
    assert b"Subject: Offer\r\n" in message
    assert {delivery.account for _, delivery in proxy.events.recorded} == {"anna@example.org", "nina@example.org"}
    cleaned, delivery = proxy.events.recorded[0]
    assert [finding.technique for finding in cleaned.findings] == [Technique.OPEN_PIXEL]
    assert (delivery.protocol, delivery.direction, delivery.message) == ("smtp", "in", "<offer-1@example.com>")


async def test_however_a_stranger_writes_an_address_it_is_one_account() -> None:
    async with between() as (_, proxy, me):
        await sent(me, TRACKING, b"Anna@EXAMPLE.org")
        await sent(me, TRACKING, b"anna@example.org")
    assert [delivery.account for _, delivery in proxy.events.recorded] == ["anna@example.org"] * 2


async def test_the_envelopes_recipients_are_the_addresses_that_leak() -> None:
    leak = TRACKING.replace(mailbox.pixel().encode(), b'<img src="https://pics.example/p?to=anna@example.org" width=1>')
    async with between() as (_, proxy, me):
        await sent(me, leak, b"anna@example.org")
        await sent(me, leak, b"someone@example.org")
    said = [[finding.technique for finding in cleaned.findings] for cleaned, _ in proxy.events.recorded]
    assert Technique.ADDRESS_LEAK in said[0]
    assert len(said) == 1 or Technique.ADDRESS_LEAK not in said[1]


@pytest.mark.parametrize("name", ["signed pgp", "large attachment", "html gb18030", "many trackers"])
async def test_real_shapes_pass_and_signed_ones_as_they_are(name: str) -> None:
    message = mailbox.messages()[name]
    async with between() as (hop, _, me):
        assert (await sent(me, message)).startswith(b"250")
    [arrived] = hop.messages
    assert name != "signed pgp" or arrived == message.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    assert len(arrived.replace(b"\r\n..", b"\r\n.")) == len(message) + 3


@pytest.mark.parametrize(
    ("message", "said"),
    [(LETTER, b"X-Blockproxy: clean\r\n"), (TRACKING, b"X-Blockproxy: blocked=1 open-pixel\r\n")],
)
async def test_a_field_says_what_was_done_where_the_settings_want_it(message: bytes, said: bytes) -> None:
    async with between(header=True) as (hop, _, me):
        await sent(me, b"x-blockproxy: clean as snow\r\n" + message)
    [arrived] = hop.messages
    assert arrived.startswith(said + b"X-Xlockproxy: clean as snow\r\nFrom: ")
    assert arrived.lower().count(b"x-blockproxy") == 1


async def test_mail_that_tracks_is_refused_with_a_reason() -> None:
    async with between(policies={"do": "reject", "reason": "No spies, please"}) as (hop, proxy, me):
        assert await sent(me, TRACKING) == b"550 5.7.1 No spies, please"
        assert await sent(me, LETTER) == b"250 2.0.0 kept as 4711"
    assert hop.messages == [LETTER + b".\r\n"]
    [(cleaned, _)] = proxy.events.recorded
    assert [finding.action for finding in cleaned.findings] == [Action.REJECT]


@pytest.mark.parametrize(("do", "action"), [("report", Action.REPORT), ("clean", Action.REMOVE)])
async def test_a_policy_reports_or_cleans(do: str, action: Action) -> None:
    async with between(policies={"do": do}) as (hop, proxy, me):
        await sent(me, TRACKING)
    assert (hop.messages == [TRACKING + b".\r\n"]) == (do == "report")
    [(cleaned, _)] = proxy.events.recorded
    assert [finding.action for finding in cleaned.findings] == [action]


async def test_a_message_is_tagged_and_left_as_it_is() -> None:
    async with between(policies={"do": "tag", "subject": "[tracked]"}) as (hop, _, me):
        await sent(me, TRACKING)
    assert hop.messages == [
        b"X-Blockproxy: reported=1 open-pixel\r\n" + TRACKING.replace(b"Subject: ", b"Subject: [tracked] ") + b".\r\n"
    ]


async def test_quarantine_gets_the_message_and_its_envelope() -> None:
    policy = {"do": "quarantine", "to": "spies@example.org"}
    async with between(policies=policy) as (hop, proxy, me):
        assert await sent(me, TRACKING) == b"250 2.0.0 kept as 4711"
    assert hop.commands[-4:] == [b"RSET", b"MAIL FROM:<>", b"RCPT TO:<spies@example.org>", b"DATA"]
    [message] = hop.messages
    fields = b"X-Envelope-From: <news@example.com>\r\nX-Envelope-To: <anna@example.org>\r\n"
    assert message == b"X-Blockproxy: blocked=1 open-pixel\r\n" + fields + TRACKING + b".\r\n"
    [(cleaned, _)] = proxy.events.recorded
    assert [finding.action for finding in cleaned.findings] == [Action.QUARANTINE]


async def test_a_quarantine_that_is_refused_is_no_fault_of_the_senders() -> None:
    policy = {"do": "quarantine", "to": "spies@example.org"}
    async with (
        scripted({FINAL_DOT: b"552 5.2.2 full"}) as hop,
        gateway_to(hop.port, policies=policy) as proxy,
        client(proxy.port) as me,
    ):
        assert (await sent(me, TRACKING)).startswith(b"451 4.3.5 ")
    assert proxy.events.recorded == []


async def test_policies_tell_apart_who_sends_to_whom_and_what_is_found() -> None:
    rules = [
        {"do": "clean", "senders": ["*@bank.example"]},
        {"do": "report", "recipients": ["Press@example.org"]},
        {"do": "reject", "techniques": ["open-pixel"]},
    ]
    async with between(policies=rules) as (hop, _, me):
        assert (await sent(me, TRACKING, sender=b"news@bank.example")).startswith(b"250")
        assert (await sent(me, TRACKING, b"press@EXAMPLE.org")).startswith(b"250")
        assert (await sent(me, TRACKING, b"anna@example.org")).startswith(b"550")
        # One reply cannot speak for two recipients who are treated differently.
        assert (await sent(me, TRACKING, b"anna@example.org", b"press@example.org")).startswith(b"452 4.5.3 ")
    assert [message == TRACKING + b".\r\n" for message in hop.messages] == [False, True]


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (b"anna@example.org", b"250"),
        (b"anna@EXAMPLE.org", b"250"),
        (b"anna@example.net", b"554"),
        (b"anna%example.net@example.org", b"554"),
        (b"@example.org:anna@example.net", b"554"),
        (b"anna", b"554"),
    ],
)
async def test_it_is_no_open_relay(recipient: bytes, code: bytes) -> None:
    async with between(**STRANGERS) as (hop, _, me):
        await me.say(b"EHLO mx.example.com")
        await me.say(b"MAIL FROM:<news@example.com>")
        assert (await me.say(b"RCPT TO:<%b>" % recipient)).startswith(code)
    assert (b"RCPT TO:<%b>" % recipient in hop.commands) == (code == b"250")


async def test_trusted_hosts_send_to_anybody() -> None:
    async with between() as (hop, _, me):
        assert (await sent(me, LETTER, b"anyone@example.net")).startswith(b"250")
    assert len(hop.messages) == 1


async def test_xclient_makes_a_trusted_host_a_stranger_and_begins_anew() -> None:
    async with between(clients=["127.0.0.0/8"], domains=["example.org"]) as (_, _, me):
        assert b"250-XFORWARD " in await me.say(b"EHLO proxy.example.org")
        assert (await me.say(b"XCLIENT ADDR=192.0.2.9 NAME=mx.example.com")).startswith(b"220 ")
        assert (await me.say(b"MAIL FROM:<news@example.com>")).startswith(b"503 ")
        assert (await sent(me, LETTER, b"anyone@example.net")).startswith(b"554 5.7.1 ")
        assert (await me.say(b"RCPT TO:<anna@example.org>")).startswith(b"250")


async def test_strangers_are_not_believed() -> None:
    async with between(peers=["192.0.2.0/24"]) as (_, _, me):
        assert b"XCLIENT" not in await me.say(b"EHLO mx.example.com")
        assert (await me.say(b"XCLIENT ADDR=192.0.2.9")).startswith(b"550 ")
        assert (await me.say(b"XFORWARD ADDR=192.0.2.9")).startswith(b"550 ")


async def test_the_next_hop_learns_who_brings_the_message() -> None:
    answers = {b"EHLO": b"250-hop.example.org\r\n250 XFORWARD NAME ADDR HELO", b"XFORWARD": b"250 2.0.0 noted"}
    async with scripted(answers) as hop, gateway_to(hop.port) as proxy, client(proxy.port) as me:
        await sent(me, LETTER)
        await me.say(b"XFORWARD NAME=mx.example.com ADDR=192.0.2.9 HELO=a+2Bb")
        await sent(me, LETTER)
        await sent(me, LETTER)
    assert [line for line in hop.commands if line.startswith(b"XFORWARD")] == [
        b"XFORWARD ADDR=127.0.0.1 HELO=mx.example.com",
        b"XFORWARD NAME=mx.example.com ADDR=192.0.2.9 HELO=a+2Bb",
        b"XFORWARD ADDR=127.0.0.1 HELO=mx.example.com",
    ]


async def test_a_notice_of_success_is_not_asked_for_and_a_failure_still_is() -> None:
    for notices, kept in (("drop", b"NOTIFY=FAILURE"), ("pass", b"NOTIFY=SUCCESS,FAILURE")):
        async with between(success_notices=notices) as (hop, proxy, me):
            await me.say(b"EHLO mx.example.com")
            await me.say(b"MAIL FROM:<news@example.com> RET=HDRS ENVID=fake-17")
            line = b"RCPT TO:<anna@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;anna@example.org"
            await me.say(line)
            await me.say(b"DATA")
            await me.say(LETTER + b".")
        assert hop.commands[1] == b"MAIL FROM:<news@example.com> RET=HDRS ENVID=fake-17"
        assert hop.commands[2] == line.replace(b"NOTIFY=SUCCESS,FAILURE", kept)
        found = [finding.technique for cleaned, _ in proxy.events.recorded for finding in cleaned.findings]
        assert found == [Technique.DELIVERY_RECEIPT] * (notices == "drop")


async def test_no_login_is_offered_and_the_size_leaves_room_for_our_fields() -> None:
    async with (
        scripted({b"EHLO": b"250-hop.example.org\r\n250-AUTH PLAIN\r\n250 SIZE 50000"}) as hop,
        gateway_to(hop.port) as proxy,
        client(proxy.port) as me,
    ):
        ehlo = await me.say(b"EHLO mx.example.com")
        assert b"AUTH" not in ehlo
        assert b"SIZE 45904" in ehlo
        assert (await me.say(b"AUTH PLAIN AGEAYg==")).startswith(b"502 ")
    async with (
        scripted({b"EHLO": b"250 hop.example.org"}) as hop,
        gateway_to(hop.port) as proxy,
        client(proxy.port) as me,
    ):
        # Dovecot's LMTP, which refuses the parameter.
        assert b"SIZE" not in await me.say(b"EHLO mx.example.com")


# LMTP and several next hops.


async def test_lmtp_gets_a_reply_for_each_recipient() -> None:
    answers = {**LMTP, FINAL_DOT: b"250 2.0.0 for anna\r\n452 4.2.2 nina is full"}
    async with (
        scripted(answers) as hop,
        gateway_to({"port": hop.port, "protocol": "lmtp"}) as proxy,
        client(proxy.port) as me,
    ):
        assert (await me.say(b"LHLO mx.example.org")).startswith(b"250")
        await me.say(b"MAIL FROM:<news@example.com>")
        for recipient in (b"anna", b"nina"):
            assert (await me.say(b"RCPT TO:<%b@example.org>" % recipient)).startswith(b"250")
        await me.say(b"DATA")
        assert await me.say(LETTER + b".") == b"250 2.0.0 for anna"
        assert await me.reply() == b"452 4.2.2 nina is full"
    assert hop.commands[0].startswith(b"LHLO ")


async def test_a_refusal_of_ours_is_said_for_each_recipient_too() -> None:
    async with (
        scripted(LMTP) as hop,
        gateway_to({"port": hop.port, "protocol": "lmtp"}, policies={"do": "reject"}) as proxy,
        client(proxy.port) as me,
    ):
        await me.say(b"LHLO mx.example.org")
        await me.say(b"MAIL FROM:<news@example.com>")
        await me.say(b"RCPT TO:<anna@example.org>")
        await me.say(b"RCPT TO:<nina@example.org>")
        await me.say(b"DATA")
        assert (await me.say(TRACKING + b".")).startswith(b"550 5.7.1 ")
        assert (await me.reply()).startswith(b"550 5.7.1 ")


async def test_smtp_in_front_of_lmtp_takes_one_recipient_at_a_time() -> None:
    async with (
        scripted(LMTP) as hop,
        gateway_to({"port": hop.port, "protocol": "lmtp"}) as proxy,
        client(proxy.port) as me,
    ):
        assert (await sent(me, LETTER, b"anna@example.org", b"nina@example.org")).startswith(b"452 4.5.3 One")
        assert (await me.say(b"DATA")).startswith(b"354")
        assert (await me.say(LETTER + b".")).startswith(b"250")
    assert len(hop.messages) == 1


class Once(dict[bytes, bytes]):
    """Answers of which one is to hang up, the first time that it is asked for."""

    def get(self, verb: bytes, default: object = None) -> Any:
        answer = super().get(verb, default)
        return self.pop(b"first " + verb, answer)


async def test_a_connection_is_used_again_and_a_dead_one_replaced_unnoticed() -> None:
    async with scripted() as hop, gateway_to(hop.port) as proxy:
        for _ in range(3):
            async with client(proxy.port) as me:
                assert (await sent(me, LETTER)).startswith(b"250")
                assert (await me.say(b"QUIT")).startswith(b"221")
        greetings = [line for line in hop.commands if line.startswith(b"EHLO")]
        assert len(greetings) == 1
        hop.answers = Once({**hop.answers, b"first MAIL": HANG_UP})
        async with client(proxy.port) as me:
            assert (await sent(me, LETTER)).startswith(b"250")
    assert [line for line in hop.commands if line.startswith(b"EHLO")] == greetings * 2
    assert len(hop.messages) == 4


async def test_a_connection_that_the_next_hop_has_ended_is_let_go_between_two_messages() -> None:
    async with between() as (hop, proxy, me):
        assert (await sent(me, LETTER)).startswith(b"250")
        [session] = proxy.proxy._sessions
        assert isinstance(session, GatewaySession)
        before = session._next._wire
        assert before is not None
        before._reader.feed_eof()  # as if the next hop had closed
        assert (await sent(me, LETTER)).startswith(b"250")
        assert before._writer.is_closing()
    assert len(hop.messages) == 2


async def test_a_connection_whose_transaction_could_not_be_ended_is_left_to_nobody() -> None:
    answers = {b"RSET": b"451 4.3.0 not now"}
    async with scripted(answers) as hop, gateway_to(hop.port, policies={"do": "reject"}) as proxy:
        async with client(proxy.port) as me:
            assert (await sent(me, TRACKING)).startswith(b"550")
        async with client(proxy.port) as me:
            assert (await sent(me, LETTER)).startswith(b"250")
    assert [line[:4] for line in hop.commands].count(b"EHLO") == 2


async def test_a_client_that_leaves_in_a_transaction_leaves_nothing_to_the_next() -> None:
    async with scripted() as hop, gateway_to(hop.port) as proxy:
        async with client(proxy.port) as me:
            await me.say(b"EHLO mx.example.com")
            await me.say(b"MAIL FROM:<news@example.com>")
            await me.say(b"RCPT TO:<anna@example.org>")
        async with asyncio.timeout(5):
            await hop.left.wait()
        async with client(proxy.port) as me:
            assert (await sent(me, LETTER)).startswith(b"250")
    assert hop.commands.count(b"RCPT TO:<anna@example.org>") == 2
    assert len(hop.messages) == 1


@pytest.mark.parametrize("verb", [b"MAIL FROM:<news@example.com>", b"HELP", b"VRFY anna"])
async def test_a_connection_on_which_an_answer_is_still_to_come_is_left_to_nobody(verb: bytes) -> None:
    async with scripted({verb.split()[0]: SILENCE}) as hop, gateway_to(hop.port) as proxy:
        async with client(proxy.port) as me:
            await me.say(b"EHLO mx.example.com")
            me.writer.write(verb + b"\r\n")
            async with asyncio.timeout(5):
                await hop.silent.wait()
        async with asyncio.timeout(5):
            await hop.left.wait()
        hop.answers = {**hop.answers, b"MAIL": b"250 2.1.0 sender noted"}
        async with client(proxy.port) as me:
            assert (await sent(me, LETTER)).startswith(b"250")
    assert [line[:4] for line in hop.commands].count(b"EHLO") == 2


async def test_where_a_next_hop_cannot_be_reached_the_next_is_taken() -> None:
    async with scripted() as gone:
        pass
    async with (
        scripted(greeting=b"421 4.3.2 busy") as busy,
        scripted() as hop,
        gateway_to(gone.port, busy.port, hop.port) as proxy,
        client(proxy.port) as me,
    ):
        assert (await sent(me, LETTER)).startswith(b"250")
    assert len(hop.messages) == 1


async def test_where_no_next_hop_can_be_reached_the_client_is_told_to_come_again() -> None:
    async with scripted() as gone:
        pass
    async with gateway_to(gone.port, gone.port) as proxy, client(proxy.port) as me:
        assert await me.say(b"EHLO mx.example.com") == b"421 4.4.1 The next hop cannot be reached"


@pytest.mark.parametrize("verb", [b"DATA", FINAL_DOT])
async def test_a_next_hop_that_is_lost_is_451_and_the_client_may_go_on(verb: bytes) -> None:
    async with scripted({verb: HANG_UP}) as hop, gateway_to(hop.port) as proxy, client(proxy.port) as me:
        assert (await sent(me, LETTER)).startswith(b"451 4.4.2 ")
        hop.answers = {**hop.answers, b"DATA": b"354 go on", FINAL_DOT: b"250 2.0.0 kept"}
        assert (await sent(me, LETTER)).startswith(b"250")


RULE = """\
id: count-example
name: Count Example
site: https://count.example/
operator: Count Example
evidence: [made up for this test]
added: 2026-11-25
rules:
- id: open
  technique: open-pixel
  match: "||count.example/fake-"
  examples:
    catches: ["https://count.example/fake-17"]
    spares: ["https://count.example/"]
"""


async def test_new_rules_hold_for_the_next_session(tmp_path: Path) -> None:
    (tmp_path / "vendors").mkdir()
    (tmp_path / "vendors" / "count-example.yaml").write_text(RULE)
    message = TRACKING.replace(mailbox.pixel().encode(), b'<img src="https://count.example/fake-17" width="1">')
    async with scripted() as hop, gateway_to(hop.port) as proxy:
        assert isinstance(proxy.proxy, GatewayProxy)
        async with client(proxy.port) as before:
            await before.say(b"NOOP")
            proxy.proxy.use(load([tmp_path]))
            assert (await sent(before, message)).startswith(b"250")
        async with client(proxy.port) as after:
            assert (await sent(after, message)).startswith(b"250")
    rules = [finding.rule for cleaned, _ in proxy.events.recorded for finding in cleaned.findings]
    assert rules[-1] == "count-example/open"
    assert "count-example/open" not in rules[:-1]


@pytest.mark.parametrize(
    ("header", "recipient", "answer"),
    [
        (b"PROXY TCP4 192.0.2.9 192.0.2.1 4711 25\r\n", b"anyone@example.net", b"554 5.7.1 "),
        (b"PROXY TCP4 192.0.2.9 192.0.2.1 4711 25\r\n", b"anna@example.org", b"250 "),
        (b"PROXY TCP6 2001:db8::9 2001:db8::1 4711 25\r\n", b"anyone@example.net", b"554 5.7.1 "),
        (b"PROXY TCP4 127.0.0.9 192.0.2.1 4711 25\r\n", b"anyone@example.net", b"250 "),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\x09\xc0\0\2\1\x12\x67\0\x19",
            b"anyone@example.net",
            b"554 5.7.1 ",
        ),
        (b"EHLO mx.example.com\r\n", b"", b""),
    ],
)
async def test_behind_a_load_balancer_the_client_is_who_it_says(header: bytes, recipient: bytes, answer: bytes) -> None:
    async with (
        scripted() as hop,
        gateway_to(hop.port, proxy_protocol=True, domains=["example.org"]) as proxy,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        me = Client(reader, writer)
        writer.write(header)
        assert (await me.reply()).startswith(b"220 ") == bool(answer)
        if answer:
            await me.say(b"EHLO mx.example.com")
            await me.say(b"MAIL FROM:<news@example.com>")
            assert (await me.say(b"RCPT TO:<%b>" % recipient)).startswith(answer)
        writer.transport.abort()


@asynccontextmanager
async def balanced(header: bytes, hop: ScriptedHop, **settings: Any) -> AsyncIterator[Client]:
    async with gateway_to(hop.port, proxy_protocol=True, **settings) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        me = Client(reader, writer)
        writer.write(header)
        try:
            assert (await me.reply()).startswith(b"220 ")
            yield me
        finally:
            writer.transport.abort()


async def test_who_comes_through_a_load_balancer_is_not_believed_as_the_balancer_is() -> None:
    async with (
        scripted() as hop,
        balanced(b"PROXY TCP4 192.0.2.9 192.0.2.1 4711 25\r\n", hop, domains=["example.org"]) as me,
    ):
        assert b"XCLIENT" not in await me.say(b"EHLO mx.example.com")
        assert (await me.say(b"XCLIENT ADDR=127.0.0.1")).startswith(b"550 ")
        assert (await sent(me, LETTER, b"anyone@example.net")).startswith(b"554 5.7.1 ")


async def test_whom_a_load_balancer_cannot_name_is_a_stranger() -> None:
    async with scripted() as hop, balanced(b"PROXY UNKNOWN\r\n", hop, domains=["example.org"]) as me:
        assert (await sent(me, LETTER, b"anyone@example.net")).startswith(b"554 5.7.1 ")


async def test_tls_does_not_make_a_trusted_host_of_a_client_without_an_address(certificates: Certificates) -> None:
    listener = listening("starttls", certificates)
    async with scripted() as hop, gateway_to(hop.port, listener=listener) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO proxy.example.org")
        await me.say(b"XCLIENT ADDR=[UNAVAILABLE]")
        await me.say(b"EHLO mx.example.com")
        assert (await me.say(b"STARTTLS")).startswith(b"220 ")
        await me.writer.start_tls(certificates.trusting(), server_hostname="localhost")
        assert (await sent(me, LETTER, b"anyone@example.net")).startswith(b"554 5.7.1 ")


@pytest.mark.parametrize(
    ("address", "told"), [(b"2001:db8::9", b"IPV6:2001:db8::9"), (b"::ffff:192.0.2.9", b"192.0.2.9")]
)
async def test_an_address_of_ipv6_is_told_as_postfix_reads_it(address: bytes, told: bytes) -> None:
    answers = {b"EHLO": b"250-hop.example.org\r\n250 XFORWARD ADDR", b"XFORWARD": b"250 2.0.0 noted"}
    header = b"PROXY TCP6 %b 2001:db8::1 4711 25\r\n" % address
    async with scripted(answers) as hop, balanced(header, hop, domains=["example.org"]) as me:
        assert (await sent(me, LETTER)).startswith(b"250")
    assert b"XFORWARD ADDR=" + told in hop.commands


async def test_a_stranger_is_no_load_balancer() -> None:
    async with scripted() as hop, gateway_to(hop.port, proxy_protocol=True, peers=["192.0.2.0/24"]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 25\r\n")
        assert await reader.read() == b""
        writer.transport.abort()


async def test_exemptions_hold_where_all_recipients_have_them() -> None:
    exempt = Exemptions(
        (
            Exemption(account="press@example.org"),
            Exemption(account="lab@example.org", treatment=Treatment.REPORT),
            Exemption(sender="letters@example.com"),
        )
    )
    async with between(exemptions=exempt, policies={"do": "reject"}) as (hop, proxy, me):
        assert (await sent(me, TRACKING, b"press@example.org")).startswith(b"250")
        assert (await sent(me, TRACKING, b"lab@example.org", b"press@example.org")).startswith(b"250")
        assert (await sent(me, TRACKING, b"anna@example.org", b"press@example.org")).startswith(b"550")
        named = TRACKING.replace(b"news@", b"letters@")
        assert (await sent(me, named, b"anna@example.org")).startswith(b"250")
    assert [message.removesuffix(b".\r\n") for message in hop.messages] == [TRACKING, TRACKING, named]
    actions = [cleaned.findings[0].action for cleaned, _ in proxy.events.recorded]
    assert actions == [Action.REPORT] * 2 + [Action.REJECT] * 2


async def test_a_session_that_ended_is_counted_with_what_passed() -> None:
    async with scripted() as hop, gateway_to(hop.port) as proxy, client(proxy.port) as me:
        await sent(me, LETTER)
        await sent(me, LETTER)
        await me.say(b"QUIT")
    assert proxy.events.counted == [Numbers("smtp", "in", 1, 2, 2 * len(LETTER))]


async def test_tls_is_offered_to_other_servers_and_not_demanded(certificates: Certificates) -> None:
    listener = listening("starttls", certificates)
    async with scripted() as hop, gateway_to(hop.port, listener=listener) as proxy:
        async with client(proxy.port) as me:
            assert b"STARTTLS" in await me.say(b"EHLO mx.example.com")
            assert (await sent(me, LETTER)).startswith(b"250")
        async with client(proxy.port) as me:
            await me.say(b"EHLO mx.example.com")
            assert (await me.say(b"STARTTLS")).startswith(b"220 ")
            await me.writer.start_tls(certificates.trusting(), server_hostname="localhost")
            assert (await me.say(b"MAIL FROM:<news@example.com>")).startswith(b"503 ")
            assert (await sent(me, LETTER)).startswith(b"250")
    assert len(hop.messages) == 2


@pytest.mark.parametrize("verb", [b"VRFY", b"EXPN"])
async def test_strangers_are_not_told_who_has_a_mailbox(verb: bytes) -> None:
    async with between(**STRANGERS) as (hop, _, me):
        await me.say(b"EHLO mx.example.com")
        assert (await me.say(verb + b" anna")).startswith(b"252 2.0.0 ")
    async with between() as (hop, _, me):
        await me.say(b"EHLO mx.example.com")
        await me.say(verb + b" anna")
    assert hop.commands[-1] == verb + b" anna"


@pytest.mark.timeout(30)
async def test_a_message_for_a_thousand_recipients_is_cleaned_in_time() -> None:
    recipients = [b"person%d@example.org" % number for number in range(1_000)]
    async with between() as (hop, proxy, me):
        await me.say(b"EHLO mx.example.com")
        await me.say(b"MAIL FROM:<news@example.com>")
        me.writer.write(b"".join(b"RCPT TO:<%b>\r\n" % recipient for recipient in recipients))
        assert {(await me.reply())[:3] for _ in recipients} == {b"250"}
        await me.say(b"DATA")
        async with asyncio.timeout(5):
            assert (await me.say(TRACKING + b".")).startswith(b"250")
    assert mailbox.pixel().encode() not in hop.messages[0]
    assert len(proxy.events.recorded) == 1_000
