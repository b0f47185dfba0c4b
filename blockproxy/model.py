"""The nouns. A message is bytes, a tracker is a span of those bytes, neutralising it is a patch of the same length.

Everything here is a frozen value; nothing here imports anything of ours. A message becomes
`Reference`s (here the network would be reached), some of them become `Finding`s (and this is who, and how),
the policy gives each its `Action`, and an action becomes a `Patch`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Span(NamedTuple):
    """Octets `start` to `end` (exclusive), counted from 0."""

    start: int
    end: int


NOWHERE = Span(0, 0)


class Word(StrEnum):
    """A closed list of words. An enum's own hash is written in Python, and every look-up in a table asks for it."""

    __hash__ = str.__hash__


class Technique(Word):
    """How a message reports back; the words of the README's table."""

    OPEN_PIXEL = "open-pixel"
    ADDRESS_LEAK = "address-leak"
    LINK_REDIRECT = "link-redirect"
    LINK_DECORATION = "link-decoration"
    REMOTE_STYLE = "remote-style"
    REMOTE_CONTENT = "remote-content"
    RECEIPT_REQUEST = "receipt-request"
    READ_RECEIPT = "read-receipt"
    DELIVERY_RECEIPT = "delivery-receipt"


class Action(Word):
    """What was done about a finding. All but `REPORT` are counted as blocked."""

    REMOVE = "remove"  # the resource is gone from the message
    UNWRAP = "unwrap"  # the link leads straight to where the redirect would have led
    STRIP = "strip"  # the link lost the parameters that identify
    RENAME = "rename"  # the header field has another name now
    HOLD = "hold"  # the outgoing receipt was accepted and not sent on
    REJECT = "reject"  # the message was refused, with a reason
    QUARANTINE = "quarantine"  # the message went to another address, as it was
    REPORT = "report"  # seen and left alone


class Kind(Word):
    """What a redirect is for, beside reporting the click."""

    TRACKING = "tracking"  # nothing else
    GATEWAY = "gateway"  # a security gateway looks once more at the address when it is clicked
    AFFILIATE = "affiliate"  # whoever sent the reader is paid


class Trigger(Word):
    """When a reference reaches the network."""

    OPEN = "open"
    CLICK = "click"


class Resource(Word):
    """What a reference fetches or follows."""

    IMAGE = "image"
    STYLE = "style"  # style sheets and whatever CSS fetches
    FONT = "font"
    MEDIA = "media"
    DOCUMENT = "document"  # frames, objects, refreshes
    SCRIPT = "script"
    LINK = "link"  # what a person follows
    FORM = "form"
    HINT = "hint"  # dns-prefetch, preconnect and their kin
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of place where a message names a URL, such as `img src`; the rows of `message.places`."""

    name: str
    trigger: Trigger
    resource: Resource


class Attribute(NamedTuple):
    """One attribute of a start tag: `name` in lower case, `value` with its character references resolved.

    `span` covers the value as written, without its quotes; `whole` the attribute from its name to its closing quote.
    An attribute without a value has an empty `span` at the end of `whole`.
    """

    name: str
    value: str
    span: Span
    whole: Span


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag: `name` in lower case, `span` from `<` to `>`, its attributes in order, first of a name only.

    `in_comment` is true inside an Outlook conditional comment, where an HTML comment may not be written.
    """

    name: str
    span: Span
    attributes: tuple[Attribute, ...]
    in_comment: bool = False

    def get(self, name: str) -> str | None:
        """The value of the attribute called `name`, or None."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute.value
        return None


class Reference(NamedTuple):
    """Opening the message, or a click in it, would reach the network here.

    `url` is what the program that shows the message would resolve, with references, escapes and `<base>` applied.
    `span` is where it stands, in octets of the decoded leaf. `element` is its start tag, None outside of HTML tags
    (plain text, the inside of `<style>`).
    """

    url: str
    span: Span
    place: Place
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """The header of a MIME entity (RFC 2045), as far as reading its body needs it.

    `media_type` and the names in `parameters` are in lower case; `encoding` is the Content-Transfer-Encoding, in lower
    case. `protected` is true inside `multipart/signed` and encrypted entities, whose octets may not change.
    `disposition` is that of Content-Disposition (RFC 2183), in lower case, with its parameters in `file`; `location` is
    the Content-Location (RFC 2557), with which relative URLs are resolved.
    """

    media_type: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "7bit"
    protected: bool = False
    disposition: str = ""
    file: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


class Scope(Word):
    """What a run of octets is: a whole RFC 5322 message, a header alone, or the body of a known `Entity`."""

    MESSAGE = "message"
    HEADER = "header"
    BODY = "body"


class Finding(NamedTuple):
    """A rule or a heuristic spoke about a place in the message.

    `rule` is `vendor/rule` for rules from files, otherwise the name of the heuristic. `vendor` is the vendor's name, or
    an empty string. `evidence` is one sentence for a person. `replacement` is the new URL of an unwrapped or
    stripped link. `part` is the MIME part's number as FETCH counts them ("" for the message's own header, "1.2"),
    `span` octets of the message as it was transmitted; the cleaner fills in both.
    """

    technique: Technique
    rule: str
    vendor: str
    confidence: float
    evidence: str
    action: Action = Action.REPORT
    url: str = ""
    replacement: str = ""
    reference: Reference | None = None
    part: str = ""
    span: Span = NOWHERE

    @property
    def blocked(self) -> bool:
        """Whether anything was done about it."""
        return self.action is not Action.REPORT

    def at(self, span: Span, part: str = "") -> "Finding":
        """The finding with its place. Every finding takes this way twice, and `_replace` costs three times as much."""
        return Finding._make((*self[:-2], part, span))


@dataclass(frozen=True, slots=True)
class Patch:
    """Replace the octets of `span` by as many others."""

    span: Span
    replacement: bytes

    def __post_init__(self) -> None:
        if len(self.replacement) != self.span.end - self.span.start:
            raise ValueError("a patch must not change the length of a message")


@dataclass(frozen=True, slots=True)
class Skip:
    """A part that was left as it is, and why. `reason` is one of a closed list: see `cleaner.SKIP_REASONS`."""

    part: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about a finding: one action for each technique, and what holds for all remote content.

    `remote` is "keep" or "block": block neutralises every remote resource, known tracker or not.
    `threshold` is the confidence from which on a finding is acted upon; a less certain one is reported.
    `unwrapped` are the kinds of redirects that are led straight to their end; the others are reported, inside of other
    redirects too.
    """

    actions: Mapping[Technique, Action] = field(default_factory=dict, hash=False)
    remote: str = "keep"
    threshold: float = 0.7
    unwrapped: frozenset[Kind] = frozenset({Kind.TRACKING})

    def wants(self, technique: Technique) -> bool:
        """Whether findings of `technique` are acted upon (the default) or only reported."""
        return self.actions.get(technique) is not Action.REPORT


@dataclass(frozen=True, slots=True)
class Context:
    """What may be known beside the message: `addresses` are the reader's own, in any case and spelling."""

    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent it, as far as the event log may know: domain of From, and List-Id. Both may be empty."""

    sender_domain: str = ""
    list_id: str = ""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned message: as long as it was, with what was found in it, and what was left unread and why.

    From `Cleaner.close`, `message` holds the octets that `feed` has not returned yet; from `clean`, all of them.
    `origin` is looked up for what has a finding or a skip, and is empty otherwise.
    """

    message: bytes
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skip, ...] = ()
    origin: Origin = Origin()

    @property
    def changed(self) -> bool:
        """Whether any octet differs from the original."""
        return any(finding.blocked for finding in self.findings)
