"""Hosts files, Disconnect's and ClearURLs' JSON, and texts that are no list at all."""

import json
from typing import Any

import pytest

from blockproxy.detect.rules import RuleSet
from blockproxy.lists.draft import ListError, Reason
from blockproxy.lists.names import parameter_names
from blockproxy.lists.reading import Format, decoded, read
from blockproxy.model import Resource, Trigger
from blockproxy.url import Url, parse


def url(text: str) -> Url:
    parsed = parse(text)
    assert parsed is not None
    return parsed


HOSTS = """\ufeff# Title: made up
127.0.0.1 localhost
::1 ip6-localhost
0.0.0.0 one.example two.example   # both
\t127.0.0.1\tThree.example\r
four.example
192.0.2.7 five.example
hello world
0.0.0.0 com
"""


def test_hosts_files_in_their_spellings() -> None:
    reading = read(decoded(HOSTS.encode()), "hosts", "made-up")
    assert set(reading.entries.blocks.hosts) == {f"{name}.example" for name in ("one", "two", "three", "four", "five")}
    assert [(each.reason, each.line) for each in reading.refused] == [(Reason.NO_ENTRY, 8), (Reason.HOST, 9)]


SERVICES: dict[str, Any] = {
    "license": "made up",
    "categories": {
        "Advertising": [{"Ads": {"https://ads.example/": ["ads.example"]}}],
        "Email": [
            {"Mailer": {"https://mailer.example/": ["mailer.example", "t.mailer.example"], "performance": "true"}}
        ],
        "EmailAggressive": [{"Shop": {"https://shop.example/": ["shop.example"]}}, "nonsense"],
    },
}


def test_the_mail_categories_of_disconnect() -> None:
    reading = read(json.dumps(SERVICES), "disconnect", "made-up")
    assert set(reading.entries.blocks.hosts) == {"mailer.example", "t.mailer.example", "shop.example"}
    assert [each.reason for each in reading.refused] == [Reason.NO_ENTRY]


def test_other_categories_of_disconnect() -> None:
    reading = read(json.dumps(SERVICES), "disconnect", "made-up", categories=("Advertising",))
    assert set(reading.entries.blocks.hosts) == {"ads.example"}
    with pytest.raises(ListError, match="none of the categories Games; there are: Advertising, Email, EmailAggressive"):
        read(json.dumps(SERVICES), "disconnect", "made-up", categories=("Games",))


HTTPS = r"^https?:\/\/(?:[a-z0-9-]+\.)*?"
ANY = r"(?:\.[a-z]{2,}){1,}"
CLEAR: dict[str, Any] = {
    "everything": {
        "urlPattern": ".*",
        "rules": ["(?:%3F)?fake_[a-z]*", "(?:%3F)?mc_(?:eid|cid)", "srs?", "[a-z]?mc", "ref_id"],
        "referralMarketing": ["partner"],
        "exceptions": [
            HTTPS + r"(?:keeps\.example|needs\.example)",
            r"^https?:\/\/login\.example\/.*?x=",
            r"^https?:\/\/git(lab)?\.[^/]*\/[^?]+\?.*?&?ref_?id=[^/?&]*",
            r"^wss?:\/\/sockets\.example",
        ],
    },
    "bigshop": {
        "urlPattern": HTTPS + "bigshop" + ANY,
        "rules": ["pd_rd_[a-z]*", "qid"],
        "exceptions": [],
        "redirections": [HTTPS + "bigshop" + ANY + r"\/out\?.*?(?:url|q)=(https?[^&]+)", HTTPS + r"x\/([^&]+)"],
    },
    "paths": {"urlPattern": HTTPS + r"paths\.example\/only\/here\?", "rules": ["id"]},
    "own": {"urlPattern": HTTPS + r"own\.example", "rules": ["id"], "exceptions": [HTTPS + r"own\.example\/page"]},
    "unclear": {"urlPattern": HTTPS + r"un\.example", "rules": ["id"], "exceptions": [r"^https?:\/\/[a-z]{3}\.x\/"]},
    "tracker": {"urlPattern": HTTPS + r"tracker\.example", "completeProvider": True, "rules": []},
    "odd": 3,
}


def clear() -> RuleSet:
    return RuleSet({}).subscribing([read(json.dumps({"providers": CLEAR}), "clearurls", "made-up").entries])


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("https://a.example/?fake_x=1&mc_eid=2&sr=3&srs=4&b=5", ["fake_x", "mc_eid", "sr", "srs"]),
        ("https://a.keeps.example/?fake_x=1", []),
        ("https://login.example/?fake_x=1", []),
        ("https://www.bigshop.co.uk/?pd_rd_w=1&qid=2", ["pd_rd_w", "qid"]),
        ("https://www.other.example/?pd_rd_w=1&qid=2", []),
        ("https://a.example/?ref_id=1&partner=2&xmc=3", []),
        ("https://own.example/?id=1", []),
        ("https://paths.example/?id=1", []),
        ("https://un.example/?id=1", []),
    ],
)
def test_parameters_of_clearurls(address: str, names: list[str]) -> None:
    assert [hit.name for hit in clear().parameters(url(address))] == names


