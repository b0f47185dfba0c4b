"""The connection to the mail provider's submission server: one for each client, and nothing of it outlives the client.

Every reply is handed back as it came. No command is repeated and no message kept: a `NextHopError` ends the session,
and the client, which has not been told 250, tries again.
"""

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import aiosmtplib

from blockproxy.config import Upstream
from blockproxy.smtp import reply
from blockproxy.smtp.reply import Reply

# Seconds; RFC 5321, section 4.5.3.2.
GREETING_TIMEOUT = 60.0  # 5 minutes are granted, but a person waits in front of the client
COMMAND_TIMEOUT = 5 * 60.0  # MAIL and RCPT
DATA_INITIATION_TIMEOUT = 2 * 60.0
DATA_TERMINATION_TIMEOUT = 10 * 60.0
QUIT_TIMEOUT = 5.0  # nothing depends on the answer

BLOCK = 64 * 1024  # octets; asyncio copies what a TLS connection has not taken, so it gets little at a time

UNREACHABLE = Reply.of(421, "4.4.1 The next hop cannot be reached")
LOST = Reply.of(421, "4.4.2 The next hop closed the connection")
TOO_SLOW = Reply.of(421, "4.4.2 The next hop did not answer in time")
NOT_TRUSTED = Reply.of(421, "4.7.5 No TLS connection that can be trusted to the next hop")
NONSENSE = Reply.of(421, "4.5.0 The next hop broke its protocol")

log = logging.getLogger(__name__)


class NextHopError(Exception):
    """The next hop cannot be spoken to; `reply` is the last thing that the client hears."""

    def __init__(self, answer: Reply) -> None:
        super().__init__(" ".join(answer.lines))
        self.reply = answer


class NextHop:
    """A connection that is opened by `hello`. All methods raise `NextHopError`, `quit` and `abort` do not."""

    def __init__(self, upstream: Upstream, tls: ssl.SSLContext | None) -> None:
        self._upstream = upstream
        self._tls = tls
        self._smtp: aiosmtplib.SMTP | None = None

    @property
    def opened(self) -> bool:
        """Whether there has been a connection; it may be lost by now."""
        return self._smtp is not None

    async def hello(self, name: str) -> Reply:
        """Say EHLO in the client's name, after connecting and STARTTLS if that has not been done yet."""
        if self._smtp is None:
            self._smtp = await self._connected(name)
        return await self.ask(b"EHLO", name.encode("ascii"))

    async def _connected(self, name: str) -> aiosmtplib.SMTP:
        upstream = self._upstream
        smtp = aiosmtplib.SMTP(
            hostname=upstream.host,
            port=upstream.port,
            local_hostname=name,
            timeout=GREETING_TIMEOUT,
            use_tls=upstream.tls == "implicit",
            start_tls=upstream.tls == "starttls",
            tls_context=self._tls,
        )
        with self._told():
            await smtp.connect()
        return smtp

    async def ask(self, *words: bytes, timeout: float = COMMAND_TIMEOUT) -> Reply:  # noqa: ASYNC109 - aiosmtplib's own
        """Send one command and read its reply. What would be two commands is answered with 501 and not sent."""
        if self._smtp is None:
            return reply.HELLO_FIRST
        with self._told():
            try:
                response = await self._smtp.execute_command(*words, timeout=timeout)
            except ValueError:
                return reply.BAD_OCTETS
        return Reply.of(response.code, response.message)

    async def deliver(self, transmitted: bytes | bytearray) -> Reply:
        """DATA, and the octets as they came from the client, final dot included; the reply to whichever was refused.

        A positive reply to DATA itself would sound like a delivery to the client and counts as nonsense.
        """
        answer = await self.ask(b"DATA", timeout=DATA_INITIATION_TIMEOUT)
        if answer.code == 354:
            return await self._send(transmitted)
        if not 400 <= answer.code < 600:
            raise NextHopError(NONSENSE)
        if answer.code != 421:
            await self.ask(b"RSET")  # for the client the transaction is over
        return answer

    async def _send(self, transmitted: bytes | bytearray) -> Reply:
        # Not SMTP.data(): it would end an empty message, or one that is refused elsewhere, in its own way.
        protocol = self._smtp.protocol if self._smtp else None
        if protocol is None:
            raise NextHopError(LOST)
        with self._told(), memoryview(transmitted) as octets:
            for start in range(0, len(octets), BLOCK):
                protocol.write(bytes(octets[start : start + BLOCK]))
            response = await protocol.read_response(timeout=DATA_TERMINATION_TIMEOUT)
        return Reply.of(response.code, response.message)

    async def quit(self) -> None:
        """End the connection politely, but soon."""
        if self._smtp is not None:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._smtp.execute_command(b"QUIT", timeout=QUIT_TIMEOUT)
        self.abort()

    def abort(self) -> None:
        """End the connection now; a message whose final dot is not sent yet is not delivered."""
        if self._smtp is None:
            return
        transport = self._smtp.transport
        if transport is not None:
            cast(asyncio.Transport, transport).abort()
        self._smtp.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong into a `NextHopError`, and tell the operator."""
        try:
            yield
        except (aiosmtplib.SMTPException, OSError) as error:
            answer = _explained(error)
            log.warning("next hop %s:%d: %s", self._upstream.host, self._upstream.port, " ".join(answer.lines))
            self.abort()
            raise NextHopError(answer) from error


def _explained(error: Exception) -> Reply:
    """What the client is told about `error`."""
    if isinstance(error, aiosmtplib.SMTPConnectResponseError) and 400 <= error.code < 600:
        return Reply.of(error.code, error.message)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return NOT_TRUSTED
    return next((answer for kind, answer in _ANSWERS if isinstance(error, kind)), LOST)


_ANSWERS: list[tuple[type[Exception], Reply]] = [  # the first that fits
    (aiosmtplib.SMTPConnectError, UNREACHABLE),
    (aiosmtplib.SMTPTimeoutError, TOO_SLOW),
    (aiosmtplib.SMTPServerDisconnected, LOST),
    (aiosmtplib.SMTPResponseException, NONSENSE),
    (aiosmtplib.SMTPException, NOT_TRUSTED),  # STARTTLS is not offered
]
