"""The judge: which reference of a message gets which finding. One row is one snippet."""

import base64
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.judge import Judge
from blockproxy.message.references import in_html
from blockproxy.model import Action, Context, Finding, Kind, Policy, Technique
from tests.detect.leaf import RULES

ME = "reader@example.org"
TOKEN = "00ff11ee22dd33cc44bb55"
STANDARD = Policy()


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def judge(html: str, policy: Policy = STANDARD, addresses: tuple[str, ...] = (ME,)) -> list[Finding]:
    view = html.encode()
    return _judge(policy, addresses).judge(in_html(view), view)


@lru_cache
def _judge(policy: Policy, addresses: tuple[str, ...]) -> Judge:
    return Judge(RULES, policy, Context(addresses))


class Case(NamedTuple):
    name: str
    html: str
    finds: list[str]  # technique, action and what the link becomes, of each finding


def _case(row: dict[str, Any]) -> Case:
    html = re.sub(r"PACKED\((.*?)\)", lambda found: packed(found[1]), row["html"])
    for word, text in (("TOKEN", TOKEN), ("ME", ME), ("END", "<p>The end.</p>")):
        html = re.sub(rf"(?<![A-Za-z]){word}(?![A-Za-z])", text, html)
    return Case(row["name"], html, row["finds"])


CASES = [_case(row) for row in yaml.safe_load(Path(__file__).with_name("judge_cases.yaml").read_text())]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_reference_is_judged(case: Case) -> None:
    found = [f"{finding.technique} {finding.action} {finding.replacement}".strip() for finding in judge(case.html)]
    assert found == case.finds


def test_a_finding_says_why() -> None:
    (finding,) = judge(f'<img src="https://x.example.org/{TOKEN}" width=1 height=1>')
    assert (
        finding.evidence
        == "1 by 1 pixel, only address of its kind in the message, token of 22 characters at the end of its path"
    )
    assert (finding.rule, finding.vendor, finding.confidence) == ("shape", "", 0.9)


def test_a_finding_of_a_vendor_names_it() -> None:
    (finding,) = judge('<img src="https://mailer.example.net/track/open?u=1">')
    assert (finding.rule, finding.vendor, finding.confidence) == ("example-mailer/open", "Example Mailer", 0.95)


def test_a_rule_for_any_host_believes_a_picture_without_a_size_that_calls_itself_a_report_of_opening() -> None:
    (finding,) = judge('<img src="https://www.example.org/xq/open/fake" alt="">and so on')
    assert (finding.rule, finding.action) == ("example-mailer/any-host", Action.REMOVE)
    assert judge('<img src="https://www.example.org/xq/open/fake" width="600" alt="">and so on') == []


def test_no_evidence_repeats_what_it_is_about() -> None:
    for case in CASES:
        for finding in judge(case.html):
            assert TOKEN not in finding.evidence
            assert ME not in finding.evidence


POLICIES = [
    (Technique.OPEN_PIXEL, '<img src="https://mailer.example.net/track/open?u=1">'),
    (Technique.ADDRESS_LEAK, f'<img src="https://x.example.org/?e={ME}">'),
    (
        Technique.LINK_REDIRECT,
        '<a href="https://click.mailer.example.net/c/7?url=https%3A%2F%2Fshop.example.org%2Fa">x</a>',
    ),
    (Technique.LINK_DECORATION, '<a href="https://shop.example.org/a?utm_source=n">x</a>'),
    (Technique.REMOTE_STYLE, '<link rel="stylesheet" href="https://mailer.example.net/track/open.css">'),
]


@pytest.mark.parametrize(("technique", "html"), POLICIES)
def test_the_policy_decides_whether_a_finding_is_acted_upon(technique: Technique, html: str) -> None:
    (acted,) = judge(html)
    (reported,) = judge(html, Policy({technique: Action.REPORT}))
    assert (acted.technique, acted.blocked) == (technique, True)
    assert (reported.technique, reported.action, reported.replacement) == (technique, Action.REPORT, "")


ARTICLE = "https://shop.example.org/a?utm_source=n"
CHECKED = f"https://checker.example.net/?u={quote(ARTICLE, safe='')}&e={ME}"
PAID = f"https://partners.example.net/?u={quote(ARTICLE, safe='')}&utm_source=n"
IN_A_REDIRECT = f"https://click.mailer.example.net/c/7?url={quote(PAID, safe='')}"
KINDS = [
    (CHECKED, frozenset({Kind.TRACKING}), Action.REPORT, "a redirect of Example Checker, a security gateway", ""),
    (CHECKED, frozenset({Kind.GATEWAY}), Action.UNWRAP, "a redirect of Example Checker", "https://shop.example.org/a"),
    (PAID, frozenset({Kind.TRACKING}), Action.REPORT, "a redirect of Example Partners, which pays", ""),
    (PAID, frozenset({Kind.AFFILIATE}), Action.UNWRAP, "a redirect of Example Partners", "https://shop.example.org/a"),
    (IN_A_REDIRECT, frozenset({Kind.TRACKING}), Action.UNWRAP, "a redirect of Example Mailer", PAID),
    (IN_A_REDIRECT, frozenset(Kind), Action.UNWRAP, "a redirect of Example Mailer", "https://shop.example.org/a"),
]


