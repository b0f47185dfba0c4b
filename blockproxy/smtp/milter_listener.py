"""The port at which Postfix and Sendmail ask the milter."""

import asyncio
import logging
from contextlib import suppress

from blockproxy.config import Listener
from blockproxy.detect.rules import RuleSet
from blockproxy.exemptions import Exemptions
from blockproxy.model import Policy
from blockproxy.sending import Gateway, Outgoing, Receipts
from blockproxy.smtp import milter_protocol as protocol
from blockproxy.smtp.data import BLOCK
from blockproxy.smtp.milter import Conversation
from blockproxy.smtp.milter_protocol import NotAMilterError
from blockproxy.smtp.outbox import AS_IT_IS, Outbox, Record
from blockproxy.smtp.terms import MailTerms

IDLE_TIMEOUT = 60 * 60.0  # seconds; the server keeps the connection as long as its own client's
GRACE = 10.0  # seconds that messages under way get when the listener closes

log = logging.getLogger(__name__)


class MilterProxy:
    """Listens for Postfix or Sendmail. `record` is called in the event loop and must neither block nor raise."""

    def __init__(  # noqa: PLR0913 - each has a name
        self,
        listener: Listener,
        settings: Gateway,
        *,
        rules: RuleSet,
        policy: Policy,
        addresses: tuple[str, ...] = (),
        record: Record,
        receipts: Receipts = Receipts(),  # noqa: B008 - a frozen value
        outgoing: Outgoing = AS_IT_IS,
        exemptions: Exemptions | None = None,
    ) -> None:
        self._listener = listener
        outbox = Outbox(receipts, outgoing, policy, record, rules, addresses)
        self._terms = MailTerms(
            settings=settings,
            rules=rules,
            policy=policy,
            addresses=addresses,
            record=record,
            exemptions=exemptions or Exemptions(),
            outbox=outbox if settings.direction == "out" else None,
        )
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; raises OSError where the port is taken."""
        self._server = await asyncio.start_server(self._serve, self._listener.host, self._listener.port)
        log.info("milter on %s:%d", self._listener.host, self.port)

    def use(self, rules: RuleSet) -> None:
        """Judge by `rules` on connections that begin from now on."""
        self._terms = self._terms.judged_by(rules)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._listener.port if self._server is None else int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server runs its callback in one
        self._conversations.add(task)
        conversation = Conversation(self._terms)
        try:
            with suppress(ConnectionError, TimeoutError):
                await _converse(conversation, reader, writer)
        except (NotAMilterError, IndexError, ValueError) as error:
            log.warning("no milter is spoken here: %s", error)
        except OSError as error:  # the server does what it does without us: `milter_default_action`
            log.warning("no room for a message: %s", error.strerror)
        finally:
            self._conversations.discard(task)
            conversation.close()
            writer.transport.abort()

    async def close(self) -> None:
        """Take no new connections, let messages under way come to their end, and close every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._conversations):
            task.cancel()
        if self._conversations:
            await asyncio.wait(tuple(self._conversations), timeout=GRACE)
        await self._server.wait_closed()
        self._server = None


async def _converse(conversation: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    packets = protocol.Reader()
    while not conversation.ended:
        async with asyncio.timeout(IDLE_TIMEOUT):
            octets = await reader.read(BLOCK)
        if not octets:
            return
        for command in packets.feed(octets):
            async for said in conversation.answers(command):
                writer.write(said)
                await writer.drain()
