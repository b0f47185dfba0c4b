"""What subscribed lists do: they speak last, never about a link's host, and not about what people look at."""

import pickle

import pytest

from blockproxy.detect.filters import EVERY_RESOURCE, Entry, Filters
from blockproxy.detect.judge import Judge
from blockproxy.detect.parameters import Meaning, Parameter
from blockproxy.detect.pattern import compile_pattern
from blockproxy.detect.rules import RuleSet
from blockproxy.detect.subscribed import CONFIDENCE, Subscribed
from blockproxy.detect.target import compile_pipeline
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.lists.reading import read
from blockproxy.message.references import in_html
from blockproxy.model import Action, Context, Finding, Policy, Technique
from tests.detect.leaf import RULES

TOKEN = "00ff11ee22dd33cc44bb55"
LIST = Vendor("example-list", "Example List", "https://lists.example.org/")


def subscribed(*, visible: bool = False, excepts: str = "", never: tuple[str, ...] = ()) -> Subscribed:
    blocks, exceptions = Filters(), Filters()
    blocks.add_host("listed.example.com", 3, EVERY_RESOURCE)
    blocks.add_path("paths.example.com", Entry(4, EVERY_RESOURCE, "/t/"))
    if excepts:
        exceptions.add_host(excepts, 5, EVERY_RESOURCE)
    redirect = Rule(
        "line-6",
        Technique.LINK_REDIRECT,
        (compile_pattern("||go.example.com/out"),),
        CONFIDENCE,
        target=compile_pipeline("query:to"),
    )
    parameters = (
        Parameter("xq_reader", Meaning.LISTED, "example-list", "Example List", never=never),
        Parameter("partner", Meaning.LISTED, "example-list", "Example List"),
    )
    return Subscribed(LIST, "fake", blocks, exceptions, (redirect,), parameters, visible)


def judge(html: str, *lists: Subscribed, policy: Policy | None = None) -> list[Finding]:
    view = html.encode()
    rules = RULES.subscribing(lists or [subscribed()])
    return Judge(rules, policy or Policy(), Context()).judge(in_html(view), view)


def image(url: str, more: str = 'width="1" height="1"') -> str:
    return f'<p>Hello</p><img src="{url}" {more}><p>Good bye</p>'


def test_an_invisible_picture_on_a_listed_host_goes() -> None:
    [finding] = judge(image("https://cdn.listed.example.com/p.gif"))
    assert (finding.technique, finding.action) == (Technique.OPEN_PIXEL, Action.REMOVE)
    assert (finding.rule, finding.vendor, finding.confidence) == ("example-list/line-3", "Example List", CONFIDENCE)
    assert "on the list Example List, line 3" in finding.evidence


@pytest.mark.parametrize(
    "html",
    [
        image("https://listed.example.com/logo.png", 'width="200" height="60"'),
        image(f"https://listed.example.com/{TOKEN}.png", 'alt="our orchard"'),
        image(f"https://listed.example.com/show?id={TOKEN}", ""),
        image("https://listed.example.com/spacer.gif"),
        image("https://listed.example.com/logo_mobile.png", 'style="display:none" class="phone"'),
        image("https://listed.example.com/line.png", 'width="600" height="1"'),
        image("https://listed.example.com/dot.png") * 3,
        '<link rel="stylesheet" href="https://listed.example.com/fonts.css">',
        '<td background="https://listed.example.com/wood.jpg">',
        '<p style="background: url(https://listed.example.com/wood.jpg)">',
        f'<div style="display:none">{image(f"https://listed.example.com/x?id={TOKEN}", "width=200 height=100")}</div>',
        '<script>document.write("<a href=https://listed.example.com/c>go</a>")</script>',
        f"<p>Hello</p><img src='https://listed.example.com/show?id={TOKEN}'>",
    ],
)
def test_what_somebody_may_be_looking_at_stays(html: str) -> None:
    assert [finding for finding in judge(html) if finding.blocked or "list" in finding.rule] == []


def test_it_goes_where_the_settings_want_that() -> None:
    [finding] = judge(image("https://listed.example.com/logo.png", 'width="200"'), subscribed(visible=True))
    assert (finding.technique, finding.action) == (Technique.REMOTE_CONTENT, Action.REMOVE)


def test_without_a_size_a_line_that_names_a_path_is_believed() -> None:
    [finding] = judge(image(f"https://paths.example.com/t/{TOKEN}", ""))
    assert (finding.rule, finding.action) == ("example-list/line-4", Action.REMOVE)
    assert judge(image(f"https://paths.example.com/t/{TOKEN}", 'alt="our orchard"')) == []
    assert judge(image("https://paths.example.com/t/articles/90105231.gif", "")) == []


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="dns-prefetch" href="//listed.example.com">',
        '<script src="https://listed.example.com/a.js"></script>',
    ],
)
def test_what_has_no_place_on_the_page_goes(html: str) -> None:
    assert [finding.action for finding in judge(html)] == [Action.REMOVE]


