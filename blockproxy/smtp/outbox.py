"""What is done with a message that leaves: receipts and answers to machines are held, trackers and traces removed.

Every one that is held back, and everything that was found, is recorded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from blockproxy.detect.rules import RuleSet
from blockproxy.eventlog.events import Delivery
from blockproxy.model import Action, Cleaned, Context, Finding, Policy, Technique
from blockproxy.sending import Outgoing, Receipts
from blockproxy.smtp import hygiene, policies
from blockproxy.smtp.inspection import begun_with, inspected
from blockproxy.smtp.receipts import Receipt, receipt
from blockproxy.smtp.spool import Spool
from blockproxy.smtp.trimming import trimmed

MAX_HEAD = 256 * 1024  # octets at the beginning in which the header is

Record = Callable[[Cleaned, Delivery], None]

AS_IT_IS = Outgoing.model_validate(
    {"trackers": "keep", "client": "keep", "origin": "keep", "automatic-answers": "pass", "calendar-replies": "pass"}
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way out: who logged in, if anybody did, and the envelope's addresses."""

    spool: Spool
    account: str
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outbox:
    """Sees every outgoing message; without `rules` no trackers are looked for. `record` is told what was found."""

    receipts: Receipts
    outgoing: Outgoing
    policy: Policy
    record: Record
    rules: RuleSet | None = None
    addresses: tuple[str, ...] = ()

    def holds(self, letter: Letter) -> bool:
        """Whether the message must not be sent on. A receipt is small; what is on the disk is not read back for it."""
        if not letter.spool.small:
            return False
        message = letter.spool.head()
        found = receipt(message)
        if found is not None:
            return self._holds_receipt(found, message, letter)
        why = hygiene.held_answer(*policies.split(message), self.outgoing, letter.recipients)
        if why:
            evidence = "An answer that a machine wrote, to an address at which nobody reads."
            self._tell(Finding(Technique.READ_RECEIPT, why, "", 1.0, evidence, Action.HOLD), message, letter)
        return bool(why)

    def _holds_receipt(self, found: Receipt, message: bytes, letter: Letter) -> bool:
        wanted = self.receipts.automatic if found.automatic else self.receipts.manual
        held = wanted == "hold" and self.policy.wants(Technique.READ_RECEIPT)
        if found.automatic or held:
            rule = "automatic-mdn" if found.automatic else "manual-mdn"
            how = "automatically" if found.automatic else "manually"
            said = f"{found.action_mode or 'nothing'}/MDN-sent-{how}"
            evidence = f"An outgoing receipt ({found.disposition or 'no type'}) that says {said}."
            action = Action.HOLD if held else Action.REPORT
            identity = found.original_message_id or found.message_id
            self._tell(Finding(Technique.READ_RECEIPT, rule, "", 1.0, evidence, action), message, letter, identity)
        return held

    def _tell(self, finding: Finding, message: bytes, letter: Letter, identity: str = "") -> None:
        identity = identity or policies.message_id(message) or sha256(message).hexdigest()
        self._record(Cleaned(b"", (finding,)), letter, identity)

    def _record(self, cleaned: Cleaned, letter: Letter, identity: str) -> None:
        self.record(cleaned, Delivery("smtp", letter.account, identity, "out", letter.spool.size, self.rules))

    async def inspected(self, letter: Letter, into: Spool) -> Cleaned:
        """Write the message without its trackers `into` another spool, if it has any.

        The receipts that the sender asks for are the sender's to ask for.
        """
        header = policies.split(letter.spool.head(MAX_HEAD))[0]
        if self.rules is None or self.outgoing.trackers == "keep" or hygiene.is_signed(header):
            return Cleaned(b"")
        actions = {**self.policy.actions, Technique.RECEIPT_REQUEST: Action.REPORT}
        policy = Policy(actions, "keep", self.policy.threshold, self.policy.unwrapped)
        context = Context((*self.addresses, *([letter.sender] if letter.sender else [])))
        cleaned = await inspected(letter.spool, into, self.rules, policy, context)
        found = tuple(one for one in cleaned.findings if one.technique is not Technique.RECEIPT_REQUEST)
        return Cleaned(b"", found, cleaned.skipped, cleaned.origin)

    def as_it_leaves(self, spool: Spool, sender: str) -> Iterable[bytes]:
        """The message with an edited header; a receipt that is to be trimmed is trimmed."""
        head, instead_of = self.beginning(spool)
        return begun_with(self.edited(head, sender), spool, instead_of)

    def beginning(self, spool: Spool) -> tuple[bytes, int]:
        """The message up to somewhere behind its header, or all of a trimmed receipt, and how many octets that were."""
        if self.receipts.manual == "trim" and spool.small and receipt(spool.head()) is not None:
            return trimmed(spool.head()), spool.size
        head = spool.head(MAX_HEAD)
        return head, len(head)

    def edited(self, head: bytes, sender: str) -> bytes:
        """The beginning of a message with its header as it leaves."""
        header, rest = policies.split(head)
        return hygiene.edited(header, self.outgoing, sender.rpartition("@")[2]) + rest

    def tell(self, cleaned: Cleaned, letter: Letter) -> None:
        """Record what was found in a message that was sent."""
        if cleaned.findings or cleaned.skipped:
            head = letter.spool.head(MAX_HEAD)
            identity = policies.message_id(head) or sha256(head).hexdigest()
            self._record(cleaned, letter, identity)
