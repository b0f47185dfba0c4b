"""One connection to a next hop, spoken as a client: commands out, replies in. RFC 5321, RFC 2033 and RFC 3207.

Written by hand because LMTP answers the final dot once for each recipient, and because a message that comes from the
disk must not pile up in memory in front of a slow server.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable
from typing import Self

from blockproxy.config import Upstream
from blockproxy.smtp.reply import Reply

MAX_LINE = 16 * 1024  # octets; RFC 5321, section 4.5.3.1.5 allows 512, and a SASL challenge 12,288 (RFC 4954)
CLOSING = 421  # the only reply that may come unasked: RFC 5321, section 3.8
MAX_REPLY_LINES = 200  # an answer to EHLO has twenty, one to HELP fifty

# Seconds; RFC 5321, section 4.5.3.2.
GREETING_TIMEOUT = 60.0  # 5 minutes are granted, but a person waits in front of the client
COMMAND_TIMEOUT = 5 * 60.0  # MAIL and RCPT
DATA_BLOCK_TIMEOUT = 3 * 60.0

_LINE = re.compile(rb"([2-5][0-9]{2})([- ]?)(.*?)\r?\n\Z", re.DOTALL)
_CONTROL = re.compile(rb"[\r\n\0]")


class NonsenseError(Exception):
    """The server said something that is no reply."""


class NoTlsError(Exception):
    """The server does not offer STARTTLS."""


class RefusedError(Exception):
    """The server greets with a refusal, or refuses EHLO before STARTTLS; `reply` is what it said."""

    def __init__(self, answer: Reply) -> None:
        super().__init__(answer.lines[0])
        self.reply = answer


def accepted(answer: Reply) -> Reply:
    """The same reply, if it is positive; otherwise it is raised in a `RefusedError`."""
    if not answer.positive:
        raise RefusedError(answer)
    return answer


class Wire:
    """An open connection. Methods raise OSError, EOFError, TimeoutError, ssl.SSLError and the errors above."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, upstream: Upstream, tls: ssl.SSLContext | None, hello: bytes) -> Self:
        """Connect, read the greeting, and begin TLS as `upstream` wants it; `hello` is the EHLO before STARTTLS."""
        implicit = tls if upstream.tls == "implicit" else None
        async with asyncio.timeout(GREETING_TIMEOUT):
            reader, writer = await asyncio.open_connection(upstream.host, upstream.port, ssl=implicit, limit=MAX_LINE)
        wire = cls(reader, writer)
        try:
            accepted(await wire.reply(GREETING_TIMEOUT))
            if upstream.tls == "starttls" and tls is not None:
                await wire._begin_tls(upstream.host, tls, hello)
        except BaseException:
            wire.abort()
            raise
        return wire

    async def _begin_tls(self, host: str, tls: ssl.SSLContext, hello: bytes) -> None:
        offered = accepted(await self.ask(hello))
        if not any(line.split(" ")[0].upper() == "STARTTLS" for line in offered.lines[1:]):
            raise NoTlsError
        accepted(await self.ask(b"STARTTLS"))
        if self._talkative:  # CVE-2011-0411: said before TLS, read after it
            raise NonsenseError
        async with asyncio.timeout(GREETING_TIMEOUT):
            await self._writer.start_tls(tls, server_hostname=host)

    async def ask(self, *words: bytes, timeout: float = COMMAND_TIMEOUT) -> Reply:  # noqa: ASYNC109 - each verb has its own
        """Send one command and read its reply. Raises ValueError for what would be two commands."""
        line = b" ".join(words)
        if _CONTROL.search(line):
            raise ValueError("a control character in a command")
        if self._talkative:
            answer = await self.reply(timeout)
            if answer.code != CLOSING:
                raise NonsenseError
            return answer
        self._writer.write(line + b"\r\n")
        return await self.reply(timeout)

    async def reply(self, timeout: float) -> Reply:  # noqa: ASYNC109
        """Read one reply."""
        lines: list[bytes] = []
        code = b""
        async with asyncio.timeout(timeout):
            while len(lines) < MAX_REPLY_LINES:
                try:
                    found = _LINE.match(await self._reader.readuntil(b"\n"))
                except asyncio.LimitOverrunError as error:
                    raise NonsenseError from error
                if found is None or code not in (b"", found[1]):
                    raise NonsenseError
                code = found[1]
                lines.append(found[3])
                if found[2] != b"-":
                    text = b"\n".join(lines).decode("utf-8", "surrogateescape")
                    return Reply.of(int(found[1]), text)
        raise NonsenseError

    async def send(self, blocks: Iterable[bytes]) -> None:
        """Send octets, no faster than the server takes them; a server that has answered already is not believed."""
        if self._talkative:
            raise NonsenseError
        for block in blocks:
            self._writer.write(block)
            async with asyncio.timeout(DATA_BLOCK_TIMEOUT):
                await self._writer.drain()

    @property
    def _talkative(self) -> bool:
        """Whether the server has said something unasked, which must not be taken for the next reply."""
        return bool(self._reader._buffer)  # type: ignore[attr-defined] # noqa: SLF001

    @property
    def alive(self) -> bool:
        """Whether the server has neither closed the connection nor said anything unasked; no proof of the contrary."""
        return not self._talkative and not self._reader.at_eof() and not self._writer.is_closing()

    def abort(self) -> None:
        """End the connection now, whatever is under way."""
        self._writer.transport.abort()
