"""Clients and next hops that break the rules: a proper reply, nothing delivered by mistake, and bounded memory."""

import pytest

from blockproxy.smtp.gateway_envelope import MAX_RECIPIENTS
from tests.smtp.hop import FINAL_DOT, scripted
from tests.smtp.proxies import client, gateway_to, proxy_to

LETTER = b"Subject: Hello\r\n\r\nBody\r\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<a@example.org> COLOUR=RED", b"555"),
        ("MAIL FROM:<größe@example.org>".encode(), b"250"),
        (b"MAIL FROM:<a\x00@example.org>", b"501"),
        (b"BDAT 86 LAST", b"421"),
        (b"GET / HTTP/1.1", b"500"),
        (b"\xff\xfe\xfd", b"500"),
        (b"", b"500"),
        (b"MAIL FROM:<" + b"x" * 70_000 + b"@example.org>", b"500"),
    ],
)
async def test_a_strange_command_gets_a_proper_reply(line: bytes, code: bytes) -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        if code == b"555":
            hop.answers = {**hop.answers, b"MAIL": b"555 5.5.4 COLOUR?"}
        assert (await me.say(line)).startswith(code)
    assert hop.messages == []


async def test_pipelined_garbage_ends_the_connection() -> None:
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        me.writer.write(b"nonsense \xff\r\n" * 1_000)
        replies = [await me.reply() for _ in range(20)]
        assert b"" in replies
        assert replies[0].startswith(b"500 ")
    assert hop.commands == []


async def test_a_line_of_ten_million_octets_arrives() -> None:
    message = b"Subject: long\r\n\r\n" + b"x" * 10_000_000 + b"\r\n"
    async with scripted() as hop, gateway_to(hop.port) as proxy, client(proxy.port) as me:
        await me.begin()
        assert (await me.say(message + b".")).startswith(b"250")
    assert hop.messages == [message + b".\r\n"]


async def test_ten_thousand_recipients_are_too_many() -> None:
    async with scripted() as hop, gateway_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        await me.say(b"MAIL FROM:<news@example.com>")
        me.writer.write(b"".join(b"RCPT TO:<r%d@example.org>\r\n" % number for number in range(10_000)))
        codes = [(await me.reply())[:3] for _ in range(10_000)]
        assert codes == [b"250"] * MAX_RECIPIENTS + [b"452"] * (10_000 - MAX_RECIPIENTS)


@pytest.mark.parametrize(
    ("verb", "lie"),
    [
        pytest.param(b"MAIL", b"250 2.1.0 noted\r\n250 2.1.5 and the recipient", id="an answer that was not asked for"),
        pytest.param(b"RCPT", b"250 2.1.5 noted\r\n354 go on", id="an answer to what comes next"),
        pytest.param(b"DATA", b"354 go on\r\n250 2.0.0 kept", id="kept before it was sent"),
        pytest.param(b"DATA", b"250 2.0.0 kept", id="kept instead of asked for"),
        pytest.param(FINAL_DOT, b"550-5.7.1 no\r\n250 yes", id="two codes in one reply"),
        pytest.param(FINAL_DOT, b"250" + b"x" * 100_000, id="a line without an end"),
        pytest.param(FINAL_DOT, b"250-x\r\n" * 1_000 + b"250 x", id="a reply of a thousand lines"),
        pytest.param(FINAL_DOT, b"yes", id="no code"),
    ],
)
async def test_a_next_hop_that_lies_is_not_believed(verb: bytes, lie: bytes) -> None:
    async with scripted({verb: lie}) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        for line in (b"MAIL FROM:<a@example.org>", b"RCPT TO:<b@example.org>", b"DATA"):
            answer = await me.say(line)
            if answer[:1] not in b"23":
                break
        else:
            answer = await me.say(LETTER + b".")
        assert answer[:4] in {b"421 ", b"451 "}


async def test_what_the_next_hop_says_on_its_own_is_not_the_next_reply() -> None:
    answers = {b"NOOP": b"250 2.0.0 fine\r\n421 4.4.2 timeout"}
    async with scripted(answers) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        await me.say(b"NOOP")
        assert await me.say(b"MAIL FROM:<a@example.org>") == b"421 4.4.2 timeout"
        assert await me.reply() == b""


@pytest.mark.parametrize("whole", [b"DATA\r\nSubject: x\r\n\r\nBody\r\n.\r\n", b"DATA\r\nQUIT\r\n"])
async def test_a_message_before_354_is_not_taken(whole: bytes) -> None:
    """A browser that is made to speak SMTP sends everything at once."""
    async with scripted() as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        await me.say(b"MAIL FROM:<a@example.org>")
        await me.say(b"RCPT TO:<b@example.org>")
        me.writer.write(whole)
        assert (await me.reply()).startswith(b"554 5.5.0 ")
        assert await me.reply() == b""
    assert hop.messages == []
