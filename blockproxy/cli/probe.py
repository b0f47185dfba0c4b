"""What `blockproxy check` asks of a server: is it there, is its certificate good, what can it do? No login."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from blockproxy.config import Upstream
from blockproxy.network import in_words

TIMEOUT = 10.0  # seconds for a whole probe; a server that needs longer makes every mail client give up
MAX_ANSWER = 100  # lines of one answer; the longest EHLO seen has 20


class ProbeError(Exception):
    """A sentence for the operator: what did not work with this server."""


async def imap(upstream: Upstream) -> list[str]:
    """The server's capabilities before login (RFC 3501, section 6.1.1). Raises ProbeError."""
    async with asyncio.timeout(TIMEOUT):
        talk = await _Talk.begin(upstream)
        try:
            _must(await talk.line(), "* OK", "* PREAUTH")
            if upstream.tls == "starttls":
                _must((await talk.imap("STARTTLS"))[-1], "p OK")
                await talk.encrypt()
            answer = await talk.imap("CAPABILITY")
            await talk.say("p LOGOUT")
        finally:
            talk.end()
    _must(answer[-1], "p OK")
    return [word for line in answer if line.upper().startswith("* CAPABILITY ") for word in line.split()[2:]]


async def lmtp(upstream: Upstream) -> list[str]:
    """The keywords that the server's LHLO offers (RFC 2033, section 4.1). Raises ProbeError."""
    return await smtp(upstream, "LHLO")


async def smtp(upstream: Upstream, hello: str = "EHLO") -> list[str]:
    """The keywords that the server's EHLO offers (RFC 5321, section 4.1.1.1). Raises ProbeError."""
    async with asyncio.timeout(TIMEOUT):
        talk = await _Talk.begin(upstream)
        try:
            _must((await talk.smtp())[-1], "220")
            answer = await talk.smtp(f"{hello} [127.0.0.1]")
            if upstream.tls == "starttls":
                _must((await talk.smtp("STARTTLS"))[-1], "220")
                await talk.encrypt()
                answer = await talk.smtp(f"{hello} [127.0.0.1]")
            await talk.say("QUIT")
        finally:
            talk.end()
    _must(answer[-1], "250")
    return [line[4:].strip() for line in answer[1:]]


def _must(line: str, *beginnings: str) -> None:
    if not line.upper().startswith(tuple(beginning.upper() for beginning in beginnings)):
        raise ProbeError(f"expected {beginnings[0]!r}, the server said {line!r}")


class _Talk:
    """A connection that speaks in lines."""

    def __init__(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._upstream = upstream
        self._reader = reader
        self._writer = writer

    @classmethod
    async def begin(cls, upstream: Upstream) -> "_Talk":
        context = upstream.tls_context() if upstream.tls == "implicit" else None
        return cls(upstream, *await asyncio.open_connection(upstream.host, upstream.port, ssl=context))

    async def line(self) -> str:
        octets = await self._reader.readline()
        if not octets.endswith(b"\n"):
            raise ProbeError("the server closed the connection; is `tls` right for this port?")
        return octets.decode("utf-8", "replace").rstrip("\r\n")

    async def say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()

    async def imap(self, command: str) -> list[str]:
        """Every line of the answer, the tagged one last."""
        await self.say(f"p {command}")
        lines = [await self.line()]
        while not lines[-1].startswith("p ") and len(lines) < MAX_ANSWER:
            lines.append(await self.line())
        return lines

    async def smtp(self, command: str = "") -> list[str]:
        """Every line of the reply; without a command, of the greeting."""
        if command:
            await self.say(command)
        lines = [await self.line()]
        while lines[-1][3:4] == "-" and len(lines) < MAX_ANSWER:
            lines.append(await self.line())
        return lines

    async def encrypt(self) -> None:
        context = self._upstream.tls_context()
        if context is not None:
            await self._writer.start_tls(context, server_hostname=self._upstream.host)

    def end(self) -> None:
        self._writer.transport.abort()


@contextmanager
def explained() -> Iterator[None]:
    """Turn every way in which a connection fails into a ProbeError with a sentence."""
    try:
        yield
    except (ssl.SSLCertVerificationError, ValueError) as error:  # ValueError: a line without an end
        raise ProbeError(in_words(error)) from error
    except TimeoutError as error:
        raise ProbeError(f"no answer within {TIMEOUT:.0f} seconds; is `tls` right for this port?") from error
    except OSError as error:
        hint = "; is `tls` right for this port?" if isinstance(error, ssl.SSLError) else ""
        raise ProbeError(in_words(error) + hint) from error
