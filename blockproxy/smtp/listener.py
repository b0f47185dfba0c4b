"""The submission listener: a mail client is pointed at it instead of at its provider's submission server.

It has no queue: what it answers 250 to, the next hop has answered 250 to, or it is an automatic read receipt.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from functools import partial

from blockproxy.config import Listener, Upstream
from blockproxy.model import Policy, Technique
from blockproxy.smtp.desk import ReceiptDesk, Record
from blockproxy.smtp.submission import SubmissionSession, SubmissionTerms

HANDSHAKE_TIMEOUT = 30.0  # seconds for a client to finish TLS
GRACE = 10.0  # seconds that deliveries under way get when the listener closes

log = logging.getLogger(__name__)


class SubmissionProxy:
    """Listens for mail clients at `listener` and relays to `upstream`, in lock-step.

    Automatic read receipts are kept from leaving if `hold_automatic_receipts` is true and `policy` acts on read
    receipts; either way `record` is told. With `mend` a bare CR or LF is made CRLF instead of refused. `record` is
    called in the event loop and must neither block nor raise.
    """

    def __init__(
        self,
        listener: Listener,
        upstream: Upstream,
        *,
        policy: Policy,
        hold_automatic_receipts: bool,
        record: Record,
        mend: bool = False,
    ) -> None:
        self._listener = listener
        tls = listener.tls_context()
        self._implicit_tls = tls if listener.tls == "implicit" else None
        self._terms = SubmissionTerms(
            name=socket.gethostname(),
            mend=mend,
            upstream=upstream,
            upstream_tls=upstream.tls_context(),
            starttls=tls if listener.tls == "starttls" else None,
            desk=ReceiptDesk(hold_automatic_receipts and policy.wants(Technique.READ_RECEIPT), record),
        )
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen; raises OSError where the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            partial(SubmissionSession, self._terms),
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
                for session in tuple(self._terms.sessions):
                    await session.idle.wait()
        await asyncio.gather(*(session.end() for session in tuple(self._terms.sessions)))
        await self._server.wait_closed()
        self._server = None
