"""One client, one server, and the machine between them: `asyncio.Protocol` on both legs.

Protocols, not streams: octets move in the callback that brought them, and a leg that cannot be written to pauses the
reading of the other. A response whose cleaning takes long runs in a thread while both legs rest; other connections go
on.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import cast

from blockproxy.errors import PeerError, Side
from blockproxy.imap.cleaning import Cleaning
from blockproxy.imap.content import LengthError
from blockproxy.imap.session import Session

LOGIN_LIMIT = 180  # seconds from the connection to the login; Dovecot's own limit
IDLE_LIMIT = 35 * 60  # seconds without an octet; RFC 9051 section 5.4 grants a logged-in client 30 minutes
STALL_LIMIT = 5 * 60  # seconds without an octet in the middle of a command or an answer
LINGER = 10  # seconds for the last answers to a client that has finished sending
HEAVY = 128 * 1024  # octets of content in hand; above, cleaning takes longer than others should wait

_log = logging.getLogger("blockproxy.imap")
# A member of an Enum is slow to look up in Python 3.11.
_CLIENT, _SERVER = Side.CLIENT, Side.SERVER
_OTHER = {Side.CLIENT: Side.SERVER, Side.SERVER: Side.CLIENT}


class Leg(asyncio.Protocol):
    """One side's socket."""

    def __init__(self, connection: "Connection", side: Side) -> None:
        self._connection = connection
        self._side = side
        self._stopped: set[str] = set()  # why reading is paused
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there (and its TLS, if any)."""
        self.transport = cast("asyncio.Transport", transport)
        self._connection.made(self._side)

    def data_received(self, data: bytes) -> None:
        """Octets arrived."""
        self._connection.received(self._side, data)

    def eof_received(self) -> bool:
        """The side has finished sending. True: it may still be written to (not in TLS)."""
        self._connection.ended(self._side)
        return self.transport is not None and self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        if exc is not None:
            _log.debug("the %s's connection was lost: %s", self._side, exc)
        self._connection.lost(self._side)

    def pause_writing(self) -> None:
        """Too much waits to be written."""
        self._connection.leg(_OTHER[self._side]).stop("full")

    def resume_writing(self) -> None:
        """There is room again."""
        self._connection.leg(_OTHER[self._side]).go_on("full")

    @property
    def address(self) -> str:
        """The address of the other end, without its port; "" where there is none."""
        peer = None if self.transport is None else self.transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def stop(self, reason: str) -> None:
        """Read no more for the time being."""
        self._stopped.add(reason)
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def go_on(self, reason: str) -> None:
        """This reason not to read is gone."""
        self._stopped.discard(reason)
        if not self._stopped and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send octets."""
        if self.transport is not None:
            self.transport.write(data)

    def close(self) -> None:
        """Close when everything is written."""
        if self.transport is not None:
            self.transport.close()


