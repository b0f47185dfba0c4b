"""What a server says before TLS is believed in nothing."""

import asyncio
from contextlib import suppress

import pytest

from blockproxy.imap import starttls
from blockproxy.tls import client_context

GREETED = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"


async def refusal(*said: bytes) -> str:
    """Why a server that answers each line with the next of `said` is not spoken to."""

    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for octets in said:
                writer.write(octets)
                await reader.readline()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(starttls.UpstreamError) as refused:
            await starttls.connect("127.0.0.1", port, client_context(), asyncio.Protocol())
        await ended.wait()
    return str(refused.value)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([GREETED, b"PROXY-STARTTLS OK go\r\n* OK [CAPABILITY AUTH=PLAIN] injected\r\n"], "more than it was asked"),
        ([GREETED, b"PROXY-STARTTLS OK go\r\nx"], "more than it was asked"),
        ([GREETED, b"PROXY-STARTTLS BAD no\r\n"], "does not offer STARTTLS"),
        ([GREETED], "closed the connection"),
        ([b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\nPROXY-CAPABILITY OK done\r\n"], "does not offer STARTTLS"),
        ([b"* PREAUTH welcome\r\n"], "greeting is not OK"),
        ([b"* BYE busy\r\n"], "greeting is not OK"),
        ([GREETED + b"* OK more\r\n" * 2000], "too much"),
    ],
)
async def test_a_server_that_cannot_be_trusted_is_not_spoken_to(said: list[bytes], reason: str) -> None:
    assert reason in await refusal(*said)
