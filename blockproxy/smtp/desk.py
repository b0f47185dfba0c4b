"""What is done with an automatic read receipt: held back or let through, and in both cases recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from blockproxy.eventlog.events import Delivery
from blockproxy.model import Action, Cleaned, Finding, Technique
from blockproxy.smtp.receipts import Receipt, automatic_receipt

Record = Callable[[Cleaned, Delivery], None]


@dataclass(frozen=True, slots=True)
class ReceiptDesk:
    """Sees every outgoing message. `hold` keeps automatic receipts from leaving; `record` is told of each one."""

    hold: bool
    record: Record

    def keeps(self, message: bytes, account: str) -> bool:
        """Whether `message`, sent by `account`, must not be sent on."""
        receipt = automatic_receipt(message)
        if receipt is None:
            return False
        cleaned = Cleaned(b"", findings=(self._finding(receipt),))
        identity = receipt.original_message_id or receipt.message_id or sha256(message).hexdigest()
        self.record(cleaned, Delivery("smtp", account, identity, "out"))
        return self.hold

    def _finding(self, receipt: Receipt) -> Finding:
        said = f"{receipt.action_mode}/MDN-sent-automatically"
        return Finding(
            Technique.READ_RECEIPT,
            rule="automatic-mdn",
            vendor="",
            confidence=1.0,
            evidence=f"An outgoing receipt ({receipt.disposition or 'no type'}) that says {said}.",
            action=Action.HOLD if self.hold else Action.REPORT,
        )
