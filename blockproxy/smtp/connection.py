"""The client's connection, from accept to close: aiosmtpd's protocol, with the manners that a proxy needs.

It reads command lines, calls the method of that name, and switches to TLS. Nothing here knows a verb of SMTP.
"""

import asyncio
import collections
import logging
import ssl
import traceback
from contextlib import suppress
from typing import cast

from aiosmtpd.proxy_protocol import ProxyData
from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException

from blockproxy.smtp import reply
from blockproxy.smtp.data import CRLF
from blockproxy.smtp.next_hop import NextHop, NextHopError
from blockproxy.smtp.reply import Reply

MAX_COMMAND = 16 * 1024  # octets; RFC 4954, section 4 wants AUTH lines of 12,288
BUFFER = 64 * 1024  # octets read ahead of what is understood
# Seconds; RFC 5321, section 4.5.3.2.7 grants the client 5 minutes, and the next hop may take as long for its answer.
IDLE_TIMEOUT = 10 * 60.0
SESSIONS_LIMIT = 1_000  # of one listener; each takes two sockets, and 4 MB while a message is under way
PROXY_TIMEOUT = 5.0  # seconds for a load balancer to say whom it brings
CLOSE_TIMEOUT = 5.0  # seconds until a connection that is aborted is given up

log = logging.getLogger(__name__)
# aiosmtpd prints command lines, with addresses and with whatever a confused client sends instead of a command.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


class _ProxyHandler:
    """Hears of the PROXY protocol what aiosmtpd has understood."""

    async def handle_PROXY(  # noqa: N802 - aiosmtpd finds it by this name
        self,
        server: "ClientConnection",
        _session: Session,
        _envelope: Envelope,
        found: ProxyData,
    ) -> bool:
        return bool(found) and server.proxied(str(found.src_addr) if found.src_addr else None)


_PROXY_HANDLER = _ProxyHandler()


class ClientConnection(SMTP):
    """One client and its own next hop; when one connection is gone, so is the other.

    `open_connections` holds the open connections of one listener. `idle` is set while no delivery is under way, `ended`
    is done when the connection is closed. `starttls` is None where the listener has no TLS of its own to offer; with
    `tls_required` nothing is done before TLS has begun. `behind_balancer` expects the PROXY protocol, version 1 or 2.
    """

    line_length_limit = BUFFER
    command_size_limit = MAX_COMMAND
    # aiosmtpd empties it for each connection, which leaves the default.
    command_size_limits: dict[str, int] = collections.defaultdict(lambda: MAX_COMMAND)  # noqa: RUF012

    def __init__(
        self,
        hop: NextHop,
        open_connections: "set[ClientConnection]",
        name: str,
        starttls: ssl.SSLContext | None,
        *,
        tls_required: bool,
        behind_balancer: bool = False,
    ) -> None:
        self._hop = hop
        self._open_connections = open_connections
        self._last_words = False
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.idle = asyncio.Event()
        self.idle.set()
        super().__init__(
            handler=_PROXY_HANDLER if behind_balancer else None,
            proxy_protocol_timeout=PROXY_TIMEOUT if behind_balancer else None,
            enable_SMTPUTF8=True,
            hostname=name,
            ident="ESMTP blockproxy",
            tls_context=starttls,
            require_starttls=tls_required,
            timeout=IDLE_TIMEOUT,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin again after STARTTLS."""
        super().connection_made(transport)
        self._open_connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Whatever was not delivered is not delivered."""
        super().connection_lost(error)
        self._hop.abort()
        self._open_connections.discard(self)
        if not self.ended.done():
            self.ended.set_result(None)

    async def _handle_client(self) -> None:
        try:
            with suppress(ConnectionError):
                if len(self._open_connections) > SESSIONS_LIMIT:
                    await self.push(reply.TOO_MANY_SESSIONS)
                else:
                    await super()._handle_client()
        finally:
            self._hop.abort()
            self.idle.set()

    def proxied(self, address: str | None) -> bool:
        """Take the address of the client behind a load balancer, None where it names none; false ends all."""
        raise NotImplementedError

    async def end(self) -> None:
        """Close the connection, and wait until nothing is left of it."""
        if self.transport is not None and not self.transport.is_closing():
            cast(asyncio.WriteTransport, self.transport).write(reply.SHUTTING_DOWN.octets + CRLF)
            self.transport.close()
        task = self._handler_coroutine
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()
        await asyncio.wait([self.ended], timeout=CLOSE_TIMEOUT)

    @property
    def _said_too_soon(self) -> bool:
        """Whether the client has sent something that it ought to have waited with."""
        return bool(self._reader._buffer)  # type: ignore[attr-defined] # noqa: SLF001

    def _unread(self, octets: bytes) -> None:
        """Give back what was read too much: RFC 2920 lets commands follow the final dot."""
        self._reader._buffer[:0] = octets  # type: ignore[attr-defined] # noqa: SLF001 - aiosmtpd empties it in the same way

    async def push(self, status: str | bytes | Reply) -> None:
        """Send a reply; one that begins with 421 is the last (RFC 5321, section 3.8)."""
        octets = status.octets if isinstance(status, Reply) else status
        text = octets.encode("utf-8", "surrogateescape") if isinstance(octets, str) else octets
        await super().push(text)
        if (self._last_words or text.startswith(b"421")) and self.transport is not None:
            self.transport.close()

    async def handle_exception(self, error: Exception) -> str:
        """The reply to a command that could not be carried out, after which the connection closes."""
        self._last_words = True
        match error:
            case NextHopError():
                answer = error.reply
            case asyncio.LimitOverrunError():
                answer = reply.LINE_TOO_LONG
            case asyncio.IncompleteReadError() | ConnectionError() | TLSSetupException():
                answer = reply.SHUTTING_DOWN  # nobody is left to hear it
            case _:
                # The text of an exception may quote a message or a password; where it happened does not.
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("%s in an SMTP session:\n%s", type(error).__name__, where)
                answer = reply.OUR_FAULT
        return answer.octets.decode("utf-8", "surrogateescape")
