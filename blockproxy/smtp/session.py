"""One client's session, in lock-step with its next hop: what submission and gateway have in common.

Every verb that matters is answered by the next hop. The one exception is DATA: 354 is ours, because what is done with a
message depends on its content, and a next hop that has said 354 takes no RSET. Its refusal of DATA is the reply to the
final dot. Nothing goes out before the client's final dot, and the reply to that is the next hop's.
"""

import asyncio
import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from blockproxy.eventlog.events import Numbers
from blockproxy.smtp import capabilities, envelope, reply
from blockproxy.smtp.capabilities import Offer
from blockproxy.smtp.connection import IDLE_TIMEOUT, ClientConnection
from blockproxy.smtp.data import BLOCK, DataPhase
from blockproxy.smtp.next_hop import DATA_INITIATION_TIMEOUT, DATA_TERMINATION_TIMEOUT, NextHop, NextHopError
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.spool import Spool

# Seconds; RFC 5321, section 4.5.3.2.
DATA_BLOCK_TIMEOUT = 3 * 60.0
DELIVERY_TIMEOUT = DATA_INITIATION_TIMEOUT + DATA_TERMINATION_TIMEOUT + IDLE_TIMEOUT
TIMER_STEP = 1.0  # a timer for every block would cost more than reading it

MAX_REMEMBERED = 1_000  # recipients of a message whose addresses are kept; the next hop says how many there may be

Count = Callable[[Numbers], None]