def test_a_filter_for_scripts_is_no_empty_entry() -> None:
    listed = read("||scripts.example^$script\n", "adblock", "made-up").entries
    assert [one.action for one in judge('<script src="https://scripts.example/a.js"></script>', listed)] == [
        Action.REMOVE
    ]
    assert judge(image("https://scripts.example/a.gif", 'width="200"'), listed) == []


def test_a_listed_host_never_touches_a_link() -> None:
    assert judge(f'<a href="https://listed.example.com/c?id={TOKEN}">Read</a>') == []
    assert judge(f'<form action="https://listed.example.com/c?id={TOKEN}"></form>') == []


def test_an_exception_of_one_list_holds_for_all() -> None:
    excepting = Subscribed(
        Vendor("other", "Other", ""), "fake", excepts=subscribed(excepts="cdn.listed.example.com").excepts
    )
    assert judge(image("https://cdn.listed.example.com/p.gif"), subscribed(), excepting) == []
    assert judge(image("https://listed.example.com/p.gif"), subscribed(), excepting)


def test_a_rule_speaks_before_a_list() -> None:
    blocks = Filters()
    blocks.add_host("mailer.example.net", 1, EVERY_RESOURCE)
    [finding] = judge(image("https://mailer.example.net/track/open?u=1"), Subscribed(LIST, "fake", blocks))
    assert finding.rule == "example-mailer/open"


def test_what_is_spared_is_spared_from_lists_too() -> None:
    blocks = Filters()
    blocks.add_host("trusted.example.org", 1, EVERY_RESOURCE)
    assert judge(image("https://trusted.example.org/p.gif"), Subscribed(LIST, "fake", blocks)) == []


def test_a_parameter_of_a_list_is_taken_off() -> None:
    [finding] = judge('<a href="https://shop.example.com/a?b=1&xq_reader=fake">Read</a>')
    assert finding.replacement == "https://shop.example.com/a?b=1"
    assert (finding.technique, finding.action, finding.confidence) == (
        Technique.LINK_DECORATION, Action.STRIP, CONFIDENCE,
    )  # fmt: skip
    assert "what a subscribed list takes off (xq_reader)" in finding.evidence


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.com/a?partner=fake",  # a rule says who is paid by it
        "https://keeps.example.com/a?xq_reader=fake",
        "https://shop.example.com/unsubscribe?xq_reader=fake",
        "https://shop.example.com/a?xq_reader=fake&signature=fake",
    ],
)
def test_it_stays_where_a_rule_or_an_exception_says_so(url: str) -> None:
    assert judge(f'<a href="{url}">Read</a>', subscribed(never=("keeps.example.com",))) == []


def test_a_stricter_threshold_keeps_lists_quiet_and_rules_at_work() -> None:
    html = '<a href="https://shop.example.com/a?utm_source=a&xq_reader=fake">Read</a>'
    [finding] = judge(html, policy=Policy(threshold=0.9))
    assert (finding.action, finding.replacement) == (Action.STRIP, "https://shop.example.com/a?xq_reader=fake")
    [finding] = judge(image("https://listed.example.com/p.gif"), policy=Policy(threshold=0.9))
    assert finding.action is Action.REPORT


def test_a_redirect_of_a_list_is_unwrapped_where_it_says_where_it_leads() -> None:
    [finding] = judge('<a href="https://go.example.com/out?to=https%3A%2F%2Fshop.example%2F%3Futm_a%3D1">Read</a>')
    assert (finding.action, finding.replacement) == (Action.UNWRAP, "https://shop.example/")
    [other] = judge('<a href="https://go.example.com/out?page=1&utm_source=a">Read</a>')
    assert (other.action, other.replacement) == (Action.STRIP, "https://go.example.com/out?page=1")


def test_lists_change_the_digest_and_travel_to_other_processes() -> None:
    rules: RuleSet = RULES.subscribing([subscribed()])
    assert rules.digest not in {RULES.digest, RULES.subscribing([subscribed(visible=True)]).digest}
    assert RULES.subscribing([]).digest == RULES.digest
    copy: RuleSet = pickle.loads(pickle.dumps(rules))
    assert copy.digest == rules.digest
    assert copy.lists[0].blocks.hosts == rules.lists[0].blocks.hosts
