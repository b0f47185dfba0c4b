"""The connection to the next hop, when it is slow."""

import asyncio

import pytest

from blockproxy.config import Upstream
from blockproxy.smtp import next_hop, wire
from blockproxy.smtp.next_hop import LOST, TOO_SLOW, UNREACHABLE, NextHop, NextHopError
from tests.smtp.hop import scripted


def to(port: int) -> NextHop:
    return NextHop(Upstream(host="127.0.0.1", port=port, tls="none"), None)


async def test_a_next_hop_that_does_not_greet_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "GREETING_TIMEOUT", 0.05)

    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        with pytest.raises(NextHopError) as error:
            await to(server.sockets[0].getsockname()[1]).hello("client.example.org")
        await gone.wait()
    assert error.value.reply == UNREACHABLE


async def test_a_delivery_without_an_answer_is_no_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_hop, "DATA_TERMINATION_TIMEOUT", 0.05)
    async with scripted() as server:
        server.gate.clear()
        hop = to(server.port)
        await hop.hello("client.example.org")
        with pytest.raises(NextHopError) as error:
            await hop.deliver([b"x\r\n"])
        assert error.value.reply == TOO_SLOW
        with pytest.raises(NextHopError) as error:
            await hop.ask(b"NOOP")
        assert error.value.reply == LOST
        server.gate.set()


async def test_quitting_and_aborting_never_fail() -> None:
    async with scripted({b"QUIT": b""}) as server:
        hop = to(server.port)
        await hop.quit()
        hop.abort()
        await hop.hello("client.example.org")
        await hop.quit()
        hop.abort()
        await hop.quit()