def test_redirects_and_trackers_of_clearurls() -> None:
    known, address = clear(), url("https://www.bigshop.de/out?a=1&q=https%3A%2F%2Fa.example%2F")
    match = known.match(address, Trigger.CLICK)
    assert match is not None
    assert known.target(match, address) == "https://a.example/"
    assert known.listed(url("https://tracker.example/"), Resource.IMAGE)


def test_what_clearurls_cannot_say_without_its_expressions_is_told() -> None:
    refused = {each.reason: each.count for each in read(json.dumps({"providers": CLEAR}), "clearurls", "x").refused}
    assert refused == {Reason.EXCEPTION: 3, Reason.REGEX: 3, Reason.NO_ENTRY: 1}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("utm_[a-z]*", ["utm_*"]),
        ("utm(?:_[a-z_]*)?", ["utm", "utm_*"]),
        ("vn(?:_[a-z]*)+", ["vn_*"]),
        ("p[fd]_rd", ["pf_rd", "pd_rd"]),
        ("wt_?z?mc", ["wtmc", "wtzmc", "wt_mc", "wt_zmc"]),
        (r"a\.b", ["a.b"]),
        # What means more than it could be written out to, or less than a beginning, is no name.
        ("[a-z]?mc", []),
        ("x+", []),
        ("id{2}", []),
        ("a[a-z]*", []),
        ("(?=a)b", []),
        ("(a|b", []),
        (r"\bid", []),
        ("(((((a|b)|c)[de])[fg])[hi])[jk][lm][no]", []),
        ("(" * 300, []),
        ("a" * 300, []),
    ],
)
def test_expressions_that_mean_names(expression: str, names: list[str]) -> None:
    assert parameter_names(expression) == names


NO_LISTS: list[tuple[bytes, str]] = [
    (b"", "it is empty"),
    (b" \r\n\t", "it is empty"),
    ("Ads für alle".encode("latin-1"), "it is not UTF-8 (octet 5)"),
    ("||a.example^".encode("utf-16-le"), "it is no text: it has octets that are zero"),
    ("||a.example^".encode("utf-16"), "it is not UTF-8 (octet 0)"),
]


@pytest.mark.parametrize(("octets", "message"), NO_LISTS)
def test_octets_that_are_no_list(octets: bytes, message: str) -> None:
    with pytest.raises(ListError) as refused:
        decoded(octets)
    assert str(refused.value) == message


@pytest.mark.parametrize("format_", ["adblock", "hosts", "clearurls", "disconnect"])
@pytest.mark.parametrize(
    "text",
    ["<!DOCTYPE html><title>404</title>", " \n<html>", "<?xml version='1.0'?>", "<HEAD>", "{}", "[]", "[" * 99_999],
)
def test_texts_that_are_no_list(format_: Format, text: str) -> None:
    with pytest.raises(ListError):
        read(text, format_, "made-up")


def test_half_of_a_json_list_is_none() -> None:
    text = json.dumps({"providers": CLEAR})
    with pytest.raises(ListError, match="no JSON with `providers`"):
        read(text[: len(text) // 2], "clearurls", "made-up")


ADBLOCK = "! made up\n||one.example^\n||two.example/open?\n@@||three.example^\n/open.php?id=\n"
FEW_HOSTS = "0.0.0.0 one.example\n0.0.0.0 two.example\nthree.example\n"


@pytest.mark.parametrize(
    ("text", "format_", "other"),
    [
        (FEW_HOSTS, "adblock", "hosts"),
        (ADBLOCK + "four.example\n", "hosts", "adblock"),
        (FEW_HOSTS, "clearurls", "hosts"),
        (ADBLOCK, "disconnect", "adblock"),
        (json.dumps({"providers": CLEAR}), "disconnect", "clearurls"),
        (json.dumps(SERVICES, indent=2), "clearurls", "disconnect"),
        (json.dumps(SERVICES, indent=2), "adblock", "disconnect"),
    ],
)
def test_a_list_of_another_format_is_refused_and_its_format_named(text: str, format_: Format, other: Format) -> None:
    with pytest.raises(ListError, match=f"it looks like `format: {other}`"):
        read(text, format_, "made-up")
    read(text, other, "made-up")


def test_one_refusal_is_told_as_one() -> None:
    (refusal,) = read("||one.example^\n/ad[0-9]/\n", "adblock", "made-up").refused
    assert refusal.reason.said(refusal.count) == "1 is a regular expression, which could be made to stall"
    assert refusal.reason.said(2000) == "2,000 are regular expressions, which could be made to stall"
