"""Every example of every vendor, inside a message: it goes, the size stays, cleaning again finds nothing."""

import quopri
from html import escape

import pytest

import blockproxy
from blockproxy.detect.loading import load_folders
from blockproxy.detect.rules import built_in_folder
from blockproxy.detect.schema import VendorFile
from blockproxy.model import Action, Technique, Trigger
from blockproxy.url import parse

IMAGE = '<p>Hello</p><img src="{}" width="1" height="1" alt=""><p>Goodbye</p>'
STYLE = "<style>#x{{background:url('{}')}}</style><p id=x>Hello</p>"
LINK = '<p>Hello</p><a href="{}">read on</a><p>Goodbye</p>'


def examples() -> list[tuple[str, str, str]]:
    """(rule, URL, markup) of everything that a shipped vendor rule catches."""
    loaded = load_folders([built_in_folder()])
    found = []
    for _, spec in loaded.specs:
        if not isinstance(spec, VendorFile):
            continue
        _, rules = loaded.vendors[spec.id]
        for written, rule in zip(spec.rules, rules, strict=True):
            markup = LINK if rule.trigger is Trigger.CLICK else IMAGE
            if rule.technique is Technique.REMOTE_STYLE:
                markup = STYLE
            found += [(f"{spec.id}/{rule.id}", catch.url, markup) for catch in written.examples.catches]
    return found


EXAMPLES = examples()


def message(markup: str, url: str, encoding: str) -> bytes:
    page = markup.format(url if markup is STYLE else escape(url)).encode()
    body = quopri.encodestring(page) if encoding == "quoted-printable" else page
    header = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    return (header.encode() + body + b"\n").replace(b"\n", b"\r\n")


@pytest.mark.parametrize("encoding", ["7bit", "quoted-printable"])
@pytest.mark.parametrize(("rule", "url", "markup"), EXAMPLES, ids=[f"{rule} {url[:60]}" for rule, url, _ in EXAMPLES])
def test_a_rule_works_in_a_message(rule: str, url: str, markup: str, encoding: str) -> None:
    before = message(markup, url, encoding)
    cleaned = blockproxy.clean(before)
    assert len(cleaned.message) == len(before)
    assert [finding.rule for finding in cleaned.findings] == [rule]
    finding = cleaned.findings[0]
    assert finding.blocked or (markup is LINK and finding.replacement == "")
    if finding.action is not Action.REPORT:
        host = parse(url)
        assert host is not None
        text = quopri.decodestring(cleaned.message) if encoding == "quoted-printable" else cleaned.message
        assert f"//{host.host}".encode() not in text
    again = blockproxy.clean(cleaned.message)
    assert again.message == cleaned.message
    assert not any(one.blocked for one in again.findings)


def test_there_are_examples_of_every_kind() -> None:
    assert {markup for _, _, markup in EXAMPLES} == {IMAGE, STYLE, LINK}
    assert len(EXAMPLES) > 150
