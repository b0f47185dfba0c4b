"""The envelope at a gateway: who brings a message, from whom it is, and to whom it may go.

Who may send to whom is decided here, because the next hop trusts us: the settings' networks may send to anybody, the
rest of the world to the settings' domains.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from blockproxy.smtp import envelope, policies, reply
from blockproxy.smtp.hops import GatewayHop, Hops
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.session import Session, Terms
from blockproxy.smtp.terms import MailTerms

MAX_RECIPIENTS = 1_000  # of one message; RFC 5321, section 4.5.3.1.8 wants 100, Postfix sends 50
HEADROOM = 4 * 1024  # octets that our own header fields may take of the next hop's limit


@dataclass(frozen=True, kw_only=True)
class GatewayTerms(Terms, MailTerms):
    """What all sessions of a gateway have in common."""

    hops: Hops


class EnvelopeSession(Session):
    """SMTP, or LMTP where the client says LHLO, up to the message itself."""

    def __init__(self, terms: GatewayTerms) -> None:
        self._terms = terms
        self._next = GatewayHop(terms.hops)
        self._client = ""  # the address of whoever speaks SMTP, as far as we know; empty for a stranger
        self._peer: str | None = None  # the address that is connected, or that the load balancer brings
        self._hello_name = ""
        self._lmtp = False
        self._forwarded: Mapping[str, str] = {}
        self._applying: tuple[int, ...] = ()
        self._success = 0  # notices of success that were asked for and are not asked for any more
        super().__init__(terms, self._next, tls_required=False, behind_balancer=terms.settings.proxy_protocol)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, and note who is there; STARTTLS makes nobody else of whom XCLIENT or PROXY have named."""
        if self._peer is None:
            peer = transport.get_extra_info("peername")
            self._client = self._peer = str(peer[0]) if peer else ""
        super().connection_made(transport)

    def proxied(self, address: str | None) -> bool:
        """Be somebody else, as a load balancer that is believed says.

        It is believed itself, those whom it brings are not: their XCLIENT would make us an open relay.
        """
        believed = self._believed()
        self._client = self._peer = address or ""
        return believed

    def _set_rset_state(self) -> None:
        super()._set_rset_state()
        self._applying, self._success = (), 0

    # Greeting.

    async def smtp_LHLO(self, hostname: str | None) -> None:  # noqa: N802
        """RFC 2033: from now on each recipient gets a reply to the final dot."""
        self._lmtp = True
        await super().smtp_EHLO(hostname)

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802
        """As many replies to the final dot as SMTP has: one."""
        self._lmtp = False
        await super().smtp_EHLO(hostname)

    async def _hello(self, name: str | None) -> bool:
        self._hello_name = name or ""
        self._next.busy = self._next.busy or bool(self._sender)
        return await super()._hello(name)

    def _keywords(self) -> Iterable[str]:
        offered = {line.partition(" ")[0].upper(): line for line in super()._keywords()}
        offered.pop("AUTH", None)
        if "SIZE" in offered:  # otherwise the next hop would refuse the parameter
            offered["SIZE"] = f"SIZE {max(1, self._offer.size - HEADROOM)}"
        mine = []
        if self._believed():
            mine += [f"XFORWARD {envelope.FORWARDED}", f"XCLIENT {envelope.CLIENT}"]
        return (*offered.values(), *mine)

    def _believed(self) -> bool:
        return _within(self._peer or "", self._terms.settings.peers)

    def _trusted(self) -> bool:
        return _within(self._client, self._terms.settings.clients)

    async def smtp_XFORWARD(self, arg: str | None) -> None:  # noqa: N802
        """Who the client's own client is; for the next message only, and for the next hop's log."""
        found = envelope.attributes(arg)
        if not self._believed() or found is None:
            await self.push(reply.NOT_BELIEVED if found else reply.BAD_ATTRIBUTES)
            return
        self._forwarded = {**self._forwarded, **found}
        await self.push(reply.DONE)

    async def smtp_XCLIENT(self, arg: str | None) -> None:  # noqa: N802
        """Be somebody else from now on: the session begins anew."""
        found = envelope.attributes(arg)
        if not self._believed() or found is None:
            await self.push(reply.NOT_BELIEVED if found else reply.BAD_ATTRIBUTES)
            return
        address = found.get("ADDR", self._client)
        self._client = "" if address in envelope.UNKNOWN else address.removeprefix("IPV6:")
        self._forwarded = {name: value for name, value in found.items() if name in envelope.FORWARDED.split()}
        self._greeted = False
        self._hop.abort()
        self._set_rset_state()
        await self.push(Reply(220, (f"{self._common.name} ESMTP blockproxy",)))

    # Envelope.

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Begin a transaction; the next hop learns who brings the message, if it wants to know."""
        if not await self._may_send():
            return
        sender = envelope.path(arg)
        if sender is None or self._sender is not None:
            await self.push(reply.BAD_PATH if sender is None else reply.NESTED_MAIL)
            return
        answer = await self._next.begin(*self._introduction(), b"MAIL " + octets(arg))
        if answer.positive:
            self._sender = sender
        await self.push(answer)

    def _introduction(self) -> list[bytes]:
        """The XFORWARD command in front of MAIL, where the next hop has it; it holds for one message."""
        lines = (line.upper().split() for line in self._offer.raw)
        wanted = next((words[1:] for words in lines if words[:1] == ["XFORWARD"]), [])
        known = {"ADDR": envelope.named(self._client), "HELO": self._hello_name, "PROTO": "ESMTP", **self._forwarded}
        said = [f"{name}={envelope.xtext(known[name])}" for name in wanted if name in known]
        return [b"XFORWARD " + " ".join(said).encode("ascii")] if said else []

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Take a recipient that may be had, and that can share the message with those before."""
        if not await self._may_send():
            return
        recipient = envelope.path(arg)
        refusal = reply.BAD_PATH if recipient is None else self._no_recipient(recipient.mailbox)
        if recipient is None or refusal is not None:
            await self.push(refusal or reply.BAD_PATH)
            return
        parameters = recipient.parameters
        if self._terms.settings.success_notices == "drop":
            parameters = envelope.without_success(parameters)
        words = octets(" ".join([f"TO:<{recipient.mailbox}>", *parameters]))
        answer = await self._hop.ask(b"RCPT", words)
        if answer.positive:
            self._recipients += 1
            self._accepted.append(recipient.mailbox)
            self._success += parameters != recipient.parameters
        await self.push(answer)

    def _no_recipient(self, mailbox: str) -> Reply | None:
        if self._sender is None:
            return reply.SENDER_FIRST
        if not self._trusted() and not envelope.is_for(mailbox, self._terms.settings.domains):
            return reply.NO_RELAY
        applying = policies.applying(self._terms.settings.policies, self._sender.mailbox, mailbox)
        if not self._accepted:
            self._applying = applying
        elif applying != self._applying:
            return reply.ANOTHER_POLICY
        elif self._terms.hops.one_at_a_time and not self._lmtp:
            return reply.ONE_AT_A_TIME
        return reply.TOO_MANY if len(self._accepted) >= MAX_RECIPIENTS else None

    # The rest.

    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802
        """Forget the transaction; what was said about the client's client stays, as Postfix has it."""
        await super().smtp_RSET(arg)
        self._next.busy = False

    async def _pass_or_ok(self, verb: bytes, arg: str | None) -> None:
        """RSET and NOOP concern the next hop while it has a transaction of this session's, and not otherwise."""
        if self._next.busy:
            await super()._pass_or_ok(verb, arg)
        else:
            await self.push(reply.DONE)

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802
        """Strangers are told nothing about who has a mailbox."""
        if self._trusted():
            await super().smtp_VRFY(arg)
        else:
            await self.push(reply.CANNOT_VERIFY)

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: N802
        """The same about who is on a list."""
        if self._trusted():
            await super().smtp_EXPN(arg)
        else:
            await self.push(reply.CANNOT_VERIFY)


def octets(text: str | None) -> bytes:
    """Text of a command as it was transmitted."""
    return (text or "").encode("utf-8", "surrogateescape")


def _within(address: str, networks: Sequence[str]) -> bool:
    try:
        client = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(client, "ipv4_mapped", None)
    return any((mapped or client) in ip_network(network) for network in networks)
