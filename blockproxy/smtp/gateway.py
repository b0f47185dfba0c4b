"""A mail server's session: what comes in is cleaned, tagged, quarantined or refused on its way to the next server.

Who may send to whom is decided here, because the next hop trusts us: the settings' networks may send to anybody, the
rest of the world to the settings' domains.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network

from blockproxy.detect.rules import RuleSet
from blockproxy.eventlog.events import Delivery
from blockproxy.model import Action, Cleaned, Context, Finding, Policy, Technique
from blockproxy.sending import Gateway, MailPolicy
from blockproxy.smtp import envelope, policies, reply
from blockproxy.smtp.hops import GatewayHop, Hops
from blockproxy.smtp.inspection import begun_with, inspected
from blockproxy.smtp.outbox import MAX_HEAD, Letter, Outbox, Record
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.session import Session, Terms
from blockproxy.smtp.spool import Spool

MAX_RECIPIENTS = 1_000  # of one message; RFC 5321, section 4.5.3.1.8 wants 100, Postfix sends 50
HEADROOM = 4 * 1024  # octets that our own header fields may take of the next hop's limit


@dataclass(frozen=True, kw_only=True)
class GatewayTerms(Terms):
    """What all sessions of a gateway have in common. `addresses` are known beside the envelope's recipients."""

    hops: Hops
    settings: Gateway
    rules: RuleSet
    policy: Policy
    addresses: tuple[str, ...]
    record: Record
    outbox: Outbox | None = None  # where mail goes out


