"""The submission proxy between a client and a next hop that answers by a script."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest
import yaml

from blockproxy.model import Action, Policy, Technique
from blockproxy.smtp import connection, session, submission
from blockproxy.smtp.spool import SPOOL_FROM, Spool
from tests.smtp.hop import FINAL_DOT, HANG_UP, scripted
from tests.smtp.proxies import client, proxy_to

MESSAGE = b"From: reader@example.org\r\nSubject: Hello\r\n\r\nBody\r\n"
SMUGGLING = yaml.safe_load(Path(__file__).with_name("smuggling.yaml").read_text())
RECEIPT = (
    Path(__file__).with_name("receipts").joinpath("thunderbird-automatic.eml").read_bytes().replace(b"\n", b"\r\n")
)


async def test_every_reply_is_the_next_hops_own() -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        ehlo = await me.say(b"EHLO client.example.org")
        assert ehlo.split(b"\n")[1:] == [b"250-8BITMIME", b"250-DSN", b"250 SIZE 40000000"]
        assert await me.say(b"MAIL FROM:<reader@example.org>") == b"250 2.1.0 sender noted"
        assert await me.say(b"RCPT TO:<nina@example.com>") == b"250 2.1.5 recipient noted"
        assert (await me.say(b"DATA")).startswith(b"354")
        assert await me.say(MESSAGE + b".") == b"250 2.0.0 kept as 4711"
        assert await me.say(b"NOOP") == b"250 2.0.0 still here"
        assert await me.say(b"VRFY nina") == b"252 2.5.0 perhaps"
        assert await me.say(b"RSET") == b"250 2.0.0 forgotten"
        assert (await me.say(b"QUIT")).startswith(b"221 ")
        assert await me.reply() == b""
    assert hop.messages == [MESSAGE + b".\r\n"]
    assert hop.commands[0] == b"EHLO client.example.org"


async def test_parameters_of_mail_and_rcpt_travel_verbatim() -> None:
    mail = "MAIL FROM:<réader@example.org> SIZE=51 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314159".encode()
    rcpt = b"RCPT TO:<nina@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Nina+2Bnews@example.com"
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        assert (await me.say(mail)).startswith(b"250")
        assert (await me.say(rcpt)).startswith(b"250")
    assert hop.commands[1:3] == [mail, rcpt]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"Subject: x\r\n\r\n", id="no body"),
        pytest.param(b"\r\n\r\n..\r\n...\r\n..x\r\n\r\n..\r\n", id="lines that begin with dots"),
        pytest.param(b"..first line\r\n", id="a dot at the very beginning"),
        pytest.param(b"x" * 2_000 + b"\r\n" + b"y" * 1_000_000 + b"\r\n", id="long lines"),
        pytest.param(bytes(b for b in range(256) if b not in b"\r\n") + b"\r\n", id="every other octet"),
        pytest.param(b"a" * 65_535 + b"\r\n.." + b"b" * 65_535 + b"\r\n", id="line ends at the edge of the buffer"),
        pytest.param(b"trailing space \t \r\n\r\n\r\n", id="white space at the end"),
    ],
)
async def test_a_message_arrives_octet_for_octet(message: bytes) -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert (await me.say(message + b".")).startswith(b"250")
    assert hop.messages == [message + b".\r\n"]


@pytest.mark.parametrize("answer", [b"451 4.7.1 later", b"550-5.7.1 never\r\n550 5.7.1 not you", b"421 4.3.2 closing"])
@pytest.mark.parametrize("verb", [b"EHLO", b"MAIL", b"RCPT", b"DATA", FINAL_DOT])
async def test_a_refusal_at_any_verb_reaches_the_client(verb: bytes, answer: bytes) -> None:
    async with scripted({verb: answer}) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        replies = {
            b"EHLO": await me.say(b"EHLO client.example.org"),
            b"MAIL": await me.say(b"MAIL FROM:<reader@example.org>"),
            b"RCPT": await me.say(b"RCPT TO:<nina@example.com>"),
        }
        if (await me.say(b"DATA")).startswith(b"354"):
            # The message is read first, so the answer to DATA comes after it.
            replies[b"DATA"] = replies[FINAL_DOT] = await me.say(MESSAGE + b".")
    assert replies[verb] == answer.replace(b"\r\n", b"\n")
    assert verb != b"DATA" or hop.messages == []


@pytest.mark.parametrize("verb", [b"EHLO", b"MAIL", b"RCPT", b"DATA", FINAL_DOT])
async def test_a_next_hop_that_hangs_up_is_never_a_success(verb: bytes) -> None:
    async with scripted({verb: HANG_UP}) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        replies = [
            await me.say(line)
            for line in (b"EHLO client.example.org", b"MAIL FROM:<reader@example.org>", b"RCPT TO:<nina@example.com>")
        ]
        if (await me.say(b"DATA")).startswith(b"354"):
            replies.append(await me.say(MESSAGE + b"."))
        code = b"451" if verb in {b"DATA", FINAL_DOT} else b"421"
        assert [reply for reply in replies if reply and not reply.startswith(b"250")] == [
            code + b" 4.4.2 The next hop closed the connection"
        ]
        if code == b"451":
            assert await me.say(b"NOOP") == b"421 4.4.2 The next hop closed the connection"
        assert await me.reply() == b""
    assert hop.open_connections == 0


async def test_a_next_hop_that_is_not_there_is_said_to_be_unreachable() -> None:
    async with scripted() as hop:
        port = hop.port
    async with proxy_to(port) as proxy, client(proxy.port) as me:
        assert await me.say(b"EHLO client.example.org") == b"421 4.4.1 The next hop cannot be reached"
        assert await me.reply() == b""


async def test_a_next_hop_that_greets_with_a_refusal_is_quoted() -> None:
    async with scripted(greeting=b"554 5.3.2 no service") as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        assert await me.say(b"EHLO client.example.org") == b"554 5.3.2 no service"
        assert await me.reply() == b""


async def test_nonsense_from_the_next_hop_is_not_passed_on() -> None:
    async with scripted({b"MAIL": b"hello there"}) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        assert await me.say(b"MAIL FROM:<reader@example.org>") == b"421 4.5.0 The next hop broke its protocol"


async def test_a_positive_reply_to_data_is_no_delivery() -> None:
    async with scripted({b"DATA": b"250 fine"}) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert await me.say(MESSAGE + b".") == b"451 4.5.0 The next hop broke its protocol"


async def test_after_a_refused_data_the_next_transaction_begins_anew() -> None:
    async with scripted({b"DATA": b"554 5.5.1 no"}) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert await me.say(MESSAGE + b".") == b"554 5.5.1 no"
        assert (await me.say(b"DATA")).startswith(b"503 ")
    assert hop.commands[-1] == b"RSET"


@pytest.mark.parametrize("half", [b"", b"Subject: x\r\n\r\nBody", MESSAGE, MESSAGE + b"."])
async def test_a_client_that_leaves_before_the_final_dot_sends_nothing(half: bytes) -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy:
        async with client(proxy.port) as me:
            await me.begin()
            me.writer.write(half)
            await me.writer.drain()
            me.writer.close()
            await me.writer.wait_closed()
        async with asyncio.timeout(5):
            await hop.left.wait()
    assert b"DATA" not in hop.commands
    assert hop.messages == []


@pytest.mark.parametrize(
    "body",
    [
        b"a\nb\r\n",
        b"a\rb\r\n",
        b"a\r\r\n",
        b"a\n.\r\nMAIL FROM:<smuggler@example.net>\r\n",
        b"a\r\n.\nMAIL FROM:<smuggler@example.net>\r\n",
        b"a\r\n.\rMAIL FROM:<smuggler@example.net>\r\n",
        b"\n\r\n",
        b"x" * 200_000 + b"\r" + b"x" * 200_000 + b"\r\n",
    ],
)
async def test_a_bare_cr_or_lf_is_refused_and_nothing_is_smuggled(body: bytes) -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert (await me.say(b"Subject: x\r\n\r\n" + body + b".")).startswith(b"550 5.6.11 ")
        assert await me.say(b"NOOP") == b"250 2.0.0 still here"
    assert hop.messages == []
    assert hop.commands[-2:] == [b"RSET", b"NOOP"]


@pytest.mark.parametrize("case", SMUGGLING, ids=[case["case"] for case in SMUGGLING])
@pytest.mark.parametrize("line_ends", ["refuse", "normalise"])
async def test_no_second_message_is_smuggled_in(case: dict[str, str], line_ends: str) -> None:
    async with (
        scripted() as hop,
        proxy_to(hop.port, line_ends=line_ends) as proxy,
        client(proxy.port) as me,
    ):
        await me.begin()
        answer = await me.say(case["data"].encode("latin-1").removesuffix(b"\r\n"))
        assert answer[:3] == (b"550" if line_ends == "refuse" else b"250")
        assert await me.say(b"NOOP") == b"250 2.0.0 still here"
    assert len(hop.messages) == (line_ends == "normalise")
    assert not [line for line in hop.commands if b"SMUGGLED" in line]
    assert all(b"\n" not in message.replace(b"\r\n", b"") for message in hop.messages)


async def test_a_message_on_the_disk_arrives_octet_for_octet() -> None:
    message = b"Subject: large\r\n\r\n" + b".%075d\r\n" * 40_000 % tuple(range(40_000))
    assert len(message) > SPOOL_FROM
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert (await me.say(message.replace(b"\n.", b"\n..") + b".")).startswith(b"250")
    assert hop.messages == [message.replace(b"\n.", b"\n..") + b".\r\n"]


async def test_a_disk_without_room_is_a_temporary_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Spool, octets: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "write", full)
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert (await me.say(MESSAGE + b".")).startswith(b"452 4.3.1 ")
        assert await me.say(b"NOOP") == b"250 2.0.0 still here"
    assert hop.messages == []
    assert b"RSET" in hop.commands


async def test_a_message_over_the_next_hops_limit_is_refused() -> None:
    answers = {b"EHLO": b"250-hop.example.org\r\n250 SIZE 100"}
    async with scripted(answers) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert await me.say(b"x" * 99 + b"\r\n.") == b"552 5.3.4 Message too large"
        assert (await me.say(b"MAIL FROM:<reader@example.org>")).startswith(b"250")
        await me.say(b"RCPT TO:<nina@example.com>")
        await me.say(b"DATA")
        # A doubled dot is not part of the message: RFC 1870, section 5.
        assert (await me.say(b".." + b"x" * 97 + b"\r\n.")).startswith(b"250")
    assert len(hop.messages) == 1


async def test_an_automatic_receipt_is_accepted_and_not_sent_on() -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert await me.say(RECEIPT + b".") == b"250 2.0.0 Automatic read receipt held back, not sent on"
        assert await me.say(b"NOOP") == b"250 2.0.0 still here"
    assert hop.messages == []
    assert hop.commands[-2:] == [b"RSET", b"NOOP"]
    [(cleaned, delivery)] = proxy.events.recorded
    [finding] = cleaned.findings
    assert (finding.technique, finding.rule, finding.action) == (Technique.READ_RECEIPT, "automatic-mdn", Action.HOLD)
    assert (delivery.protocol, delivery.direction) == ("smtp", "out")
    assert delivery.message == "<spring-17@news.example.com>"


@pytest.mark.parametrize(
    ("hold", "policy"),
    [(False, Policy()), (True, Policy(actions={Technique.READ_RECEIPT: Action.REPORT}))],
    ids=["receipts pass", "policy reports"],
)
async def test_an_automatic_receipt_that_may_leave_is_reported(hold: bool, policy: Policy) -> None:
    async with (
        scripted() as hop,
        proxy_to(hop.port, hold=hold, policy=policy) as proxy,
        client(proxy.port) as me,
    ):
        await me.begin()
        assert await me.say(RECEIPT + b".") == b"250 2.0.0 kept as 4711"
    assert hop.messages == [RECEIPT + b".\r\n"]
    [(cleaned, _)] = proxy.events.recorded
    assert [finding.action for finding in cleaned.findings] == [Action.REPORT]


async def test_a_receipt_sent_by_hand_leaves_unseen() -> None:
    by_hand = RECEIPT.replace(b"sent-automatically", b"sent-manually")
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert (await me.say(by_hand + b".")).startswith(b"250 2.0.0 kept")
    assert hop.messages == [by_hand + b".\r\n"]
    assert proxy.events.recorded == []


async def test_pipelined_commands_are_answered_in_order() -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        me.writer.write(b"MAIL FROM:<reader@example.org>\r\nRCPT TO:<nina@example.com>\r\nNOOP\r\nDATA\r\n")
        assert [(await me.reply())[:9] for _ in range(4)] == [b"250 2.1.0", b"250 2.1.5", b"250 2.0.0", b"354 End d"]
        me.writer.write(MESSAGE + b".\r\nNOOP\r\nQUIT\r\n")
        assert [await me.reply() for _ in range(3)] == [
            b"250 2.0.0 kept as 4711",
            b"250 2.0.0 still here",
            b"221 2.0.0 Bye",
        ]


async def test_two_sessions_do_not_hear_of_each_other() -> None:
    async with (
        scripted() as hop,
        proxy_to(hop.port) as proxy,
        client(proxy.port) as one,
        client(proxy.port) as other,
    ):
        await one.begin()
        await other.begin()
        one.writer.write(b"Subject: one\r\n")
        assert (await other.say(b"Subject: other\r\n\n.\r\n\r\n.")).startswith(b"550 ")
        assert (await one.say(b"\r\n.")).startswith(b"250 ")
        assert (await other.say(b"DATA")).startswith(b"503 ")
    assert hop.messages == [b"Subject: one\r\n\r\n.\r\n"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<a@example.org>", b"503"),
        (b"RCPT TO:<a@example.org>", b"503"),
        (b"DATA", b"503"),
        (b"AUTH PLAIN AGEAYg==", b"503"),
        (b"VRFY a", b"503"),
        (b"EHLO", b"501"),
        (b"EHLO two words", b"501"),
        (b"NOOP", b"250"),
        (b"RSET", b"250"),
        (b"STARTTLS", b"454"),
        (b"BDAT 10 LAST", b"421"),
        (b"GET / HTTP/1.1", b"500"),
        (b"EHLO " + b"x" * 20_000, b"500"),
    ],
)
async def test_before_ehlo_the_next_hop_hears_nothing(line: bytes, code: bytes) -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        assert (await me.say(line))[:3] == code
    assert hop.commands == []


@pytest.mark.parametrize(
    ("peer", "code"),
    [("127.0.0.1", b"250"), ("::1", b"250"), ("::ffff:127.0.0.1", b"250"), ("192.0.2.9", b"530"), ("", b"530")],
)
async def test_where_the_next_hop_wants_no_login_only_this_machine_sends(
    peer: str, code: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Postfix trusts 127.0.0.0/8 unless told otherwise, and offers AUTH only where Dovecot or Cyrus SASL is set up.
    monkeypatch.setattr(submission, "peer_of", lambda _: peer)
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        assert (await me.say(b"MAIL FROM:<reader@example.org>")).startswith(code)


async def test_a_control_character_does_not_become_a_second_command() -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        assert (await me.say(b"MAIL FROM:<a@example.org>\rRCPT TO:<b@example.org>")).startswith(b"501 5.5.2 ")
    assert hop.commands == [b"EHLO client.example.org"]


async def test_one_client_too_many_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SESSIONS_LIMIT", 1)
    async with scripted() as hop, proxy_to(hop.port) as proxy:
        async with client(proxy.port) as me:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await reader.read() == b"421 4.3.2 Too many connections, come again later\r\n"
            writer.transport.abort()
            assert (await me.say(b"EHLO client.example.org")).startswith(b"250")
        async with asyncio.timeout(5):
            await hop.left.wait()
        async with client(proxy.port) as me:
            assert (await me.say(b"EHLO client.example.org")).startswith(b"250")


async def test_closing_ends_every_session() -> None:
    async with scripted() as hop:
        async with proxy_to(hop.port) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            await reader.readline()
            writer.write(b"EHLO client.example.org\r\n")
            await reader.readline()
            assert hop.open_connections == 1
        rest = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert rest.endswith(b"421 4.3.2 Shutting down\r\n")
        async with asyncio.timeout(5):
            await hop.left.wait()


async def test_closing_waits_for_a_delivery_under_way() -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        hop.gate.clear()
        await me.begin()
        me.writer.write(MESSAGE + b".\r\n")
        await hop.arrived.wait()
        async with asyncio.TaskGroup() as closing:
            closing.create_task(proxy.proxy.close())
            await asyncio.sleep(0.05)
            hop.gate.set()
            assert await me.reply() == b"250 2.0.0 kept as 4711"
        assert await me.reply() == b"421 4.3.2 Shutting down"


async def test_a_client_that_stops_in_the_middle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "DATA_BLOCK_TIMEOUT", 0.05)
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert await me.say(b"Subject: x") == b""
    assert b"DATA" not in hop.commands


async def test_our_own_mistake_sends_nothing_and_quotes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        monkeypatch.setattr(proxy.events, "recorded", None)  # has no `append`
        await me.begin()
        assert (await me.say(RECEIPT + b".")).startswith(b"421 4.3.0 ")
        assert await me.reply() == b""
    assert hop.messages == []
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith("AttributeError in an SMTP session")
    assert "spring-17" not in caplog.text


def _sockets() -> int:
    folder = Path("/proc/self/fd")
    return sum(str(link.readlink()).startswith("socket:") for link in folder.iterdir() if link.is_symlink())


async def test_neither_threads_nor_sockets_are_left() -> None:
    threads, sockets = threading.active_count(), _sockets()
    async with scripted() as hop, proxy_to(hop.port) as proxy:
        async with client(proxy.port) as me:
            await me.begin()
            assert (await me.say(MESSAGE + b".")).startswith(b"250")
            assert (await me.say(b"QUIT")).startswith(b"221")
        async with client(proxy.port) as me:
            await me.begin()
    await asyncio.sleep(0.05)
    assert (threading.active_count(), _sockets()) == (threads, sockets)
