"""STARTTLS towards the server. RFC 9051, sections 6.2.1 and 11.3.

What the server said before TLS is believed in nothing, and reaches nobody: anyone on the way could have said it. That
includes its greeting; the client gets one of ours.
"""

import asyncio
import re
import ssl
from typing import cast

from blockproxy.errors import Side
from blockproxy.imap.framing import Framer, Line

MAX_UNTRUSTED = 8 * 1024  # octets before TLS: a greeting and one answer
CAPABILITY, STARTTLS = b"PROXY-CAPABILITY", b"PROXY-STARTTLS"  # tags, and the commands in them
GREETING = b"* OK ready\r\n"


class UpstreamError(Exception):
    """The server does not do what it takes to trust it."""


class StartTls(asyncio.Protocol):
    """Greeting, STARTTLS, OK: then `done`, and nothing may have followed."""

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._framer = Framer(Side.SERVER)
        self._transport: asyncio.Transport | None = None
        self._asked: bytes | None = None
        self._offered = False
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the greeting."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server went away."""
        self._fail(f"it closed the connection before TLS ({exc or 'no reason given'})")

    def data_received(self, data: bytes) -> None:
        """Read what comes before TLS, line by line."""
        self._received += len(data)
        if self._received > MAX_UNTRUSTED:
            self._fail("it says too much before TLS")
        self._framer.feed(data)
        while not self.done.done() and (line := self._framer.next()) is not None:
            if isinstance(line, Line):
                self._line(line.raw.upper())

    def _line(self, line: bytes) -> None:
        self._offered |= b"STARTTLS" in re.split(rb"[\[\] \r\n]", line)
        if self._framer.waiting and line.startswith(STARTTLS):
            self._fail("it says more than it was asked")  # CVE-2011-0411: an attacker's words, to be read after TLS
        elif self._asked is None and not line.startswith(b"* OK"):
            self._fail("its greeting is not OK")
        elif self._asked is None:
            self._ask(STARTTLS if self._offered else CAPABILITY)
        elif line.startswith(CAPABILITY) and self._offered:
            self._ask(STARTTLS)
        elif line.startswith(STARTTLS + b" OK"):
            self.done.set_result(None)
        elif not line.startswith(b"* "):
            self._fail("it does not offer STARTTLS")

    def _ask(self, tag: bytes) -> None:
        self._asked = tag
        if self._transport is not None:
            self._transport.write(b"%b %b\r\n" % (tag, tag.removeprefix(b"PROXY-")))

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(UpstreamError(reason))


async def connect(host: str, port: int, context: ssl.SSLContext, protocol: asyncio.Protocol) -> asyncio.Transport:
    """Connect and start TLS; `protocol` gets what comes after. Raises OSError and `UpstreamError`."""
    loop = asyncio.get_running_loop()
    transport, before = await loop.create_connection(StartTls, host, port)
    try:
        await before.done
        secure = await loop.start_tls(transport, protocol, context, server_hostname=host)
    except BaseException:
        transport.abort()
        raise
    if secure is None:
        raise UpstreamError("it closed the connection in the TLS handshake")
    return secure