HOST_NAME = re.compile(r"[!-~]{1,255}")  # or address literal; clients are lax about the rest of RFC 5321, section 4.1.2


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What all sessions of a listener have in common.

    `starttls` is None where the listener has no TLS of its own to offer; `mend` turns a bare CR or LF into CRLF, which
    is refused otherwise; `sessions` are the ones that are open; `count` is told of each that has ended, and
    `direction` is that of its mail.
    """

    name: str
    starttls: ssl.SSLContext | None
    mend: bool = False
    direction: str = "out"
    count: Count = field(default=lambda _: None)
    sessions: set[ClientConnection] = field(default_factory=set)


class Session(ClientConnection):
    """The verbs: aiosmtpd finds the `smtp_` methods by name."""

    def __init__(self, terms: Terms, hop: NextHop, *, tls_required: bool, behind_balancer: bool = False) -> None:
        self._common = terms
        self._offer = Offer()
        self._greeted = False
        self._recipients = 0
        self._passed = self._octets = 0  # messages that the next hop took, and their octets
        self._counted = False
        self._sender: envelope.Path | None = None
        self._accepted: list[str] = []
        super().__init__(
            hop,
            terms.sessions,
            terms.name,
            terms.starttls,
            tls_required=tls_required,
            behind_balancer=behind_balancer,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin again: after STARTTLS nothing that was said before counts (RFC 3207, section 4.2)."""
        self._greeted = False
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The session is over, and counted."""
        super().connection_lost(error)
        if not self._counted:
            self._counted = True
            self._common.count(Numbers("smtp", self._common.direction, 1, self._passed, self._octets))

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self._recipients, self._sender, self._accepted = 0, None, []

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802
        """Connect the next hop, and offer what it offers."""
        if await self._hello(hostname):
            await self.push(Reply(250, (self._common.name, *self._keywords())))

    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802
        """The same without extensions; the next hop is asked for them all the same, it may demand a login."""
        if await self._hello(hostname):
            await self.push(Reply(250, (self._common.name,)))

    async def _hello(self, name: str | None) -> bool:
        if not name or not HOST_NAME.fullmatch(name):
            await self.push(reply.BAD_NAME)
            return False
        self._set_rset_state()
        answer = await self._hop.hello(name)
        if not answer.positive:
            await self.push(answer)
            return False
        self._greeted = True
        self._offer = capabilities.offer(answer.lines[1:])
        return True

    def _keywords(self) -> Iterable[str]:
        if self._common.starttls is None or self._tls_protocol is not None:
            return self._offer.keywords
        return (*capabilities.before_tls(self._offer.keywords), "STARTTLS")

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Once; aiosmtpd would begin TLS inside TLS."""
        if self._tls_protocol is not None:
            await self.push(reply.TLS_ALREADY)
        else:
            await super().smtp_STARTTLS(arg or "")

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802
        """Not offered, unless a subclass does."""
        await self.push(reply.NO_LOGIN_HERE)

    async def _may_send(self) -> bool:
        """Whether a transaction may go on; says why where it may not."""
        if not self._greeted:
            await self.push(reply.HELLO_FIRST)
        return self._greeted

    async def _pass(self, verb: bytes, arg: str | None) -> Reply:
        """Send a command on as it came, and its reply back."""
        words = (verb, arg.encode("utf-8", "surrogateescape")) if arg else (verb,)
        answer = await self._hop.ask(*words)
        await self.push(answer)
        return answer

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Parameters travel as they are: DSN, SIZE, BODY, SMTPUTF8 and what else the next hop knows."""
        if await self._may_send() and (await self._pass(b"MAIL", arg)).positive:
            self._sender = envelope.path(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Count the recipients that the next hop accepts."""
        if await self._may_send() and (await self._pass(b"RCPT", arg)).positive:
            self._recipients += 1
            recipient = envelope.path(arg)
            if recipient is not None and len(self._accepted) < MAX_REMEMBERED:
                self._accepted.append(recipient.mailbox)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Read the message to its end, then deliver it or not."""
        if not await self._may_send():
            return
        if arg or not self._recipients:
            await self.push(reply.NO_PARAMETERS if arg else reply.RECIPIENT_FIRST)
            return
        if self._said_too_soon:  # RFC 2920, section 3.1: DATA ends a group; whoever knows SMTP waits for the 354
            self._last_words = True
            await self.push(reply.TOO_SOON)
            return
        await self.push(reply.START_DATA)
        spool = Spool()
        try:
            phase, full = await self._read_data(spool)
            self._reset_timeout(DELIVERY_TIMEOUT)
            self.idle.clear()
            answers = self._spread(await self._answered(phase, spool, full))
            if any(answer.positive for answer in answers):
                self._passed, self._octets = self._passed + 1, self._octets + phase.size
            self._set_rset_state()
            for answer in answers:
                await self.push(answer)
        finally:
            spool.close()
            self.idle.set()
            if self.transport is not None:
                self._reset_timeout()

    async def _read_data(self, spool: Spool) -> tuple[DataPhase, bool]:
        """Everything up to the final dot, and whether the disk had no room for it."""
        phase, full, wound_up = DataPhase(self._offer.size, mend=self._common.mend), False, 0.0
        while not phase.complete:
            if self.loop.time() - wound_up > TIMER_STEP:
                wound_up = self.loop.time()
                self._reset_timeout(DATA_BLOCK_TIMEOUT)
            block = await self._reader.read(BLOCK)
            if not block:
                raise ConnectionResetError  # the client left before the final dot
            octets = phase.feed(block)
            if not full:
                full = not _written(spool, octets)
        self._unread(phase.rest)
        return phase, full

    async def _answered(self, phase: DataPhase, spool: Spool, full: bool) -> list[Reply]:
        """The replies to the final dot; every one but the next hop's own ends the transaction there too."""
        try:
            if phase.refused or full:
                return [await self._refused(_refusal(phase))]
            return await self._conclude(spool)
        except NextHopError as error:
            return [reply.temporarily(error.reply)]

    def _spread(self, answers: list[Reply]) -> list[Reply]:
        """The replies to the final dot as the client expects them: SMTP has one."""
        return answers

    async def _refused(self, answer: Reply) -> Reply:
        """End the transaction at the next hop, and hand back `answer`."""
        await self._hop.ask(b"RSET")
        return answer

    async def _conclude(self, spool: Spool) -> list[Reply]:
        """Deliver the message in `spool`, or not; the replies to its final dot."""
        return await self._hop.deliver(spool.blocks())

    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802
        """Forget the transaction, here and there."""
        self._set_rset_state()
        await self._pass_or_ok(b"RSET", arg)

    async def smtp_NOOP(self, arg: str | None) -> None:  # noqa: N802
        """Keep both connections alive."""
        await self._pass_or_ok(b"NOOP", arg)

    async def _pass_or_ok(self, verb: bytes, arg: str | None) -> None:
        if self._hop.opened:
            await self._pass(verb, arg)
        else:
            await self.push(reply.DONE)

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802
        """For the next hop to say."""
        await self._pass(b"VRFY", arg)

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: N802
        """For the next hop to say."""
        await self._pass(b"EXPN", arg)

    async def smtp_HELP(self, arg: str | None) -> None:  # noqa: N802
        """For the next hop to say."""
        await self._pass(b"HELP", arg)

    async def smtp_BDAT(self, _arg: str | None) -> None:  # noqa: N802
        """Never offered; its octets would be taken for commands, so the connection ends."""
        await self.push(reply.NO_SUCH_EXTENSION)

    async def smtp_QUIT(self, _arg: str | None) -> None:  # noqa: N802
        """End both connections."""
        await self._hop.quit()
        self._last_words = True
        await self.push(reply.BYE)


def _refusal(phase: DataPhase) -> Reply:
    if phase.bare:
        return reply.BARE_LINE_END
    return reply.TOO_LARGE if phase.too_large else reply.NO_ROOM


def _written(spool: Spool, octets: bytes) -> bool:
    try:
        spool.write(octets)
    except OSError:
        spool.close()
        return False
    return True
