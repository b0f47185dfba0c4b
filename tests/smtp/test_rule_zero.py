"""Rule zero: 250 to the final dot means that the next hop has the message. Nothing is lost, nothing arrives twice.

The next hop is Postfix's smtp-sink, which fails at every verb in every way, or a scripted one while we are killed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from blockproxy.smtp import next_hop, wire
from blockproxy.smtp.data import stuffed
from tests.smtp import smtp_sink
from tests.smtp.hop import ScriptedHop, scripted
from tests.smtp.proxies import Client, client, gateway_to, proxy_to

pytestmark = pytest.mark.xdist_group("smtp")

VERBS = ["EHLO", "MAIL", "RCPT", "DATA", "."]
DIALOG = {
    "EHLO": b"EHLO client.example.org\r\n",
    "MAIL": b"MAIL FROM:<reader@example.org>\r\n",
    "RCPT": b"RCPT TO:<nina@example.com>\r\n",
    "DATA": b"DATA\r\n",
    ".": b"Subject: letter\r\n\r\n" + b"a line of the letter\r\n" * 10 + b".\r\n",
}
WAYS = {"-f": b"5", "-r": b"4", "-q": b"4", "-Q": b"421"}  # how smtp-sink fails: how the client is told
KILLS = 50  # points of a session at which our process is killed


async def said(me: Client) -> dict[str, bytes]:
    """The reply to each verb, up to the first that is refused; empty where the connection was closed."""
    replies: dict[str, bytes] = {}
    for verb, octets in DIALOG.items():
        me.writer.write(octets)
        replies[verb] = await me.reply()
        if replies[verb][:1] not in (b"2", b"3"):
            break
    return replies


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("way", WAYS)
async def test_a_next_hop_that_fails_is_never_a_success(way: str, verb: str) -> None:
    with smtp_sink.running(way, verb) as sink:
        async with client(sink.port) as me:
            direct = await said(me)
        async with proxy_to(sink.port) as proxy, client(proxy.port) as me:
            through = await said(me)
        # A refusal of DATA is told at the final dot.
        told_at = "." if verb == "DATA" else verb
        assert through[told_at].startswith(WAYS[way])
        assert list(through)[-1] == told_at
        if way in {"-f", "-r"}:
            assert through[told_at] == direct[verb]
        # smtp-sink writes its file before it refuses the final dot.
        assert verb == "." or sink.taken() == []


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("way", WAYS)
async def test_at_a_gateway_it_is_the_same(way: str, verb: str, protocol: str) -> None:
    failing = "LHLO" if verb == "EHLO" and protocol == "lmtp" else verb
    with smtp_sink.running(*(["-L"] if protocol == "lmtp" else []), way, failing) as sink:
        hop = {"port": sink.port, "protocol": protocol}
        async with gateway_to(hop) as proxy, client(proxy.port) as me:
            through = await said(me)
        told_at = "." if verb == "DATA" else verb
        assert through[told_at].startswith(WAYS[way])
        assert list(through)[-1] == told_at
        assert verb == "." or sink.taken() == []


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
async def test_a_gateway_delivers_once(protocol: str) -> None:
    with smtp_sink.running(*(["-L"] if protocol == "lmtp" else [])) as sink:
        async with gateway_to({"port": sink.port, "protocol": protocol}) as proxy:
            for _ in range(2):
                async with client(proxy.port) as me:
                    assert (await said(me))["."].startswith(b"250 2.")
        assert len(sink.taken_for("nina@example.com")) == 2


@pytest.mark.parametrize("verb", ["CONNECT", *VERBS])
async def test_a_next_hop_that_stalls_is_given_up_and_never_a_success(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in (
        (wire, "GREETING_TIMEOUT"),
        (next_hop, "DATA_INITIATION_TIMEOUT"),
        (next_hop, "DATA_TERMINATION_TIMEOUT"),
    ):
        monkeypatch.setattr(module, name, 0.5)
    monkeypatch.setattr(next_hop.NextHop.ask, "__kwdefaults__", {"timeout": 0.5})
    with smtp_sink.running("-W", f"{verb}:3") as sink:
        async with proxy_to(sink.port) as proxy, client(proxy.port) as me:
            replies = await said(me)
        assert list(replies.values())[-1].startswith((b"421 4.4.", b"451 4.4."))
        assert verb == "." or sink.taken() == []


async def test_a_next_hop_that_is_there_gets_everything_once() -> None:
    with smtp_sink.running() as sink:
        async with proxy_to(sink.port) as proxy:
            async with client(proxy.port) as me:
                assert (await said(me))["."].startswith(b"250 2.0.0 Ok")
            async with client(proxy.port) as me:
                for verb in ("EHLO", "MAIL", "RCPT", "DATA"):
                    me.writer.write(DIALOG[verb])
                    await me.reply()
                me.writer.write(DIALOG["."][:-3])
                await me.writer.drain()
        assert len(sink.taken_for("nina@example.com")) == 1


@dataclass
class Mortal:
    """The process that forks proxies."""

    process: asyncio.subprocess.Process

    async def born(self) -> tuple[int, int]:
        """Process id and port of a new proxy."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        pid, port = (await self.process.stdout.readline()).split()
        return int(pid), int(port)


