"""A mail client's session (RFC 6409): its login is for the next hop to judge, and nothing is sent before that."""

import asyncio
import ssl
from dataclasses import dataclass

from blockproxy.config import Upstream
from blockproxy.endpoints import is_loopback
from blockproxy.smtp import reply, sasl
from blockproxy.smtp.data import CRLF
from blockproxy.smtp.next_hop import NONSENSE, NextHop, NextHopError
from blockproxy.smtp.outbox import Letter, Outbox
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.sasl import Secret
from blockproxy.smtp.session import Session, Terms
from blockproxy.smtp.spool import Spool


@dataclass(frozen=True, kw_only=True)
class SubmissionTerms(Terms):
    """Where mail goes, and who looks at what leaves."""

    upstream: Upstream
    upstream_tls: ssl.SSLContext | None
    outbox: Outbox


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address of whoever is connected, or an empty string."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


class SubmissionSession(Session):
    """AUTH, and what depends on it."""

    def __init__(self, terms: SubmissionTerms) -> None:
        self._terms = terms
        self._account = ""
        self._logged_in = False
        hop = NextHop(terms.upstream, terms.upstream_tls)
        super().__init__(terms, hop, tls_required=terms.starttls is not None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin again after STARTTLS: the login counts no more."""
        self._logged_in = False
        self._here = is_loopback(peer_of(transport).removeprefix("::ffff:"))
        super().connection_made(transport)

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
        """A next hop that trusts our address must not make us an open relay, whether it offers a login or not."""
        if not await super()._may_send():
            return False
        if self._logged_in or (self._here and not self._offer.login):
            return True
        await self.push(reply.LOGIN_FIRST if self._offer.login else reply.NO_LOGIN_THERE)
        return False

    async def _conclude(self, spool: Spool) -> list[Reply]:
        outbox, clean = self._terms.outbox, Spool()
        letter = Letter(spool, self._account, self._sender.mailbox if self._sender else "", tuple(self._accepted))
        try:
            if outbox.holds(letter):
                return [await self._refused(reply.HELD_BACK)]
            try:
                cleaned = await outbox.inspected(letter, clean)
            except OSError:
                return [await self._refused(reply.NO_ROOM)]
            answers = await self._hop.deliver(outbox.as_it_leaves(clean if cleaned.changed else spool, letter.sender))
            if answers[0].positive:
                outbox.tell(cleaned, letter)
        finally:
            clean.close()
        return answers
