"""The worst list there could be, one with every host of the mail that it judges: nothing that people look at goes."""

import email
import re
from pathlib import Path

from blockproxy.cleaner import clean
from blockproxy.detect.filters import EVERY_RESOURCE, Filters
from blockproxy.detect.parameters import Meaning, Parameter
from blockproxy.detect.rules import RuleSet, built_in
from blockproxy.detect.subscribed import Subscribed
from blockproxy.detect.vendor import Vendor
from blockproxy.model import Resource
from tests.corpus_path import messages, needs_corpus

HOST = re.compile(rb"https?://([A-Za-z0-9.-]+\.[A-Za-z]{2,})")
WORST = Vendor("worst", "Worst", "")
LOOKED_AT = 8  # pixels; icons begin here


def hosts(message: bytes) -> set[str]:
    texts = [part for part in email.message_from_bytes(message).walk() if part.get_content_maintype() == "text"]
    octets = b"".join(text for part in texts if isinstance(text := part.get_payload(decode=True), bytes))
    return {host.decode().lower() for host in HOST.findall(octets)}


def size(text: str | None) -> int:
    found = re.match(r"\s*(\d+)", text or "")
    return int(found[1]) if found else 0


def worst(corpus: list[tuple[Path, bytes]]) -> RuleSet:
    """The rules with a list of every host, and of parameters that links of the time had."""
    filters = Filters()
    for host in set().union(*(hosts(message) for _, message in corpus)):
        filters.add_host(host, 1, EVERY_RESOURCE)
    names = ("utm_*", "cid", "src", "mode", "email")
    parameters = tuple(Parameter(name, Meaning.LISTED, "worst", "Worst") for name in names)
    return built_in().subscribing([Subscribed(WORST, "fake", filters, parameters=parameters)])


@needs_corpus
def test_with_every_host_on_a_list_nothing_that_is_looked_at_goes() -> None:
    corpus = messages("newsletters-2002", "phishing")
    rules = worst(corpus)
    taken = [
        (path.name, finding.reference)
        for path, message in corpus
        for finding in clean(message, rules).findings
        if finding.rule.startswith("worst/line") and finding.blocked and finding.reference
    ]
    assert len(taken) > 20
    for name, reference in taken:
        resource, element = reference.place.resource, reference.element
        assert resource in {Resource.IMAGE, Resource.HINT, Resource.SCRIPT}, (name, reference)
        assert element is not None
        assert min(size(element.get("width")), size(element.get("height"))) < LOOKED_AT, (name, reference)
        assert not element.get("alt") or size(element.get("width")) <= 1, (name, reference)


@needs_corpus
def test_what_lists_have_cleaned_is_clean() -> None:
    corpus = messages("newsletters-2002")
    rules = worst(corpus)
    changed = 0
    for path, message in corpus:
        cleaned = clean(message, rules)
        again = clean(cleaned.message, rules)
        assert (again.message, again.changed) == (cleaned.message, False), path.name
        assert len(cleaned.message) == len(message)
        changed += any(finding.rule.startswith("worst/") and finding.blocked for finding in cleaned.findings)
    assert changed > 20