class GatewaySession(Session):
    """SMTP, or LMTP where the client says LHLO."""

    def __init__(self, terms: GatewayTerms) -> None:
        self._terms = terms
        self._next = GatewayHop(terms.hops)
        self._client = ""  # the address of whoever speaks SMTP, as far as we know
        self._hello_name = ""
        self._lmtp = False
        self._forwarded: Mapping[str, str] = {}
        self._applying: tuple[int, ...] = ()
        self._success = 0  # notices of success that were asked for and are not asked for any more
        super().__init__(terms, self._next, tls_required=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, and note who is there."""
        peer = transport.get_extra_info("peername")
        self._client = self._client or (str(peer[0]) if peer else "")
        self._peer = str(peer[0]) if peer else ""
        super().connection_made(transport)

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
        return _within(self._peer, self._terms.settings.peers)

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
        answer = await self._next.begin(*self._introduction(), b"MAIL " + _octets(arg))
        if answer.positive:
            self._sender = sender
        await self.push(answer)

    def _introduction(self) -> list[bytes]:
        """The XFORWARD command in front of MAIL, where the next hop has it; it holds for one message."""
        lines = (line.upper().split() for line in self._offer.raw)
        wanted = next((words[1:] for words in lines if words[:1] == ["XFORWARD"]), [])
        known = {"ADDR": self._client or "[UNAVAILABLE]", "HELO": self._hello_name, "PROTO": "ESMTP", **self._forwarded}
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
        words = _octets(" ".join([f"TO:<{recipient.mailbox}>", *parameters]))
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

    # The message.

    def _spread(self, answers: list[Reply]) -> list[Reply]:
        return answers * len(self._accepted) if self._lmtp and len(answers) == 1 else answers

    async def _conclude(self, spool: Spool) -> list[Reply]:
        cleaned_spool = Spool()
        try:
            if self._terms.outbox is not None and self._terms.outbox.holds(self._letter(spool)):
                return [await self._refused(reply.HELD_BACK)]
            try:
                cleaned = await self._inspected(spool, cleaned_spool)
            except OSError:
                return [await self._refused(reply.NO_ROOM)]
            policy = policies.chosen((self._terms.settings.policies[each] for each in self._applying), cleaned)
            said = policies.told(cleaned, policy)
            changed = cleaned.changed and policy.do == "clean"
            answers = await self._disposed(cleaned_spool if changed else spool, policy, said)
            if policy.do == "reject" or any(answer.positive for answer in answers):
                self._record(said, spool)
        finally:
            cleaned_spool.close()
        return answers

    def _letter(self, spool: Spool) -> Letter:
        sender = self._sender.mailbox if self._sender is not None else ""
        return Letter(spool, sender, sender, tuple(self._accepted))

    async def _inspected(self, spool: Spool, into: Spool) -> Cleaned:
        if self._terms.outbox is not None:
            return await self._terms.outbox.inspected(self._letter(spool), into)
        context = Context((*self._terms.addresses, *self._accepted))
        return await inspected(spool, into, self._terms.rules, self._terms.policy, context)

    async def _disposed(self, spool: Spool, policy: MailPolicy, said: Cleaned) -> list[Reply]:
        match policy.do:
            case "reject":
                return [await self._refused(Reply.of(550, f"5.7.1 {policy.reason}"))]
            case "quarantine":
                return [await self._quarantined(spool, policy, said)]
            case _:
                separate = self._next.protocol == "lmtp"
                message = self._marked(spool, policy, said, ())
                answers = await self._hop.deliver(message, len(self._accepted) if separate else 1)
                self._ended()
                return answers

    async def _refused(self, answer: Reply) -> Reply:
        refused = await super()._refused(answer)
        self._ended()
        return refused

    def _ended(self) -> None:
        """The next hop has no transaction any more, and what was said about the client's client counts no more."""
        self._next.busy = False
        self._forwarded = {}

    async def _quarantined(self, spool: Spool, policy: MailPolicy, said: Cleaned) -> Reply:
        """Send the message to somebody who looks after it. Whatever hinders that is no fault of the sender's."""
        parameters = self._sender.parameters if self._sender is not None else ()
        body = [word for word in parameters if word.upper().startswith(("BODY=", "SMTPUTF8"))]
        await self._hop.ask(b"RSET")
        for command in (b"MAIL " + _octets(" ".join(["FROM:<>", *body])), b"RCPT " + _octets(f"TO:<{policy.to}>")):
            if not (await self._hop.ask(command)).positive:
                return await self._refused(reply.NO_QUARANTINE)
        envelope_fields = [f"X-Envelope-From: <{self._sender.mailbox if self._sender else ''}>"]
        envelope_fields += [f"X-Envelope-To: <{recipient}>" for recipient in self._accepted]
        [answer] = await self._hop.deliver(self._marked(spool, policy, said, envelope_fields))
        self._ended()
        return answer if answer.positive else reply.NO_QUARANTINE

    def _marked(self, spool: Spool, policy: MailPolicy, said: Cleaned, fields: Sequence[str]) -> Iterable[bytes]:
        """The message with our header fields on top, and with nobody else's."""
        outbox, sender = self._terms.outbox, self._sender.mailbox if self._sender is not None else ""
        if not (self._terms.settings.header or policy.do in {"tag", "quarantine"}):
            return spool.blocks() if outbox is None else outbox.as_it_leaves(spool, sender)
        head = spool.head(MAX_HEAD)
        marked = policies.without_ours(head)
        if outbox is not None and policy.do != "quarantine":
            marked = outbox.edited(marked, sender)
        if policy.do == "tag" and policy.subject:
            marked = policies.tagged(marked, policy.subject)
        ours = b"%b: %b\r\n" % (policies.FIELD, policies.summary(said.findings).encode("ascii"))
        more = b"".join(_octets(field) + b"\r\n" for field in fields)
        return begun_with(ours + more + marked, spool, len(head))

    def _record(self, said: Cleaned, spool: Spool) -> None:
        """Tell the event log, once for each recipient."""
        findings = said.findings + (_SUCCESS_DROPPED,) * bool(self._success)
        if not findings and not said.skipped:
            return
        head = spool.head(MAX_HEAD)
        identity = policies.message_id(head) or sha256(head).hexdigest()
        event = Cleaned(b"", findings, said.skipped, said.origin)
        direction, rules = self._terms.settings.direction, self._terms.rules
        outgoing = self._terms.outbox is not None and self._sender is not None
        for account in [self._sender.mailbox] if outgoing and self._sender is not None else self._accepted:
            self._terms.record(event, Delivery("smtp", account, identity, direction, spool.size, rules))

    # The rest.

    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802
        """Forget the transaction; what was said about the client's client stays, as Postfix has it."""
        await super().smtp_RSET(arg)
        self._next.busy = False

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802
        """Strangers are told nothing about who has a mailbox."""
        if self._trusted():
            await super().smtp_VRFY(arg)
        else:
            await self.push(reply.CANNOT_VERIFY)

    smtp_EXPN = smtp_VRFY  # noqa: N815


_SUCCESS_DROPPED = Finding(
    Technique.DELIVERY_RECEIPT,
    rule="notify-success",
    vendor="",
    confidence=1.0,
    evidence="NOTIFY=SUCCESS asks the receiving server to report the delivery.",
    action=Action.STRIP,
)


def _octets(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "surrogateescape")


def _within(address: str, networks: Sequence[str]) -> bool:
    try:
        client = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(client, "ipv4_mapped", None)
    return any((mapped or client) in ip_network(network) for network in networks)
