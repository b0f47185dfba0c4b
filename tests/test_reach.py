"""At its start the proxy says which mail server it cannot reach, and asks nobody twice."""

import asyncio
import logging
import socket
import time

import pytest

from blockproxy import reach
from blockproxy.endpoints import Upstream

REFUSED = "it refuses the connection: nothing listens on that port"


def upstream(port: int, tls: str = "none") -> Upstream:
    return Upstream.model_validate({"host": "127.0.0.1", "port": port, "tls": tls})


@pytest.fixture
def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def told(caplog: pytest.LogCaptureFixture, *upstreams: tuple[str, Upstream]) -> list[str]:
    with caplog.at_level(logging.WARNING):
        async with reach.looking(upstreams), asyncio.timeout(20):
            while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - what a task has done has no event
                await asyncio.sleep(0.02)
    return [record.getMessage() for record in caplog.records]


async def test_a_dead_server_is_told_once(closed: int, caplog: pytest.LogCaptureFixture) -> None:
    assert await told(caplog, ("imap.upstream", upstream(closed)), ("smtp.upstream", upstream(closed))) == [
        f"imap.upstream: 127.0.0.1, port {closed} cannot be used now: {REFUSED}; `blockproxy check` asks again"
    ]


async def test_a_server_that_answers_is_asked_once_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    asked, heard = [], []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        heard.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await told(caplog, ("imap.upstream", upstream(port)), ("smtp.upstream", upstream(port))) == []
    assert (len(asked), heard) == (1, [b""])


async def test_a_server_without_the_tls_that_the_settings_say_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (line,) = await told(caplog, ("smtp.upstream", upstream(port, "implicit")))
    assert "it does not speak TLS on that port" in line


async def test_nothing_waits_for_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        async with reach.looking([("imap.upstream", upstream(silent.getsockname()[1], "implicit"))]):
            await asyncio.sleep(0.1)
        assert time.monotonic() - begun < 5