@asynccontextmanager
async def mortal(upstream_port: int, use: str) -> AsyncIterator[Mortal]:
    words = [sys.executable, "-m", "tests.smtp.forking", str(upstream_port), use]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    try:
        yield Mortal(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def sent_until(port: int, number: int, point: int | None) -> bool:
    """Send letter `number`, or its session's first `point` octets; whether the client was told that it arrived."""
    written = 0
    async with client(port) as me:
        for verb, octets in DIALOG.items():
            step = octets.replace(b"letter", b"letter-%d" % number)
            share = step if point is None else step[: max(0, point - written)]
            me.writer.write(share)
            await me.writer.drain()
            written += len(step)
            if len(share) < len(step):
                return False
            answer = await me.reply()
            if verb == ".":
                return answer.startswith(b"250")
    return False


def arrived(hop: ScriptedHop, number: int) -> int:
    return sum(b"Subject: letter-%d\r\n" % number in message for message in hop.messages)


@pytest.mark.parametrize("use", ["submission", "gateway"])
async def test_killed_at_fifty_points_of_a_session_nothing_is_lost_and_nothing_arrives_twice(use: str) -> None:
    whole = sum(len(octets.replace(b"letter", b"letter-00")) for octets in DIALOG.values())
    async with scripted() as hop, mortal(hop.port, use) as proxies:
        for number in range(10, 10 + KILLS):
            pid, port = await proxies.born()
            told = await sent_until(port, number, whole * (number - 10) // (KILLS - 1))
            os.kill(pid, signal.SIGKILL)
            async with asyncio.timeout(5):
                await hop.left.wait()
            assert arrived(hop, number) == told
            if not told:  # so the client tries again, as it has not been told 250
                pid, port = await proxies.born()
                assert await sent_until(port, number, None)
                os.kill(pid, signal.SIGKILL)
            assert arrived(hop, number) == 1
    assert len(hop.messages) == KILLS


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_killed_while_the_message_goes_on_the_next_hop_has_no_message(share: float) -> None:
    """A message of 60 MB takes so long that it is surely under way."""
    letter = b"Subject: large\r\n\r\n" + b"x" * 76 * 800_000 + b"\r\n"
    async with slow_hop(int(len(letter) * share)) as hop, mortal(hop.port, "gateway") as proxies:
        pid, port = await proxies.born()
        async with client(port) as me:
            for verb in ("EHLO", "MAIL", "RCPT", "DATA"):
                me.writer.write(DIALOG[verb])
                await me.reply()
            me.writer.writelines(stuffed([letter]))
            await hop.enough.wait()
            os.kill(pid, signal.SIGKILL)
            assert await me.reply() == b""
        async with asyncio.timeout(20):
            await hop.ended.wait()
        assert not hop.complete


class SlowHop:
    """Reads `share` octets of a message and no more before it is told that the sender is gone."""

    def __init__(self, share: int) -> None:
        self.share = share
        self.port = 0
        self.enough, self.ended = asyncio.Event(), asyncio.Event()
        self.complete = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 slow\r\n")
        while line := await reader.readline():
            if line == b"DATA\r\n":
                writer.write(b"354 slowly\r\n")
                await self.read_slowly(reader)
                break
            writer.write(b"250 yes\r\n")
        writer.transport.abort()
        self.ended.set()

    async def read_slowly(self, reader: asyncio.StreamReader) -> None:
        taken, tail = 0, b""
        try:
            while block := await reader.read(65_536):
                taken, tail = taken + len(block), (tail + block)[-5:]
                if taken > self.share and not self.enough.is_set():
                    self.enough.set()
                    await asyncio.sleep(0.1)
        except ConnectionError:
            pass
        self.complete = tail == b"\r\n.\r\n"


@asynccontextmanager
async def slow_hop(share: int) -> AsyncIterator[SlowHop]:
    hop = SlowHop(share)
    async with await asyncio.start_server(hop.serve, "127.0.0.1", 0) as server:
        hop.port = server.sockets[0].getsockname()[1]
        yield hop
