"""A spooled message through the cleaner: another of the same length comes out, and what was found."""

import asyncio
from collections.abc import Iterator, Sequence

from blockproxy.cleaner import Cleaner, passes
from blockproxy.detect.rules import RuleSet
from blockproxy.exemptions import Exemptions, Sender, Treatment
from blockproxy.model import Cleaned, Context, Policy
from blockproxy.smtp.spool import Spool

IN_THE_LOOP = 64 * 1024  # octets; cleaning a larger message would keep all other sessions waiting


# Recipients whose addresses are looked for: each costs 10 to 30 ms, and mail that names its reader goes to one reader.
MAX_LOOKED_FOR = 8


def looked_for(addresses: tuple[str, ...], recipients: Sequence[str]) -> Context:
    """What may be known beside a message: the settings' addresses, and the recipients', if they are few."""
    return Context((*addresses, *recipients) if len(recipients) <= MAX_LOOKED_FOR else addresses)


async def inspected(spool: Spool, into: Spool, rules: RuleSet, policy: Policy, context: Context) -> Cleaned:
    """Write the cleaned message `into` another spool, unless it stays as it is; the result holds no octets."""
    if spool.small and passes(spool.head()):
        return Cleaned(b"")
    cleaner = Cleaner(rules, policy, context)
    if spool.size <= IN_THE_LOOP and len(context.addresses) <= 1:
        return _clean(spool, into, cleaner)
    return await asyncio.to_thread(_clean, spool, into, cleaner)


def _clean(spool: Spool, into: Spool, cleaner: Cleaner) -> Cleaned:
    for block in spool.blocks():
        into.write(cleaner.feed(block))
    cleaned = cleaner.close()
    into.write(cleaned.message)
    return Cleaned(b"", cleaned.findings, cleaned.skipped, cleaned.origin)


def treated(exemptions: Exemptions, recipients: Sequence[str], head: bytes) -> Treatment:
    """What is done for all recipients of a message: it is left alone only where each of them has it left alone."""
    sender = Sender.of(head) if exemptions.asks_for_sender() else Sender()
    found = {exemptions.treatment(recipient, sender) for recipient in recipients}
    return next((each for each in (Treatment.CLEAN, Treatment.REPORT) if each in found), Treatment.OFF)


def begun_with(head: bytes, spool: Spool, skip: int) -> Iterator[bytes]:
    """The octets of `spool`, its first `skip` replaced by `head`."""
    yield head
    for block in spool.blocks():
        if skip < len(block):
            yield block[skip:]
        skip = max(0, skip - len(block))
