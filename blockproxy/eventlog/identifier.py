"""What kind of identifier a finding carries: the question that data-protection officers ask first.

A class says what the value is for, never what it was.
"""

from blockproxy.detect.links import MEANINGS
from blockproxy.eventlog.skeleton import MASK
from blockproxy.model import Finding, Technique, Word


class Identifier(Word):
    """The classes, from the one that says most about a reader to the one that says nothing."""

    ADDRESS = "address"  # the reader's own mail address, plain, encoded or hashed
    RECIPIENT = "recipient"  # a parameter known to name who reads
    CLICK = "click"  # a parameter known to name the click
    CAMPAIGN = "campaign"  # a parameter known to name the campaign, the same for every reader
    TOKEN = "token"  # a value of its own that only its vendor can read  # noqa: S105
    NONE = "none"  # nothing individual: that it was fetched is all it says
    REPLY = "reply"  # a receipt: it is a message, and so tells the address, and often the minute


_REPLIES = {Technique.RECEIPT_REQUEST, Technique.READ_RECEIPT, Technique.DELIVERY_RECEIPT}
_BY_WORDS = {words: meaning for meaning, words in MEANINGS.items() if meaning in set(Identifier)}


def kind(finding: Finding, skeleton: str) -> Identifier:
    """The class for `finding`, whose URL has `skeleton`."""
    if finding.technique is Technique.ADDRESS_LEAK:
        return Identifier.ADDRESS
    if finding.technique in _REPLIES:
        return Identifier.REPLY
    for words, meaning in _BY_WORDS.items():
        if words in finding.evidence:
            return Identifier(meaning)
    return Identifier.TOKEN if MASK in skeleton.partition("://")[2] else Identifier.NONE