class Connection:
    """Octets go into the session, and what it makes of them to the other leg.

    `on_made` is called with the connection when the client is there, `on_tls` when its leg becomes TLS, `on_closed`
    when both are gone.
    """

    def __init__(
        self,
        session: Session,
        cleaning: Cleaning,
        *,
        on_made: Callable[["Connection"], None],
        on_tls: Callable[["Connection"], None],
        on_closed: Callable[["Connection"], None],
    ) -> None:
        self.session = session
        self._cleaning = cleaning
        self._on_made = on_made
        self._on_tls = on_tls
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self.client = Leg(self, Side.CLIENT)
        self.server = Leg(self, Side.SERVER)
        self._thread: asyncio.Future[None] | None = None
        self._backlog: deque[tuple[Side, bytes]] = deque()
        self._open: set[Side] = set()
        self._over = False  # nothing is processed any more
        self._closed = False  # both legs are gone
        self._rest = 0  # octets that nobody had taken when `look` looked
        self._ending = False  # the server has said everything
        self._owes_end = False  # the client has, and the server does not know yet
        self._heard = False  # anything since `look` looked
        self._farewell: bytes | None = None  # said as soon as nothing is under way
        self.client_address = ""
        self._began = self._latest = self._loop.time()

    def leg(self, side: Side) -> Leg:
        """The leg of a side."""
        return self.client if side is Side.CLIENT else self.server

    def made(self, side: Side) -> None:
        """A leg is connected."""
        self._open.add(side)
        if side is Side.CLIENT:
            self.client.stop("alone")
            self.client_address = self.client.address
            self._on_made(self)
        elif self._over:
            self.abort()

    def received(self, side: Side, data: bytes) -> None:
        """Octets of a side."""
        self._heard = True
        if self._thread is not None:
            self._backlog.append((side, data))
        elif side is _SERVER and self.session.held + self._cleaning.held + len(data) * self.session.expansion > HEAVY:
            self._in_thread(data)
        elif not self._over:
            try:
                self.session.receive(side, data)
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody is left waiting
                self._broken(error)
            else:
                self._processed()

    def ended(self, side: Side) -> None:
        """A side has finished sending."""
        if side is Side.SERVER:
            self._ending = True
            self._finish()
        else:
            self._pass_end()

    def _pass_end(self) -> None:
        """Let the server know that the client has finished sending, once everything it sent has gone."""
        self._owes_end = self.session.sent_ahead
        if self._owes_end:
            return
        if self.server.transport is not None and self.server.transport.can_write_eof():
            self.server.transport.write_eof()
        elif self.session.waiting_for_answers:
            self._loop.call_later(LINGER, self.server.close)
        else:
            self.server.close()

    def lost(self, side: Side) -> None:
        """The socket of a side is gone."""
        self._open.discard(side)
        if side is Side.SERVER:
            self._ending = True
            self._finish()
        else:
            self._over = True
            self.server.close()
        if not self._open and not self._closed:
            self._closed = True  # the server may be reached after that, and is left at once
            if self._thread is None:
                self._cleaning.flush(last=True)
            self._on_closed(self)

    def look(self) -> None:
        """Close if it is silent for too long, or does not log in. To be called from time to time."""
        if self._over:
            self._look_after()
            return
        now = self._loop.time()
        if self._heard:
            self._heard, self._latest = False, now
        since, limit = (self._latest, IDLE_LIMIT) if self.session.authenticated else (self._began, LOGIN_LIMIT)
        if self.session.inside:
            limit = min(limit, STALL_LIMIT)
        if now - since > limit:
            self.bye(b"nothing happened for too long")

    def _look_after(self) -> None:
        """Cut what was closed if the last octets are not taken: a client that never reads could stay for ever."""
        before, legs = self._rest, (self.client.transport, self.server.transport)
        self._rest = sum(transport.get_write_buffer_size() for transport in legs if transport is not None)
        if self._rest and self._rest == before:
            self.abort()

    def finish(self, text: bytes) -> None:
        """Tell the client why and close, as soon as no command is waiting for its answer."""
        self._farewell = text
        if self._thread is None:
            self._say_farewell()

    def bye(self, text: bytes) -> None:
        """Tell the client why, where that is possible, and close."""
        if not self._over and not self.session.inside_response:
            self.client.write(self.session.encoded(b"* BYE " + text + b"\r\n"))
        self.end()

    def end(self) -> None:
        """Process nothing more, write what there is, close both legs."""
        self._over = True
        self.client.close()
        self.server.close()

    def abort(self) -> None:
        """Close both legs, whatever is still to be written."""
        self._over = True
        for leg in (self.client, self.server):
            if leg.transport is not None:
                leg.transport.abort()

    def flush(self) -> None:
        """Write what the session has for either side, and record what was found."""
        session = self.session
        if session.to_client:
            self.client.write(session.take(_CLIENT))
        if session.to_server:
            self.server.write(session.take(_SERVER))
        if self._owes_end:
            self._pass_end()
        if self._cleaning.said:
            self._cleaning.flush()

    def _say_farewell(self) -> None:
        if self._farewell is not None and not self.session.busy:
            self.bye(self._farewell)

    def _processed(self) -> None:
        self.flush()
        if self._farewell is not None:
            self._say_farewell()
        if self.session.starting_tls:
            self._on_tls(self)

    def _broken(self, error: BaseException) -> None:
        # Of an error that nobody foresaw only the type is told: its text may be somebody's mail.
        foreseen = isinstance(error, PeerError | LengthError)
        _log.warning("connection closed: %s", error if foreseen else type(error).__name__)
        self.flush()
        if isinstance(error, PeerError) and error.side is Side.CLIENT:
            self.bye(b"your client broke the protocol")
        else:
            self.end()

    # Long cleaning

    def _in_thread(self, data: bytes) -> None:
        self.client.stop("busy")
        self.server.stop("busy")
        self._thread = self._loop.run_in_executor(None, self.session.receive, Side.SERVER, data)
        self._thread.add_done_callback(self._out_of_thread)

    def _out_of_thread(self, done: asyncio.Future[None]) -> None:
        self._thread = None
        error = None if done.cancelled() else done.exception()
        if self._over:
            self._cleaning.flush(last=True)
            return
        if error is not None:
            self._broken(error)
            return
        self._processed()
        while self._backlog and self._thread is None:
            self.received(*self._backlog.popleft())
        if self._thread is None:
            self.client.go_on("busy")
            self.server.go_on("busy")
            self._finish()

    def _finish(self) -> None:
        """Close when the server has ended and everything it said was processed."""
        if self._ending and self._thread is None:
            self.end()
