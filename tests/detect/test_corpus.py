"""The judge on labelled cases and on real newsletters, where the corpus is present."""

import email
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from blockproxy.detect.judge import Judge
from blockproxy.detect.rules import built_in
from blockproxy.message.references import in_html
from blockproxy.model import Context, Finding, Policy, Reference, Resource, Technique, Trigger
from tests.corpus_path import corpus, messages

# No finding there is right.
UNREACHABLE = {
    "testMailgun": "a quote is missing, and no program would fetch the image",
}


def judge(view: bytes, addresses: tuple[str, ...] = ()) -> tuple[list[Reference], list[Finding]]:
    references = in_html(view)
    return references, Judge(built_in(), Policy(), Context(addresses)).judge(references, view)


def fetched(findings: list[Finding]) -> list[Finding]:
    """The findings that take something away which opening would fetch."""
    return [
        finding
        for finding in findings
        if finding.blocked and finding.reference and finding.reference.place.trigger is Trigger.OPEN
    ]


def labelled() -> list[dict[str, Any]]:
    root = corpus()
    if root is None:
        pytest.skip("no corpus of real mail here; BLOCKPROXY_CORPUS says where")
    cases: list[dict[str, Any]] = json.loads((root / "labelled" / "mailtrackerblocker" / "cases.json").read_text())
    return cases


def test_what_others_leave_alone_is_left_alone() -> None:
    clean = [case for case in labelled() if case.get("expected") == case["html"]]
    assert clean
    for case in clean:
        _, findings = judge(case["html"].encode())
        assert not fetched(findings), case["test"]


def test_what_others_find_for_certain_is_found() -> None:
    certain = [case for case in labelled() if case.get("certainty", "").endswith("HARD_MATCH")]
    assert certain
    for case in certain:
        if case["test"] not in UNREACHABLE:
            addresses = tuple(re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", case["html"]))
            _, findings = judge(case["html"].encode(), addresses)
            assert fetched(findings), case["test"]


def pages(folder: str) -> Iterator[bytes]:
    for _, octets in messages(folder):
        for part in email.message_from_bytes(octets).walk():
            if part.get_content_type() == "text/html":
                payload = part.get_payload(decode=True)
                yield payload if isinstance(payload, bytes) else b""


def test_layouts_full_of_spacers_stay() -> None:
    images = removed = 0
    for page in pages("newsletters-2002"):
        references, findings = judge(page)
        images += sum(reference.place.resource is Resource.IMAGE for reference in references)
        gone = [finding for finding in fetched(findings) if finding.technique is Technique.OPEN_PIXEL]
        removed += len(gone)
        assert len(gone) <= 4
        assert not any(re.search(r"(?:spacer|blank|clear|dot)\.gif\Z", finding.url) for finding in gone)
    assert images > 9000
    assert 100 < removed < images * 0.025
