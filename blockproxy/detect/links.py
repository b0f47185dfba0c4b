"""Links: straight to where a redirect would lead, and without the parameters that say who clicked.

Careful by design: of 17,000 edited links one that breaks is one broken link for every reader and year. So nothing is
ever fetched, nothing is re-encoded, the order of what stays is kept, and an unsure link is left as it is.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from blockproxy.detect.parameters import Meaning
from blockproxy.detect.rules import EVERY_KIND, MAX_NESTING, Match, ParameterHit, RuleSet
from blockproxy.model import Kind, Trigger
from blockproxy.url import Url, parse

MAX_TOLD = 5  # parameters named after one another; Google Analytics has five

# What a parameter tells, the worst first. `affiliate` is no row: it says who is paid, not who reads.
MEANINGS = {
    "recipient": "who reads",
    "click": "which click it is",
    "campaign": "which campaign it is",
    "listed": "what a subscribed list takes off",
}

# Why a redirect is left as it is although it could be unwrapped; the settings that change it are `policy.gateways` and
# `policy.affiliates`.
KEPT = {
    Kind.TRACKING: "which the settings keep",
    Kind.GATEWAY: "a security gateway that looks at the address once more when it is clicked",
    Kind.AFFILIATE: "which pays whoever recommends",
}
TOO_DEEP = f"with more than {MAX_NESTING} redirects in one another"
NO_ROOM = "which is not rewritten in such a place"  # a form, or fewer characters there than a browser reads

_OPTIONAL = tuple(map(Meaning, MEANINGS))


class Unwrapped(NamedTuple):
    """Where a redirect leads: `url`, and the known `parameters` that were taken off it."""

    url: str
    parameters: tuple[ParameterHit, ...]


def strip(url: str, parsed: Url, hits: Iterable[ParameterHit]) -> str:
    """`url` without those parameters of `parsed`, which is what it was read as; all else is kept as written.

    Works on the text: no decoding, no re-encoding. A `?` with nothing behind it goes too, the fragment stays.
    """
    gone = {hit.raw for hit in hits}
    if not gone:
        return url
    front, fragment_sign, fragment = url.partition("#")
    address, _, query = front.partition("?")
    written = query.split("&")
    read = written if query == parsed.query else parsed.query.split("&")
    if len(written) != len(read):
        return url
    kept = "&".join([text for text, raw in zip(written, read, strict=True) if raw not in gone])
    return address + ("?" + kept if kept else "") + fragment_sign + fragment


def optional(hits: Sequence[ParameterHit], *, listed: bool = True) -> tuple[ParameterHit, ...]:
    """Those of the known parameters that a link works without, the worst first; those of lists if they are `listed`."""
    wanted = _OPTIONAL if listed else _OPTIONAL[:-1]
    return tuple([hit for meaning in wanted for hit in hits if hit.meaning is meaning])


def unwrap(
    rules: RuleSet,
    match: Match,
    url: Url,
    *,
    stripping: bool,
    kinds: Collection[Kind] = EVERY_KIND,
    listed: bool = True,
) -> Unwrapped | None:
    """The address inside the redirect `url`, through any redirects of `kinds` inside; None where it is not to be read.

    With `stripping` the known parameters of that address are taken off, unless it is spared; with `listed` also those
    that only a subscribed list names.
    None too where redirects are nested deeper than the rules read: half unwrapped, the link would be unwrapped
    further the next time.
    """
    written = rules.target(match, url, kinds)
    target = parse(written) if written else None
    if written is None or target is None or _is_redirect(rules, target, kinds):
        return None
    hits = optional(rules.parameters(target), listed=listed) if stripping else ()
    if hits and _is_left_alone(rules, target):
        hits = ()
    return Unwrapped(strip(written, target, hits), hits)


def why_not(rules: RuleSet, match: Match, url: Url, kinds: Collection[Kind]) -> str:
    """What keeps the redirect `url` from being unwrapped, as the end of a sentence that begins with it."""
    if match.rule.kind not in kinds:
        return KEPT[match.rule.kind]
    if rules.target(match, url, kinds) is None:
        return rules.obstacle(match, url).value
    return TOO_DEEP if unwrap(rules, match, url, stripping=False, kinds=kinds) is None else NO_ROOM


def name(hits: Sequence[ParameterHit]) -> str:
    """The rule that took them off, by the first of them: `family/parameter`."""
    return f"{hits[0].family}/{hits[0].name}"


def told(hits: Sequence[ParameterHit]) -> str:
    """One sentence for a person: which parameters tell what."""
    return _told(tuple([(hit.meaning, hit.name) for hit in hits]))


@lru_cache(maxsize=256)
def _told(hits: tuple[tuple[str, str], ...]) -> str:
    said = []
    for meaning, words in MEANINGS.items():
        names = list(dict.fromkeys(name for other, name in hits if other == meaning))
        if names:
            said.append(f"{words} ({', '.join(names[:MAX_TOLD])}{' and more' if names[MAX_TOLD:] else ''})")
    return f"parameters that say {', '.join(said)}"


def _is_redirect(rules: RuleSet, url: Url, kinds: Collection[Kind]) -> bool:
    match = rules.match(url, Trigger.CLICK)
    return match is not None and rules.target(match, url, kinds) is not None and not rules.spared(url)


def _is_left_alone(rules: RuleSet, url: Url) -> bool:
    """A redirect that is not unwrapped keeps its parameters: they may be what it works by."""
    return rules.match(url, Trigger.CLICK) is not None or rules.spared(url) is not None
