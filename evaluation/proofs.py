"""What the project claims of itself: the rules by number, their examples, and what its test data says must hold."""

from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote

from blockproxy.detect import checks
from blockproxy.detect.identity import Identity
from blockproxy.detect.loading import load_folders
from blockproxy.detect.rules import RuleSet, built_in_folder
from blockproxy.message.references import in_text
from blockproxy.model import Technique
from tests.detect.test_identity import FIRST, LOWER, random_tokens, steps
from tests.detect.test_must_survive import LINKS, PICTURES, blocked

TOKENS = 1_000_000  # random identifiers that are nobody's address
TOKENS_SEED = 2025  # of `random_tokens`

# Which examples of a rule file prove what.
_EXAMPLES = {
    "catches": "examples that a rule catches, and what becomes of them",
    "spares": "examples that stay: beside a rule, or by what is never touched",
    "touches": "examples that what is never touched does not swallow",
}


class Proof(NamedTuple):
    """One kind of claim: how many were `tried`, and how many `failed`."""

    what: str
    tried: int
    failed: int


def known(rules: RuleSet) -> Iterator[tuple[str, int, int]]:
    """(what, rules or parameters, vendors or families)."""
    everything = [(vendor, rule) for vendor, own in rules.vendors.items() for rule in own]
    for technique in Technique:
        of = [(vendor, rule) for vendor, rule in everything if rule.technique is technique]
        if of:
            yield f"rules, {technique}", len(of), len({vendor.id for vendor, _ in of})
    redirects = [(vendor, rule) for vendor, rule in everything if rule.technique is Technique.LINK_REDIRECT]
    told = [(vendor, rule) for vendor, rule in redirects if rule.target is not None]
    yield "redirects that say where they lead", len(told), len({vendor.id for vendor, _ in told})
    for kind in sorted({rule.kind for _, rule in redirects}):
        of = [(vendor, rule) for vendor, rule in redirects if rule.kind is kind]
        yield f"redirects, {kind}", len(of), len({vendor.id for vendor, _ in of})
    for meaning in sorted({parameter.meaning for parameter in rules.known_parameters}):
        named = [parameter for parameter in rules.known_parameters if parameter.meaning is meaning]
        yield f"parameters, {meaning}", len(named), len({parameter.family for parameter in named})


def proofs(tokens: int = TOKENS) -> Iterator[Proof]:
    """Try every claim."""
    yield from _examples()
    links = (f'<p>Hello</p><a href="{escape(url)}">x</a>'.encode() for _, url in LINKS)
    yield Proof("links in HTML that must survive", len(LINKS), sum(bool(blocked(page)) for page in links))
    texts = (f"Hello, {url} and goodbye".encode() for _, url in LINKS)
    yield Proof("the same in plain text", len(LINKS), sum(bool(blocked(text, in_text)) for text in texts))
    pages = (f'<img src="{escape(url)}" width="600" height="300"><p>Hello</p>'.encode() for url in PICTURES)
    yield Proof("pictures that must survive", len(PICTURES), sum(bool(blocked(page)) for page in pages))
    yield from _identity(tokens)


def _examples() -> Iterator[Proof]:
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for case in checks.cases(load_folders([built_in_folder()])):
        kind = next((kind for kind in _EXAMPLES if kind in case.location), None)
        if kind is not None:
            tried[kind] += 1
            failed[kind] += case.problem() is not None
    for kind, what in _EXAMPLES.items():
        yield Proof(what, tried[kind], failed[kind])


def _identity(tokens: int) -> Iterator[Proof]:
    reader = Identity([LOWER])
    chains = [text for _, text, _ in FIRST]
    chains += [text for _, first, digest in FIRST for _, text, _ in steps(first.encode(), digest=digest)]
    missed = sum(reader.find(f"https://x.example.net/?id=1&t={quote(text, safe='')}") is None for text in chains)
    yield Proof("the reader's address through one or two hashes or encodings", len(chains), missed)
    others = islice(random_tokens(tokens), tokens)
    taken = sum(reader.find(f"https://x.example.net/o?uid={quote(token, safe='')}") is not None for token in others)
    yield Proof("random identifiers that are nobody's address", tokens, taken)
