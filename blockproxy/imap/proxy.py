"""The IMAP listener: for every client one connection to the server. RFC 9051, section 11; RFC 8314.

TLS ends here on both legs: the server's certificate is verified, the client gets ours. Without a server the client
gets a BYE in place of a greeting, at once.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Coroutine, Iterable
from contextlib import suppress

from blockproxy.config import Listener, Upstream
from blockproxy.detect.rules import RuleSet
from blockproxy.errors import Side
from blockproxy.exemptions import Exemptions
from blockproxy.imap import starttls
from blockproxy.imap.cleaning import Cleaning, Count, Record
from blockproxy.imap.connection import Connection, Leg
from blockproxy.imap.memory import Memory
from blockproxy.imap.session import Session
from blockproxy.model import Context, Policy

CONNECT_LIMIT = 30  # seconds to reach the server and finish its handshake; clients give up after 60
HANDSHAKE_LIMIT = 30  # seconds for the client's handshake
TICK = 30  # seconds between two looks for connections on which nothing happens
FAREWELL_LIMIT = 8  # seconds for the answers that are under way when the proxy stops; a service manager waits for 90
CLOSE_LIMIT = 5  # seconds for the last octets after that
SESSIONS_LIMIT = 10_000  # at the same time; each takes two sockets and some 30 KB
ADDRESS_LIMIT = 500  # sessions of one client address, behind which there may be an office; a client was seen with 5
ALPN = ["imap"]  # against attacks across protocols (RFC 9325, section 3.7)

COMPRESSED = {
    "none": frozenset[Side](),
    "client": frozenset({Side.CLIENT}),
    "server": frozenset({Side.SERVER}),
    "both": frozenset(Side),
}

_log = logging.getLogger("blockproxy.imap")


class ImapProxy:
    """A running IMAP proxy: `start`, serve until `close`."""

    def __init__(  # noqa: PLR0913 - what is optional has a name
        self,
        listener: Listener,
        upstream: Upstream,
        *,
        rules: RuleSet,
        policy: Policy,
        addresses: tuple[str, ...],
        record: Record,
        count: Count = lambda _: None,
        exemptions: Exemptions | None = None,
        compress: str = "none",
        pass_items: Iterable[str] = (),
    ) -> None:
        self._listener = listener
        self._upstream = upstream
        self._rules = rules
        self._policy = policy
        self._context = Context(addresses)
        self._record = record
        self._count = count
        self._exemptions = exemptions
        self._compress = COMPRESSED[compress]
        self._passed = frozenset(item.encode() for item in pass_items)
        self._listener_tls = listener.tls_context()
        self._upstream_tls = upstream.tls_context()
        for context in (self._listener_tls, self._upstream_tls):
            if context is not None:
                context.set_alpn_protocols(ALPN)
        self._memory = Memory(lock=threading.RLock())
        self._version = object()  # of the rules; what one has cleaned is not what the other would
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._addresses: Counter[str] = Counter()  # how many of them each client address has
        self._quiet = asyncio.Event()  # no connection is open
        self._quiet.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = threading.Event()

    @property
    def port(self) -> int:
        """The TCP port that clients reach."""
        if self._server is None:
            return self._listener.port
        return int(self._server.sockets[0].getsockname()[1])

    def use(self, rules: RuleSet) -> None:
        """Judge by `rules` in sessions that begin from now on."""
        self._rules = rules
        self._version = object()

    async def start(self) -> None:
        """Listen. Raises OSError where the address cannot be had."""
        tls = self._listener_tls if self._listener.tls == "implicit" else None
        self._server = await asyncio.get_running_loop().create_server(
            self._accept,
            self._listener.host,
            self._listener.port,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_LIMIT if tls else None,
        )
        self._run(self._watch())

    async def close(self) -> None:
        """Stop listening, say goodbye to every client, and wait for the last octets."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.finish(b"the proxy stops")
        await self._silence(FAREWELL_LIMIT)
        for connection in list(self._connections):
            connection.bye(b"the proxy stops")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._silence(CLOSE_LIMIT)
        for connection in list(self._connections):
            connection.abort()
        if self._server is not None:
            await self._server.wait_closed()

    async def _silence(self, limit: float) -> None:
        """Wait until no connection is open, but not for longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._quiet.wait()

    def _accept(self) -> Leg:
        connection: Connection
        cleaning = Cleaning(
            self._rules, self._policy, self._context, lambda: connection.session.account, self._record, self._exemptions
        )

        def closed(ended: Connection) -> None:
            self._count(cleaning.numbers())
            self._closed(ended)

        version = self._version
        session = Session(
            cleaning.open,
            cleaning.passes,
            starttls=self._listener.tls == "starttls",
            memory=self._memory,
            version=lambda: (version, cleaning.version()),
            compress=self._compress,
            passed=self._passed,
        )
        connection = Connection(session, cleaning, on_made=self._made, on_tls=self._start_tls, on_closed=closed)
        return connection.client

    def _made(self, connection: Connection) -> None:
        address = connection.client_address
        if len(self._connections) >= SESSIONS_LIMIT or self._addresses[address] >= ADDRESS_LIMIT:
            _log.warning("a client is sent away: %d sessions are open", len(self._connections))
            connection.bye(b"[LIMIT] too many connections")  # RFC 5530
            return
        self._addresses[address] += 1
        self._connections.add(connection)
        self._quiet.clear()
        self._run(self._serve(connection))

    def _closed(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._addresses[connection.client_address] -= 1
            if not self._addresses[connection.client_address]:
                del self._addresses[connection.client_address]
        if not self._connections:
            self._quiet.set()

    async def _watch(self) -> None:
        """Look at the connections from time to time.

        A thread waits, and no timer of the loop: that would be set and cleared whenever the loop waits for octets,
        which is 4 % of the time that a message takes.
        """
        loop = asyncio.get_running_loop()
        try:
            while not await loop.run_in_executor(None, self._stopped.wait, TICK):
                self._memory.tick()
                for connection in list(self._connections):
                    connection.look()
        finally:
            self._stopped.set()

    def _start_tls(self, connection: Connection) -> None:
        self._run(self._secure(connection))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(CONNECT_LIMIT):
                await self._connect(connection)
        except (OSError, starttls.UpstreamError) as error:  # ssl.SSLError and TimeoutError are OSErrors
            _log.warning(
                "the IMAP server %s:%d cannot be used: %s",
                self._upstream.host,
                self._upstream.port,
                error or "time-out",
            )
            connection.bye(b"[UNAVAILABLE] the mail server cannot be reached")
        else:
            connection.client.go_on("alone")

    async def _connect(self, connection: Connection) -> None:
        """Reach the server; its greeting arrives through the connection's leg."""
        host, port, tls = self._upstream.host, self._upstream.port, self._upstream_tls
        if self._upstream.tls == "starttls" and tls is not None:
            connection.server.connection_made(await starttls.connect(host, port, tls, connection.server))
            connection.received(Side.SERVER, starttls.GREETING)
            return
        await asyncio.get_running_loop().create_connection(
            lambda: connection.server, host, port, ssl=tls, server_hostname=host if tls else None
        )

    async def _secure(self, connection: Connection) -> None:
        """The client's leg becomes TLS; what it said before counts for nothing (RFC 9051, section 6.2.1)."""
        leg = connection.client
        if leg.transport is None or self._listener_tls is None:
            return
        try:
            leg.transport = await asyncio.get_running_loop().start_tls(
                leg.transport, leg, self._listener_tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_LIMIT
            )
        except OSError as error:
            _log.warning("a client's TLS handshake failed: %s", error)
            connection.end()
        else:
            connection.session.tls_started()
