"""The worst list there could be, one with every host of the mail that it judges: nothing that people look at goes."""

import email
import re

from blockproxy.cleaner import clean
from blockproxy.detect.filters import EVERY_RESOURCE, Filters
from blockproxy.detect.rules import built_in
from blockproxy.detect.subscribed import Subscribed
from blockproxy.detect.vendor import Vendor
from blockproxy.model import Resource
from tests.corpus_path import messages, needs_corpus

HOST = re.compile(rb"https?://([A-Za-z0-9.-]+\.[A-Za-z]{2,})")
LOOKED_AT = 8  # pixels; icons begin here


def hosts(message: bytes) -> set[str]:
    texts = [part for part in email.message_from_bytes(message).walk() if part.get_content_maintype() == "text"]
    octets = b"".join(text for part in texts if isinstance(text := part.get_payload(decode=True), bytes))
    return {host.decode().lower() for host in HOST.findall(octets)}


def size(text: str | None) -> int:
    found = re.match(r"\s*(\d+)", text or "")
    return int(found[1]) if found else 0


@needs_corpus
def test_with_every_host_on_a_list_nothing_that_is_looked_at_goes() -> None:
    corpus = messages("newsletters-2002", "phishing")
    filters = Filters()
    for host in set().union(*(hosts(message) for _, message in corpus)):
        filters.add_host(host, 1, EVERY_RESOURCE)
    rules = built_in().subscribing([Subscribed(Vendor("worst", "Worst", ""), "fake", filters)])
    taken = [
        (path.name, finding.reference)
        for path, message in corpus
        for finding in clean(message, rules).findings
        if finding.rule.startswith("worst/") and finding.blocked and finding.reference
    ]
    assert len(taken) > 20
    for name, reference in taken:
        resource, element = reference.place.resource, reference.element
        assert resource in {Resource.IMAGE, Resource.HINT, Resource.SCRIPT}, (name, reference)
        assert element is not None
        assert min(size(element.get("width")), size(element.get("height"))) < LOOKED_AT, (name, reference)
        assert not element.get("alt") or size(element.get("width")) <= 1, (name, reference)