@pytest.mark.parametrize(("url", "unwrapped", "action", "evidence", "replacement"), KINDS)
def test_redirects_that_are_good_for_something_are_unwrapped_where_the_settings_ask_for_it(
    url: str, unwrapped: frozenset[Kind], action: Action, evidence: str, replacement: str
) -> None:
    (finding,) = judge(f'<a href="{escape(url)}">x</a>', Policy(unwrapped=unwrapped))
    assert (finding.action, finding.replacement) == (action, replacement)
    assert finding.evidence.startswith(evidence)


REPORTED = [
    ("<a href='https://click.mailer.example.net/s/7'>x</a>", "which alone knows where it leads"),
    ("<a href='https://click.mailer.example.net/c/7?url='>x</a>", "which does not say where it leads"),
    ("<a href='https://click.mailer.example.net/c/7?url=mailto%3Aa'>x</a>", "which leads to no web address"),
    (f"<form action='https://click.mailer.example.net/c/7?url={quote(ARTICLE)}'>x</form>", "which is not rewritten"),
    (f"<a href='{'https://gateway.example.net/?u=' * 8}https://a.example.net'>x</a>", "with more than 5 redirects"),
]


@pytest.mark.parametrize(("html", "evidence"), REPORTED)
def test_a_report_says_truly_why_a_redirect_is_left(html: str, evidence: str) -> None:
    (finding,) = judge(html)
    assert (finding.technique, finding.action) == (Technique.LINK_REDIRECT, Action.REPORT)
    assert finding.evidence.partition(", ")[2].startswith(evidence)


@pytest.mark.parametrize(("technique", "html"), POLICIES)
def test_below_the_threshold_a_finding_is_reported(technique: Technique, html: str) -> None:
    assert [finding.action for finding in judge(html, Policy(threshold=0.99))] == [Action.REPORT]


def test_an_address_is_taken_off_a_link_where_other_parameters_may_stay() -> None:
    html = f'<a href="https://shop.example.org/a?utm_source=n&amp;mail_eid={ME}">x</a>'
    (finding,) = judge(html, Policy({Technique.LINK_DECORATION: Action.REPORT}))
    assert (finding.action, finding.replacement) == (Action.STRIP, "https://shop.example.org/a?utm_source=n")


def test_with_remote_content_blocked_nothing_is_fetched_on_opening() -> None:
    html = (
        '<img src="https://cdn.example.com/hero.jpg" width=600><img src="https://trusted.example.org/a.png">'
        '<link rel="stylesheet" href="https://cdn.example.com/a.css"><a href="https://shop.example.org/">x</a>'
        '<img src="https://mailer.example.net/track/open?u=1">'
    )
    findings = judge(html, Policy(remote="block"))
    assert [(finding.technique, finding.action) for finding in findings] == [
        (Technique.REMOTE_CONTENT, Action.REMOVE),
        (Technique.REMOTE_CONTENT, Action.REMOVE),
        (Technique.REMOTE_CONTENT, Action.REMOVE),
        (Technique.OPEN_PIXEL, Action.REMOVE),
    ]


def test_what_a_link_becomes_is_not_found_again() -> None:
    for case in CASES:
        for finding in judge(case.html):
            if finding.replacement:
                again = judge(f'<a href="{finding.replacement.replace("&", "&amp;")}">x</a>')
                assert not any(second.blocked for second in again)
                assert len(finding.replacement) <= len(finding.url)


def test_the_same_leaf_is_judged_the_same() -> None:
    html = "".join(case.html for case in CASES)
    assert judge(html) == judge(html)


PIECES = [case.html for case in CASES] + [
    "<div style='display:none'>",
    "</div>",
    "<table><tr>",
    "<!--",
    "-->",
    "</html>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from(["keep", "block"]))
def test_of_any_leaf_each_reference_has_at_most_one_finding(pieces: list[str], remote: str) -> None:
    findings = judge("".join(pieces), Policy(remote=remote))
    assert len({finding.reference and finding.reference.span for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.reference is not None
        assert finding.url == finding.reference.url
        assert bool(finding.replacement) == (finding.action in {Action.UNWRAP, Action.STRIP})
        assert len(finding.replacement) <= len(finding.url)


@given(st.binary(max_size=300))
def test_any_octets_can_be_judged(view: bytes) -> None:
    references = in_html(b'<img src="https://x.example.org/?q=1">' + view)
    _judge(STANDARD, (ME,)).judge(references, view)
