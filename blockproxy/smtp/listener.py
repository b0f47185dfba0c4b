"""The listeners: a mail client, or a mail server, is pointed at one instead of at the server behind it.

They have no queue: what they answer 250 to, the next hop has answered 250 to, or it is an automatic read receipt.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from blockproxy.config import Listener, Upstream
from blockproxy.detect.rules import RuleSet
from blockproxy.exemptions import Exemptions
from blockproxy.model import Policy
from blockproxy.sending import Gateway, NextHopSettings, Outgoing, Receipts
from blockproxy.smtp.gateway import GatewaySession
from blockproxy.smtp.gateway_envelope import GatewayTerms
from blockproxy.smtp.hops import Hops
from blockproxy.smtp.outbox import AS_IT_IS, Outbox, Record
from blockproxy.smtp.session import Count, Session, Terms
from blockproxy.smtp.submission import SubmissionSession, SubmissionTerms

HANDSHAKE_TIMEOUT = 30.0  # seconds for a client to finish TLS
GRACE = 10.0  # seconds that deliveries under way get when the listener closes

log = logging.getLogger(__name__)


class SmtpListener:
    """Listens at `listener`; `session` makes a session for each connection, `terms` knows those that are open."""

    def __init__(
        self, listener: Listener, tls: ssl.SSLContext | None, terms: Terms, session: Callable[[], Session]
    ) -> None:
        self._listener = listener
        self._implicit_tls = tls if listener.tls == "implicit" else None
        self._sessions = terms.sessions
        self._session = session
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen; raises OSError where the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            self._session,
            self._listener.host,
            self._listener.port,
            ssl=self._implicit_tls,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT if self._implicit_tls else None,
        )
        log.info("SMTP on %s:%d", self._listener.host, self.port)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._server is None:
            return self._listener.port
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Take no new clients, let deliveries under way come to their end, and close every connection."""
        if self._server is None:
            return
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                for session in tuple(self._sessions):
                    await session.idle.wait()
        await asyncio.gather(*(session.end() for session in tuple(self._sessions)))
        await self._server.wait_closed()
        self._server = None


class SubmissionProxy(SmtpListener):
    """Listens for mail clients at `listener` and relays to `upstream`, in lock-step.

    Read receipts are kept from leaving as `receipts` says, if `policy` acts on them; `record` is told of all automatic
    ones. `outgoing` says what else is done with what leaves; trackers are found by `rules`, and not without them. With
    `mend` a bare CR or LF is made CRLF instead of refused. `record` is called in the event loop and must neither block
    nor raise.
    """

    def __init__(  # noqa: PLR0913 - what is optional has a name
        self,
        listener: Listener,
        upstream: Upstream,
        *,
        policy: Policy,
        record: Record,
        receipts: Receipts = Receipts(),  # noqa: B008 - a frozen value
        outgoing: Outgoing = AS_IT_IS,
        rules: RuleSet | None = None,
        addresses: tuple[str, ...] = (),
        mend: bool = False,
        count: Count = lambda _: None,
    ) -> None:
        tls = listener.tls_context()
        self._terms = SubmissionTerms(
            name=socket.gethostname(),
            starttls=tls if listener.tls == "starttls" else None,
            mend=mend,
            count=count,
            upstream=upstream,
            upstream_tls=upstream.tls_context(),
            outbox=Outbox(receipts, outgoing, policy, record, rules, addresses),
        )
        super().__init__(listener, tls, self._terms, lambda: SubmissionSession(self._terms))

    def use(self, rules: RuleSet) -> None:
        """Judge by `rules` in sessions that begin from now on, if anything is judged here."""
        if self._terms.outbox.rules is not None:
            self._terms = replace(self._terms, outbox=replace(self._terms.outbox, rules=rules))


class GatewayProxy(SmtpListener):
    """Listens for mail servers at `listener`, cleans what they bring and passes it on to one of `upstreams`.

    `addresses` are looked for in tracking URLs beside the envelope's recipients; `receipts` and `outgoing` count where
    mail goes out. `record` is called in the event loop and must neither block nor raise.
    """

    def __init__(  # noqa: PLR0913
        self,
        listener: Listener,
        upstreams: Sequence[NextHopSettings],
        settings: Gateway,
        *,
        rules: RuleSet,
        policy: Policy,
        addresses: tuple[str, ...] = (),
        record: Record,
        receipts: Receipts = Receipts(),  # noqa: B008
        outgoing: Outgoing = AS_IT_IS,
        exemptions: Exemptions | None = None,
        mend: bool = False,
        count: Count = lambda _: None,
    ) -> None:
        tls = listener.tls_context()
        outbox = Outbox(receipts, outgoing, policy, record, rules, addresses)
        name = socket.gethostname()
        self._hops = Hops(upstreams, name)
        self._terms = GatewayTerms(
            name=name,
            starttls=tls if listener.tls == "starttls" else None,
            mend=mend,
            direction=settings.direction,
            count=count,
            hops=self._hops,
            settings=settings,
            rules=rules,
            policy=policy,
            addresses=addresses,
            record=record,
            exemptions=exemptions or Exemptions(),
            outbox=outbox if settings.direction == "out" else None,
        )
        super().__init__(listener, tls, self._terms, lambda: GatewaySession(self._terms))

    def use(self, rules: RuleSet) -> None:
        """Judge by `rules` in sessions that begin from now on."""
        self._terms = self._terms.judged_by(rules)

    async def close(self) -> None:
        """The same, and the idle connections to the next hops end too."""
        await super().close()
        self._hops.close()
