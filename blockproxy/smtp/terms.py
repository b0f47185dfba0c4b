"""How mail between servers is judged: the same at a gateway and for a milter."""

from dataclasses import dataclass, replace
from typing import Self

from blockproxy.detect.rules import RuleSet
from blockproxy.exemptions import Exemptions
from blockproxy.model import Policy
from blockproxy.sending import Gateway
from blockproxy.smtp.outbox import Outbox, Record


@dataclass(frozen=True, kw_only=True)
class MailTerms:
    """What all sessions have in common. `addresses` are known beside the envelope's recipients."""

    settings: Gateway
    rules: RuleSet
    policy: Policy
    addresses: tuple[str, ...]
    record: Record
    exemptions: Exemptions
    outbox: Outbox | None = None  # where mail goes out

    def judged_by(self, rules: RuleSet) -> Self:
        """The same with other rules."""
        return replace(self, rules=rules, outbox=self.outbox and replace(self.outbox, rules=rules))
