"""A mail server's session: what comes in is cleaned, tagged, quarantined or refused on its way to the next server."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from blockproxy.eventlog.events import Delivery
from blockproxy.exemptions import Treatment
from blockproxy.model import Action, Cleaned, Finding, Technique
from blockproxy.sending import MailPolicy
from blockproxy.smtp import policies, reply
from blockproxy.smtp.gateway_envelope import EnvelopeSession, octets
from blockproxy.smtp.inspection import begun_with, inspected, looked_for, treated
from blockproxy.smtp.outbox import MAX_HEAD, Letter
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.spool import Spool

_SUCCESS_DROPPED = Finding(
    Technique.DELIVERY_RECEIPT,
    rule="notify-success",
    vendor="",
    confidence=1.0,
    evidence="NOTIFY=SUCCESS asks the receiving server to report the delivery.",
    action=Action.STRIP,
)


class GatewaySession(EnvelopeSession):
    """What is done with a message that is complete."""

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
            policy = self._policy(spool, cleaned)
            said = policies.told(cleaned, policy)
            changed = cleaned.changed and policy.do == "clean"
            answers = await self._disposed(cleaned_spool if changed else spool, policy, said)
            if policy.do == "reject" or any(answer.positive for answer in answers):
                self._record(said, spool)
        finally:
            cleaned_spool.close()
        return answers

    def _treatment(self, spool: Spool) -> Treatment:
        return treated(self._terms.exemptions, self._accepted, spool.head(MAX_HEAD))

    def _policy(self, spool: Spool, cleaned: Cleaned) -> MailPolicy:
        if self._terms.outbox is None and cleaned.findings and self._treatment(spool) is Treatment.REPORT:
            return policies.REPORT
        return policies.chosen((self._terms.settings.policies[each] for each in self._applying), cleaned)

    def _letter(self, spool: Spool) -> Letter:
        sender = self._sender.mailbox if self._sender is not None else ""
        return Letter(spool, sender.lower(), sender, tuple(self._accepted))

    async def _inspected(self, spool: Spool, into: Spool) -> Cleaned:
        if self._terms.outbox is not None:
            return await self._terms.outbox.inspected(self._letter(spool), into)
        if self._treatment(spool) is Treatment.OFF:
            return Cleaned(b"")
        context = looked_for(self._terms.addresses, self._accepted)
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
        for command in (b"MAIL " + octets(" ".join(["FROM:<>", *body])), b"RCPT " + octets(f"TO:<{policy.to}>")):
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
        instead_of = len(head)
        if outbox is not None and policy.do != "quarantine":
            head, instead_of = outbox.beginning(spool)
            head = outbox.edited(head, sender)
        marked = policies.without_ours(head)
        if policy.do == "tag" and policy.subject:
            marked = policies.tagged(marked, policy.subject)
        ours = b"%b: %b\r\n" % (policies.FIELD, policies.summary(said.findings).encode("ascii"))
        more = b"".join(octets(field) + b"\r\n" for field in fields)
        return begun_with(ours + more + marked, spool, instead_of)

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
            self._terms.record(event, Delivery("smtp", account.lower(), identity, direction, spool.size, rules))
