"""A milter: Postfix or Sendmail asks what is to be done with a message, and does it itself.

The same cleaning and the same policies as at a gateway. Who may send to whom is the server's business, and so is rule
zero: what we do not answer, it does not accept.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from blockproxy.eventlog.events import Delivery
from blockproxy.exemptions import Treatment
from blockproxy.model import Cleaned, Finding, Technique
from blockproxy.sending import MailPolicy
from blockproxy.smtp import hygiene, policies
from blockproxy.smtp import milter_protocol as protocol
from blockproxy.smtp.data import BLOCK
from blockproxy.smtp.inspection import begun_with, inspected, looked_for, treated
from blockproxy.smtp.milter_protocol import Field, NotAMilterError, Packet, Steps
from blockproxy.smtp.outbox import MAX_HEAD, Letter
from blockproxy.smtp.spool import Spool
from blockproxy.smtp.terms import MailTerms

ANOTHER_POLICY = "452 4.5.3 Another policy is for this recipient, send the message once more"

log = logging.getLogger(__name__)


@dataclass
class Message:
    """What the server has told of a message up to now."""

    sender: str = ""
    recipients: list[bytes] = field(default_factory=list)
    applying: tuple[int, ...] = ()
    fields: list[Field] = field(default_factory=list)
    body: Spool = field(default_factory=Spool)

    def addresses(self) -> tuple[str, ...]:
        """The recipients without brackets."""
        return tuple(_bare(recipient) for recipient in self.recipients)


class Conversation:
    """One connection of the server's: packets in, octets out."""

    def __init__(self, terms: MailTerms) -> None:
        self._terms = terms
        self._message = Message()
        self._steps = Steps(0)
        self.ended = False

    async def answers(self, command: Packet) -> AsyncIterator[bytes]:
        """What is said to a command; nothing at all where the server does not wait. Raises NotAMilterError."""
        if command.command == b"E":
            self._message.body.write(command.data)
            async for octets in self._end():
                yield octets
        elif said := self._answer(command):
            yield said

    def _answer(self, command: Packet) -> bytes:
        match command.command:
            case b"O":
                said, self._steps = protocol.negotiated(command.data)
                return said
            case b"M":
                self._forget()
                self._message.sender = _bare(protocol.texts(command.data)[0])
                return self._unless(Steps.NO_REPLY_TO_MAIL)
            case b"R":
                return self._recipient(protocol.texts(command.data)[0])
            case b"L":
                return self._field(command.data)
            case b"N":
                return self._unless(Steps.NO_REPLY_TO_END_OF_HEADERS)
            case b"B":
                self._message.body.write(command.data)
                return self._unless(Steps.NO_REPLY_TO_BODY)
            case _:
                return self._other(command)

    def _other(self, command: Packet) -> bytes:
        match command.command:
            case b"A":
                self._forget()
            case b"Q":
                self.ended = True
            case b"C" | b"H" | b"T" | b"U":
                return protocol.CONTINUE
            case b"D" | b"K":
                pass  # macros; the next client on the same connection
            case unknown:
                raise NotAMilterError(f"the command {unknown!r}")
        return b""

    def _unless(self, step: Steps) -> bytes:
        return b"" if self._steps & step else protocol.CONTINUE

    def _forget(self) -> None:
        self._message.body.close()
        self._message = Message()

    def close(self) -> None:
        """Let go of a message that was not finished."""
        self._message.body.close()

    def _recipient(self, recipient: bytes) -> bytes:
        message = self._message
        applying = policies.applying(self._terms.settings.policies, message.sender, _bare(recipient))
        if message.recipients and applying != message.applying:
            return protocol.refusal(ANOTHER_POLICY)
        message.applying = applying
        message.recipients.append(recipient)
        return protocol.CONTINUE

    def _field(self, data: bytes) -> bytes:
        name, value = protocol.texts(data)[:2]
        blank = b"" if self._steps & Steps.LEADING_SPACE else b" "
        self._message.fields.append(Field(name, blank + value.replace(b"\r\n", b"\n")))
        return self._unless(Steps.NO_REPLY_TO_HEADERS)

    # The end of a message.

    async def _end(self) -> AsyncIterator[bytes]:
        message, whole, clean = self._message, Spool(), Spool()
        try:
            header = b"".join(one.octets for one in message.fields) + b"\r\n"
            for block in begun_with(header, message.body, 0):
                whole.write(block)
            async for octets in self._verdict(message, whole, clean):
                yield octets
        except OSError as error:
            log.warning("no room for a message: %s", error.strerror)
            yield protocol.COME_AGAIN
        finally:
            whole.close()
            clean.close()
            self._forget()

    async def _verdict(self, message: Message, whole: Spool, clean: Spool) -> AsyncIterator[bytes]:
        outbox, terms = self._terms.outbox, self._terms
        letter = Letter(whole, message.sender.lower(), message.sender, message.addresses())
        if outbox is not None:
            if outbox.holds(letter):
                yield protocol.DISCARD
                return
            cleaned = await outbox.inspected(letter, clean)
        else:
            cleaned = await self._inspected(letter, clean)
        policy = policies.chosen((terms.settings.policies[each] for each in message.applying), cleaned)
        if outbox is None and cleaned.findings and self._treatment(letter) is Treatment.REPORT:
            policy = policies.REPORT
        said = policies.told(cleaned, policy)
        self._record(said, letter)
        if policy.do == "reject":
            yield protocol.refusal(f"550 5.7.1 {policy.reason}")
            return
        changed = cleaned.changed and policy.do == "clean"
        for change in self._changes(message, clean if changed else whole, policy, said, changed=changed):
            yield change
        yield protocol.ACCEPT

    def _treatment(self, letter: Letter) -> Treatment:
        return treated(self._terms.exemptions, letter.recipients, letter.spool.head(MAX_HEAD))

    async def _inspected(self, letter: Letter, clean: Spool) -> Cleaned:
        if self._treatment(letter) is Treatment.OFF:
            return Cleaned(b"")
        context = looked_for(self._terms.addresses, letter.recipients)
        return await inspected(letter.spool, clean, self._terms.rules, self._terms.policy, context)

    def _changes(
        self, message: Message, spool: Spool, policy: MailPolicy, said: Cleaned, *, changed: bool
    ) -> Iterator[bytes]:
        lengths = [len(one.octets) for one in message.fields]
        head = spool.head(sum(lengths) + 2)
        yield from protocol.header_changes(
            message.fields, list(self._as_they_leave(head, lengths, policy, message.sender)), self._steps
        )
        if changed and any(map(_in_the_body, said.findings)):
            yield from protocol.body(begun_with(b"", spool, len(head)))
        if policy.do == "tag" and policy.subject and not any(one.name.lower() == b"subject" for one in message.fields):
            yield protocol.inserted(b"Subject", policy.subject.encode("ascii"), self._steps)
        if policy.do == "quarantine":
            for recipient in message.recipients:
                yield protocol.inserted(b"X-Envelope-To", recipient, self._steps)
            yield from protocol.redirected(message.recipients, (policy.to or "").encode("utf-8"))
        if self._terms.settings.header or policy.do in {"tag", "quarantine"}:
            yield protocol.inserted(policies.FIELD, policies.summary(said.findings).encode("ascii"), self._steps)

    def _as_they_leave(
        self, head: bytes, lengths: Iterable[int], policy: MailPolicy, sender: str
    ) -> Iterator[Field | None]:
        """Each field of the message's header after everything, None for one that goes."""
        outbox = None if hygiene.is_signed(head) else self._terms.outbox
        start, tagged = 0, False
        for length in lengths:
            octets = policies.without_ours(head[start : start + length])
            start += length
            if policy.do == "tag" and policy.subject and not tagged and octets[:8].lower().startswith(b"subject"):
                octets, tagged = policies.tagged(octets, policy.subject), True
            octets = outbox.edited(octets, sender) if outbox is not None else octets
            yield protocol.field(octets) if octets else None

    def _record(self, said: Cleaned, letter: Letter) -> None:
        if not said.findings and not said.skipped:
            return
        head = letter.spool.head(BLOCK)
        identity = policies.message_id(head) or sha256(head).hexdigest()
        outgoing = self._terms.settings.direction == "out"
        for account in [letter.sender] if outgoing else letter.recipients:
            size, rules = letter.spool.size, self._terms.rules
            direction = self._terms.settings.direction
            self._terms.record(said, Delivery("smtp", account.lower(), identity, direction, size, rules))


def _in_the_body(found: Finding) -> bool:
    """Whether what was done about a finding can have changed the body; only a header's own fields are renamed."""
    return found.blocked and not (found.technique is Technique.RECEIPT_REQUEST and not found.part)


def _bare(address: bytes) -> str:
    return address.strip(b"<>").decode("utf-8", "surrogateescape")
