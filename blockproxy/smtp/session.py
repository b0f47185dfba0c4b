"""One client's submission session (RFC 6409), in lock-step with its next hop.

Every verb that matters is answered by the next hop. The one exception is DATA: 354 is ours, because a receipt is
recognised by its content, and a next hop that has said 354 takes no RSET. Its refusal of DATA is the reply to the
final dot. Nothing goes out before the client's final dot, and the reply to that is the next hop's.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field

from blockproxy.config import Upstream
from blockproxy.smtp import capabilities, reply, sasl
from blockproxy.smtp.capabilities import Offer
from blockproxy.smtp.connection import IDLE_TIMEOUT, ClientConnection
from blockproxy.smtp.data import CRLF, DataPhase
from blockproxy.smtp.desk import ReceiptDesk
from blockproxy.smtp.next_hop import DATA_INITIATION_TIMEOUT, DATA_TERMINATION_TIMEOUT, NONSENSE, NextHop, NextHopError
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.sasl import Secret

# Seconds; RFC 5321, section 4.5.3.2.
DATA_BLOCK_TIMEOUT = 3 * 60.0
DELIVERY_TIMEOUT = DATA_INITIATION_TIMEOUT + DATA_TERMINATION_TIMEOUT + IDLE_TIMEOUT
TIMER_STEP = 1.0  # a timer for every line would cost more than reading it

HOST_NAME = re.compile(r"[!-~]{1,255}")  # or address literal; clients are lax about the rest of RFC 5321, section 4.1.2


@dataclass(frozen=True)
class Terms:
    """What all sessions of a listener have in common.

    `starttls` is None where the listener has no TLS of its own to offer; `sessions` are the ones that are open.
    """

    name: str
    upstream: Upstream
    upstream_tls: ssl.SSLContext | None
    starttls: ssl.SSLContext | None
    desk: ReceiptDesk
    sessions: set[ClientConnection] = field(default_factory=set)


class SubmissionSession(ClientConnection):
    """The verbs: aiosmtpd finds the `smtp_` methods by name."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._offer = Offer()
        self._account = ""
        self._greeted = False
        self._logged_in = False
        self._recipients = 0
        super().__init__(NextHop(terms.upstream, terms.upstream_tls), terms.sessions, terms.name, terms.starttls)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin again: after STARTTLS nothing that was said before counts (RFC 3207, section 4.2)."""
        self._greeted = self._logged_in = False
        super().connection_made(transport)

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self._recipients = 0

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802
        """Connect the next hop, and offer what it offers."""
        if await self._hello(hostname):
            await self.push(Reply(250, (self._terms.name, *self._keywords())))

    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802
        """The same without extensions; the next hop is asked for them all the same, it may demand a login."""
        if await self._hello(hostname):
            await self.push(Reply(250, (self._terms.name,)))

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
        if self._terms.starttls is None or self._tls_protocol is not None:
            return self._offer.keywords
        return (*capabilities.without_login(self._offer.keywords), "STARTTLS")

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Once; aiosmtpd would begin TLS inside TLS."""
        if self._tls_protocol is not None:
            await self.push(reply.TLS_ALREADY)
        else:
            await super().smtp_STARTTLS(arg or "")

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802
        """Carry the exchange to and fro; who may log in is for the next hop to say."""
        mechanism, _, initial = (arg or "").partition(" ")
        refusal = self._no_login(mechanism.upper())
        if refusal is not None:
            await self.push(refusal)
            return
        responses = [Secret(initial.strip().encode("utf-8", "surrogateescape"))] if initial.strip() else []
        await self.push(await self._exchange(mechanism.upper(), responses))

    async def _exchange(self, mechanism: str, responses: list[Secret]) -> Reply:
        """The next hop's last word on an exchange that begins with `responses`, one or none."""
        if not all(map(sasl.RESPONSE.match, responses)):
            return reply.BAD_OCTETS
        answer = await self._hop.ask(b"AUTH", mechanism.encode("ascii"), *responses)
        while answer.code == 334:
            if len(responses) > sasl.MAX_CHALLENGES:
                raise NextHopError(NONSENSE)
            await self.push(answer)
            response = Secret((await self._reader.readuntil(b"\n")).rstrip(CRLF))
            responses.append(response)
            answer = await self._hop.ask(response if sasl.RESPONSE.match(response) else sasl.CANCEL)
        if answer.code == 235:
            self._logged_in = True
            self._account = sasl.account(mechanism, responses)
        return answer

    def _no_login(self, mechanism: str) -> Reply | None:
        if not self._greeted:
            return reply.HELLO_FIRST
        if self._logged_in:
            return reply.LOGGED_IN_ALREADY
        return None if mechanism in sasl.MECHANISMS else reply.NO_SUCH_MECHANISM

    async def _may_send(self) -> bool:
        """Whether a transaction may go on; a next hop that trusts our address must not make us an open relay."""
        if not self._greeted:
            await self.push(reply.HELLO_FIRST)
        elif self._offer.login and not self._logged_in:
            await self.push(reply.LOGIN_FIRST)
        else:
            return True
        return False

    async def _pass(self, verb: bytes, arg: str | None) -> Reply:
        """Send a command on as it came, and its reply back."""
        words = (verb, arg.encode("utf-8", "surrogateescape")) if arg else (verb,)
        answer = await self._hop.ask(*words)
        await self.push(answer)
        return answer

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Parameters travel as they are: DSN, SIZE, BODY, SMTPUTF8 and what else the next hop knows."""
        if await self._may_send():
            await self._pass(b"MAIL", arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Count the recipients that the next hop accepts."""
        if await self._may_send() and (await self._pass(b"RCPT", arg)).positive:
            self._recipients += 1

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Read the message to its end, then deliver it or not."""
        if not await self._may_send():
            return
        if arg or not self._recipients:
            await self.push(reply.NO_PARAMETERS if arg else reply.RECIPIENT_FIRST)
            return
        await self.push(reply.START_DATA)
        phase = await self._read_data()
        self._reset_timeout(DELIVERY_TIMEOUT)
        self.idle.clear()
        try:
            answer = await self._conclude(phase)
            self._set_rset_state()
            await self.push(answer)
        finally:
            self.idle.set()
            if self.transport is not None:
                self._reset_timeout()

    async def _read_data(self) -> DataPhase:
        phase = DataPhase(self._offer.size)
        wound_up = 0.0
        while not phase.complete:
            if self.loop.time() - wound_up > TIMER_STEP:
                wound_up = self.loop.time()
                self._reset_timeout(DATA_BLOCK_TIMEOUT)
            try:
                piece = await self._reader.readuntil(CRLF)
            except asyncio.LimitOverrunError as too_long:
                piece = await self._reader.readexactly(too_long.consumed)
            phase.feed(piece)
        return phase

    async def _conclude(self, phase: DataPhase) -> Reply:
        """The reply to the final dot; every one but the next hop's own ends the transaction there too."""
        if phase.bare or phase.too_large:
            answer = reply.BARE_LINE_END if phase.bare else reply.TOO_LARGE
        elif self._terms.desk.keeps(phase.message, self._account):
            answer = reply.HELD_BACK
        else:
            return await self._hop.deliver(phase.transmitted)
        await self._hop.ask(b"RSET")
        return answer

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
