"""The next hops of a gateway: the first that can be reached is taken, and connections that are idle are used again."""

import logging
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from blockproxy.sending import NextHopSettings
from blockproxy.smtp.next_hop import LOST, UNREACHABLE, NextHop, NextHopError, explained
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.wire import COMMAND_TIMEOUT, NonsenseError, NoTlsError, RefusedError, Wire, accepted

MAX_IDLE = 20  # connections that wait for the next message; Postfix takes 50 from one client
IDLE_SECONDS = 20.0  # until an idle connection is closed; under stress Postfix waits no longer than 10 for a command
AVOID_SECONDS = 30.0  # that a next hop which could not be reached is asked last

log = logging.getLogger(__name__)


@dataclass
class Connection:
    """A connection that has said EHLO, or LHLO; `greeting` is the answer to it."""

    wire: Wire
    greeting: Reply
    upstream: NextHopSettings
    used: bool = False
    since: float = 0.0


@dataclass
class Hops:
    """Shared by all sessions of a listener. `name` is what we call ourselves."""

    upstreams: Sequence[NextHopSettings]
    name: str
    idle: deque[Connection] = field(default_factory=deque)
    _avoid: dict[int, float] = field(default_factory=dict)
    _tls: list[ssl.SSLContext | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tls = [upstream.tls_context() for upstream in self.upstreams]

    @property
    def one_at_a_time(self) -> bool:
        """Whether a next hop may answer for each recipient on its own, so that one answer cannot speak for two."""
        return any(upstream.protocol == "lmtp" for upstream in self.upstreams)

    async def take(self, *, fresh: bool = False) -> Connection:
        """An idle connection, or a new one; raises `NextHopError` where no next hop can be reached."""
        while self.idle and not fresh:
            connection = self.idle.pop()
            if connection.wire.alive and time.monotonic() - connection.since < IDLE_SECONDS:
                connection.used = True
                return connection
            connection.wire.abort()
        return await self._new()

    async def _new(self) -> Connection:
        now, answer = time.monotonic(), UNREACHABLE
        for number in sorted(range(len(self.upstreams)), key=lambda each: self._avoid.get(each, 0.0) > now):
            upstream = self.upstreams[number]
            hello = b"LHLO" if upstream.protocol == "lmtp" else b"EHLO"
            try:
                return await self._opened(upstream, self._tls[number], b"%b %b" % (hello, self.name.encode("ascii")))
            except (OSError, EOFError, NonsenseError, NoTlsError, RefusedError) as error:
                answer = explained(error, UNREACHABLE)
                log.warning("next hop %s:%d: %s", upstream.host, upstream.port, " ".join(answer.lines))
                self._avoid[number] = time.monotonic() + AVOID_SECONDS
        raise NextHopError(answer)

    async def _opened(self, upstream: NextHopSettings, tls: ssl.SSLContext | None, hello: bytes) -> Connection:
        wire = await Wire.open(upstream, tls, hello)
        try:
            greeting = accepted(await wire.ask(hello))
        except BaseException:
            wire.abort()
            raise
        return Connection(wire, greeting, upstream)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection without a transaction for the next message."""
        now = connection.since = time.monotonic()
        self.idle.append(connection)
        while len(self.idle) > MAX_IDLE or now - self.idle[0].since > IDLE_SECONDS:
            self.idle.popleft().wire.abort()

    def close(self) -> None:
        """End all idle connections."""
        while self.idle:
            self.idle.pop().wire.abort()


class GatewayHop(NextHop):
    """One session's next hop; it is taken from `hops`, and given back between transactions."""

    def __init__(self, hops: Hops) -> None:
        super().__init__(hops.upstreams[0], None)
        self._hops = hops
        self._connection: Connection | None = None
        self.busy = False  # a transaction has begun
        self._owed = False  # an answer is still to come

    async def hello(self, name: str) -> Reply:  # noqa: ARG002 - we introduce ourselves, the client is in XFORWARD
        """Take a connection; the next hop's answer to our EHLO."""
        if self.busy:
            self.abort()
        connection = self._connection
        if connection is None or not connection.wire.alive:
            self.abort()
            connection = await self._hops.take()
            self._use(connection)
        return connection.greeting

    async def ask(self, *words: bytes, timeout: float = COMMAND_TIMEOUT) -> Reply:  # noqa: ASYNC109
        """The same; until the answer is there the connection is of no use to anybody else."""
        self._owed = True
        answer = await super().ask(*words, timeout=timeout)
        self._owed = False
        if words == (b"RSET",) and not answer.positive and self._connection is not None:
            self._connection.wire.abort()  # its transaction would become the next one's
        return answer

    def _use(self, connection: Connection | None) -> None:
        self._connection, self._owed = connection, False
        self._wire = None
        if connection is not None:
            self._wire, self._upstream = connection.wire, connection.upstream

    @property
    def protocol(self) -> str:
        """What the connection speaks: smtp or lmtp."""
        return self._connection.upstream.protocol if self._connection is not None else "smtp"

    async def begin(self, *commands: bytes) -> Reply:
        """The first commands of a transaction, the last of them MAIL; its reply.

        An idle connection may have been closed without our knowing: then a new one is tried, once. Nothing has been
        sent by then that could arrive twice.
        """
        if self._connection is None or not self._connection.wire.alive:
            self.abort()
            self._use(await self._hops.take())
        connection = self._connection
        try:
            return await self._all(commands)
        except NextHopError as error:
            if connection is None or not connection.used or error.reply != LOST:
                raise
            self._use(await self._hops.take(fresh=True))
            return await self._all(commands)

    async def _all(self, commands: Sequence[bytes]) -> Reply:
        for command in commands[:-1]:
            await self.ask(command)
        answer = await self.ask(commands[-1])
        self.busy = answer.positive
        return answer

    async def quit(self) -> None:
        """Leave; the connection is kept for others."""
        self.abort()

    def abort(self) -> None:
        """Leave; a connection with a transaction is closed, so that nothing of it counts.

        So is one that owes an answer, which the next session would take for the answer to its own command.
        """
        connection, unfinished = self._connection, self.busy or self._owed
        self._use(None)
        if connection is None:
            return
        if unfinished or not connection.wire.alive:
            connection.wire.abort()
        else:
            self._hops.give_back(connection)
        self.busy = False
