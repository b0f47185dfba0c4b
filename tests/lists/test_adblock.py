"""Adblock syntax: each line becomes an entry, or is refused with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.detect.filters import MAX_ALIKE
from blockproxy.detect.rules import RuleSet
from blockproxy.lists.draft import MAX_LINE, MAX_PATTERN, ListError, Reading, Reason
from blockproxy.lists.reading import read
from blockproxy.model import Resource, Trigger
from blockproxy.url import Url, parse

ONE = "||one.example^\n"  # a list without any entry is refused


def url(text: str) -> Url:
    parsed = parse(text)
    assert parsed is not None
    return parsed


def rules(text: str) -> RuleSet:
    return RuleSet({}).subscribing([read(text, "adblock", "made-up").entries])


def blocks(text: str, address: str, resource: Resource = Resource.IMAGE) -> bool:
    return rules(ONE + text).listed(url(address), resource) is not None


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("||mail.example^", "https://a.mail.example/x"),
        ("||mail.example", "https://mail.example/"),
        ("||mail.example^*", "https://mail.example/x"),
        ("||Mail.Example/", "https://mail.example/x"),
        ("||mail.example/o/*.gif", "https://mail.example/o/1.gif?x"),
        ("||mail.example^*/o.gif", "https://mail.example/a/o.gif"),
        ("||mail.example^$third-party", "https://mail.example/"),
        ("||mail.example^$image,3p,important", "https://mail.example/"),
        ("||mail.example^$domain=~shop.example", "https://mail.example/"),
        ("||mail.example^$domain=mail.google.com|shop.example", "https://mail.example/"),
        ("||bücher.example^", "https://xn--bcher-kva.example/"),
        (".mail.example/t/$image", "https://a.mail.example/t/1"),
        ("/mail.example/*$image", "https://mail.example/x"),
        ("://click.*/q/*$image", "https://click.mail.example/q/1"),
        ("/track/open.php?", "https://any.example/track/open.php?id=1"),
        ("|https://mail.example/t", "https://mail.example/t/1"),
    ],
)
def test_a_line_blocks(line: str, address: str) -> None:
    assert blocks(line, address)


@pytest.mark.parametrize(
    ("line", "address", "resource"),
    [
        ("||mail.example^$image", "https://mail.example/", Resource.FONT),
        ("||mail.example^$~image", "https://mail.example/", Resource.IMAGE),
        ("||mail.example/o/", "https://mail.example/p/", Resource.IMAGE),
        ("||mail.example^", "https://mail.example.org/", Resource.IMAGE),
        ("||mail.example^\n@@||mail.example/logo.png$image", "https://mail.example/logo.png", Resource.IMAGE),
        ("||mail.example^\n@@||mail.example^", "https://mail.example/", Resource.IMAGE),
        ("/track/open?\n@@||mail.example/track/", "https://mail.example/track/open?1", Resource.IMAGE),
    ],
)
def test_a_line_does_not_block(line: str, address: str, resource: Resource) -> None:
    assert not blocks(line, address, resource)


def test_an_entry_is_called_by_its_line() -> None:
    found = rules("[Adblock Plus 2.0]\n! Title: made up\n\n||mail.example^\r\n").listed(
        url("https://mail.example/"), Resource.IMAGE
    )
    assert found is not None
    assert (found.name, found.whole) == ("made-up/line-4", True)


REFUSED = [
    ("shop.example##.banner", Reason.COSMETIC),
    ("shop.example#@#.banner", Reason.COSMETIC),
    ("shop.example#?#div:has(a)", Reason.COSMETIC),
    ("shop.example#%#//scriptlet('x')", Reason.COSMETIC),
    ("shop.example##+js(set, a, b)", Reason.COSMETIC),
    ("||mail.example^$~third-party", Reason.OWN_SITE),
    ("||mail.example/out?to=$urlskip=?to,doc,1p", Reason.OWN_SITE),
    ("||mail.example^$domain=shop.example", Reason.SITES),
    ("||mail.example^$xmlhttprequest,websocket", Reason.TYPE),
    ("||mail.example^$removeparam=id,image", Reason.TYPE),
    ("||mail.example^$document", Reason.LINK),
    ("||mail.example^$popup", Reason.LINK),
    ("||mail.example^$redirect=noop.js", Reason.OPTION),
    ("||mail.example^$csp=x", Reason.OPTION),
    ("/^https:\\/\\/[a-z]{7,25}\\.example/", Reason.REGEX),
    ("$removeparam=/^a+[0-9]{1,3}/", Reason.REGEX),
    ("||mail*.example^", Reason.HOST),
    ("||mail.", Reason.HOST),
    ("||mail.example:8080/", Reason.HOST),
    ("||com^", Reason.HOST),
    ("||co.uk^", Reason.SUFFIX),
    ("||city.kawasaki.jp^\n||x.kawasaki.jp^", Reason.SUFFIX),
    ("/a/*", Reason.WIDE),
    ("*", Reason.WIDE),
    ("/out/link.php?to=$urlskip=?to", Reason.WIDE),
    ("||mail.example/out?to=$urlskip=&1", Reason.REDIRECT),
    ("||mail.example/out?to=$urlskip=/to=(.*)/", Reason.REDIRECT),
    ("/" + "a" * MAX_PATTERN, Reason.LONG),
    ("||mail.example^$domain=" + "|".join(["shop.example"] * MAX_LINE), Reason.LONG),
    ("0.0.0.0 mail.example", Reason.NO_ENTRY),
    ("!#include other.txt", Reason.CONDITION),
    ("||mail.example^$removeparam", Reason.PARAMETER),
    ("$removeparam=id", Reason.NEEDED),
    ("$removeparam=Q", Reason.NEEDED),
    ("||mail.example/a/$removeparam=id", Reason.PARAMETER),
]


@pytest.mark.parametrize(("line", "reason"), REFUSED, ids=[line[:40] for line, _ in REFUSED])
def test_what_cannot_be_used_is_told(line: str, reason: Reason) -> None:
    [refusal] = read(ONE + line, "adblock", "made-up").refused
    assert (refusal.reason, refusal.line) == (reason, 2)


def test_what_stands_under_a_condition_is_told_with_it() -> None:
    reading = read(ONE + "!#if env_chromium\n||mail.example^\n!#endif\n||two.example^", "adblock", "made-up")
    assert set(reading.entries.blocks.hosts) == {"one.example", "two.example"}
    assert [(refusal.reason, refusal.count) for refusal in reading.refused] == [(Reason.CONDITION, 2)]


def test_refusals_are_counted_and_the_first_is_shown() -> None:
    reading = read(ONE + "a##b\nc##d\n/a/*", "adblock", "made-up")
    assert [(each.reason, each.count, each.line, each.text) for each in reading.refused] == [
        (Reason.COSMETIC, 2, 2, "a##b"),
        (Reason.WIDE, 1, 4, "/a/"),
    ]


def test_one_host_has_room_for_so_many_patterns() -> None:
    reading = read("\n".join(f"||mail.example/{n}/" for n in range(MAX_ALIKE + 5)), "adblock", "made-up")
    assert reading.usable == MAX_ALIKE
    assert [(each.reason, each.count) for each in reading.refused] == [(Reason.CROWDED, 5)]


def stripped(text: str, address: str) -> list[str]:
    return [hit.name for hit in rules(ONE + text).parameters(url(address))]


@pytest.mark.parametrize(
    ("text", "address", "names"),
    [
        ("$removeparam=fid", "https://a.example/?a=1&fid=2", ["fid"]),
        ("*$removeparam=fid", "https://a.example/?fid=2", ["fid"]),
        ("||a.example^$removeparam=fid", "https://b.a.example/?fid=2", ["fid"]),
        ("||a.example^$removeparam=fid", "https://b.example/?fid=2", []),
        ("||bigshop.*^$removeparam=fid", "https://bigshop.co.uk/?fid=2", ["fid"]),
        ("$removeparam=fid,domain=a.example|~b.a.example", "https://a.example/?fid=2", ["fid"]),
        ("$removeparam=fid,domain=a.example|~b.a.example", "https://b.a.example/?fid=2", []),
        ("$removeparam=fid,domain=a.example", "https://c.example/?fid=2", []),
        ("$removeparam=/^fake_/", "https://a.example/?fake_a=1&b=2&fake_c", ["fake_a", "fake_c"]),
        ("$removeparam=/^(?:fake|made)_id=/", "https://a.example/?made_id=1&made_ids=2", ["made_id"]),
        ("$removeparam=fid\n@@||a.example^$removeparam=fid", "https://a.example/?fid=2", []),
        ("$removeparam=fid\n@@||a.example^$removeparam", "https://a.example/?fid=2", []),
        ("$removeparam=fid\n@@||a.example/page/$removeparam=fid", "https://a.example/?fid=2", []),
        ("$removeparam=fid\n@@$removeparam=fid,domain=a.example", "https://a.example/?fid=2", []),
        ("$removeparam=fid\n@@$removeparam=fid", "https://a.example/?fid=2", []),
        ("$removeparam=fid\n||a.example^$removeparam=fid", "https://b.example/?fid=2", ["fid"]),
        ("$queryprune=fid,doc,3p", "https://a.example/?fid=2", ["fid"]),
    ],
)
def test_a_parameter_is_taken_off_where_the_list_says(text: str, address: str, names: list[str]) -> None:
    assert stripped(text, address) == names


@pytest.mark.parametrize(
    ("line", "address", "target"),
    [
        (
            "||go.example/out*^to=http$doc,urlskip=?to",
            "https://go.example/out?x=1&to=http%3A%2F%2Fa.example%2F",
            "http://a.example/",
        ),
        (
            "||go.example^$urlskip=?to -base64 +https",
            "https://go.example/?to=aHR0cHM6Ly9hLmV4YW1wbGUv",
            "https://a.example/",
        ),
        ("||go.example^$urlskip=?to", "https://go.example/?page=2", None),
        ("||go.example^$urlskip=?to", "https://go.example/?to=javascript:alert(1)", None),
    ],
)
def test_a_link_is_led_to_where_it_says(line: str, address: str, target: str | None) -> None:
    known = rules(ONE + line)
    match = known.match(url(address), Trigger.CLICK, Resource.LINK)
    assert (match and known.target(match, url(address))) == target


def test_a_list_without_an_entry_is_none() -> None:
    with pytest.raises(ListError, match="no entry that can be used"):
        read("! nothing\nshop.example##.banner\n", "adblock", "made-up")


@given(st.text(alphabet=st.sampled_from("ab.^|*/$@~=,!#?:[](){}\\&%- \nremovparskiulxd"), max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    reading: Reading = read(ONE + text, "adblock", "made-up")
    listed = RuleSet({}).subscribing([reading.entries])
    for address in ("https://one.example/", "https://b.a/a?b=1"):
        listed.listed(url(address), Resource.IMAGE)
        listed.parameters(url(address))
