"""Blocking filters: found by host, by host and path, by token, and never slow."""

import time

import pytest

from blockproxy.detect.filters import BITS, EVERY_RESOURCE, MAX_ALIKE, Entry, Filters, Index, runs, tokens
from blockproxy.model import Resource
from blockproxy.url import Url, parse


def url(text: str) -> Url:
    parsed = parse(text)
    assert parsed is not None
    return parsed


def found(filters: Filters, text: str, resource: Resource = Resource.IMAGE) -> tuple[int, bool] | None:
    parsed = url(text)
    index, bit = Index(filters), BITS[resource]
    return index.of_host(parsed, bit) or index.of_runs(parsed, runs(parsed), bit)


def free(*patterns: str) -> Filters:
    filters = Filters()
    assert not list(filters.add_free(Entry(line, EVERY_RESOURCE, text) for line, text in enumerate(patterns, 1)))
    return filters


def test_a_host_means_itself_and_what_is_below_it() -> None:
    filters = Filters()
    filters.add_host("tracker.example", 7, EVERY_RESOURCE)
    assert found(filters, "https://tracker.example/a") == (7, True)
    assert found(filters, "https://a.b.TRACKER.example./a") == (7, True)
    assert found(filters, "https://nottracker.example/a") is None
    assert found(filters, "https://tracker.example.org/a") is None


def test_the_resources_of_two_lines_on_one_host_add_up() -> None:
    filters = Filters()
    filters.add_host("tracker.example", 7, BITS[Resource.IMAGE])
    assert found(filters, "https://tracker.example/", Resource.FONT) is None
    filters.add_host("tracker.example", 9, BITS[Resource.FONT])
    assert found(filters, "https://tracker.example/", Resource.FONT) == (7, True)


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("/track/open.php?", "/track/open.php?u=1", "/a/track/open.php?u=1"),
        ("^*/open^", "/a/open/b", "/a/opened/b"),
        ("/*/o.gif", "/a/b/o.gif", "/o.gif"),
        ("/pixel.gif|", "/pixel.gif", "/pixel.gif?a=1"),
        ("/o.gif", "/O.gif", "/o.png"),
        ("^?id=", "/?id=1", "/a?id=1"),
    ],
)
def test_a_pattern_on_a_host_begins_where_the_name_ends(pattern: str, fits: str, fits_not: str) -> None:
    filters = Filters()
    filters.add_path("a.example", Entry(3, EVERY_RESOURCE, pattern))
    assert found(filters, f"https://a.example{fits}") == (3, False)
    assert found(filters, f"https://sub.a.example{fits}") == (3, False)
    assert found(filters, f"https://a.example{fits_not}") is None


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        (".mailer.example/t/", "https://a.mailer.example/t/1", "https://mailer.example/t/1"),
        ("/track/open?", "https://a.example/x/track/open?id=1", "https://a.example/x/track/opened?id=1"),
        ("://open.*/p^", "https://open.a.example/p?x", "https://open.a.example/px"),
        ("|https://one.example/", "https://one.example/", "https://two.example/?u=https://one.example/"),
        ("/last/one.gif|", "https://a.example/last/one.gif", "https://a.example/last/one.gif?a"),
        ("%2fopen.aspx%3f", "https://a.example/?u=%2FOpen.aspx%3Fa", "https://a.example/?u=/open.aspx?a"),
        ("-track-open?", "https://a.example/mail-track-open?1", "https://a.example/track-open?1"),
    ],
)
def test_a_pattern_without_a_host(pattern: str, fits: str, fits_not: str) -> None:
    assert found(free(pattern), fits) == (1, False)
    assert found(free(pattern), fits_not) is None


def test_what_an_escape_hides_is_found_and_a_fragment_is_not_looked_at() -> None:
    assert found(free("/track/open?"), "https://a.example/tr%61ck/op%65n?id=1")
    assert found(free("/track/open?"), "https://a.example/#/track/open?id=1") is None


def test_a_run_at_the_end_of_a_pattern_is_no_token() -> None:
    assert tokens("/track/open.p") == ["track", "open"]
    assert tokens("mailer.example/p1x1") == ["example"]
    assert tokens("/click*/beacon/") == ["beacon"]
    assert tokens("/img/a.gif|") == []


def test_what_has_no_token_or_finds_no_room_comes_back() -> None:
    filters = Filters()
    same = [Entry(line, EVERY_RESOURCE, f"/same/*{line}") for line in range(1, MAX_ALIKE + 3)]
    refused = list(filters.add_free([*same, Entry(999, EVERY_RESOURCE, "/a/*")]))
    assert [entry.line for entry in refused] == [MAX_ALIKE + 1, MAX_ALIKE + 2, 999]
    assert all(filters.add_path("a.example", entry) for entry in same[:MAX_ALIKE])
    assert not filters.add_path("a.example", same[MAX_ALIKE])


def test_a_pattern_of_the_rarest_tokens_is_not_asked_for_common_ones() -> None:
    filters = free(*(f"/track/{n}xx/" for n in range(200)), "/track/rare/")
    assert len(filters.of_token["rare"]) == 1
    assert len(filters.of_token.get("track", [])) == 0


@pytest.mark.parametrize("pattern", ["a*a*a*a*a*a*a*a*b|", "^*^*^*^*^*^*^zz", "*/hostile/*a*aa*aaa*aaaa*b"])
def test_no_pattern_of_a_list_stalls(pattern: str) -> None:
    filters = Filters()
    filters.add_path("a.example", Entry(1, EVERY_RESOURCE, f"/hostile/*{pattern}"))
    before = time.process_time()
    assert found(filters, f"https://a.example/hostile/{'a/' * 8000}") is None
    assert time.process_time() - before < 0.5
