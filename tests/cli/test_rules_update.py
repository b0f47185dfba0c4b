"""`blockproxy rules update`, as a person starts it."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.cli.command import blockproxy
from tests.subscriptions.server import LIST, Page, serving


def settings(folder: Path, *lists: dict[str, str]) -> Path:
    path = folder / "blockproxy.yaml"
    imap = {"upstream": {"host": "imap.example.org", "port": 993}}
    events = {"path": "events.sqlite3"}
    path.write_text(
        yaml.safe_dump({"imap": imap, "eventlog": events, "rules": {"lists": list(lists), "copies": "lists"}})
    )
    return path


def test_it_tells_what_can_be_used_and_what_not(tmp_path: Path) -> None:
    with serving(list=Page()) as web:
        ended = blockproxy("rules", "update", "--config", settings(tmp_path, {"url": web.url(), "format": "adblock"}))
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "list: updated, 2 entries, 1 line cannot be used",
        "  1 hides elements or changes pages, which mail has not; the first is line 4: shop.example##.banner",
    ]
    assert (tmp_path / "lists/list.list").read_bytes() == LIST


def test_a_list_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    with serving(bad=Page(b"<html>"), list=Page()) as web:
        path = settings(
            tmp_path,
            {"url": web.url("/bad.txt"), "format": "adblock"},
            {"url": web.url(), "format": "adblock", "name": "made-up"},
        )
        ended = blockproxy("rules", "update", "--config", path)
    assert ended.code == 1
    assert ended.err == "blockproxy: bad: it is a web page and no list; there is no earlier copy\n"
    assert ended.out.startswith("made-up: updated, 2 entries")


def test_as_json(tmp_path: Path) -> None:
    with serving(list=Page()) as web:
        path = settings(
            tmp_path, {"url": web.url(), "format": "adblock"}, {"url": web.url("/no.txt"), "format": "hosts"}
        )
        ended = blockproxy("rules", "update", "--json", "--config", path)
    assert ended.code == 1
    assert ended.err == ""
    first, second = json.loads(ended.out)["lists"]
    assert (first["name"], first["status"], first["entries"]) == ("list", "updated", 2)
    assert first["refused"] == [{"reason": "cosmetic", "count": 1, "line": 4, "text": "shop.example##.banner"}]
    assert (second["status"], second["message"]) == ("refused", "its server answers 404 Not Found")


def test_one_list_by_its_name(tmp_path: Path) -> None:
    with serving(list=Page(), other=Page()) as web:
        path = settings(
            tmp_path, {"url": web.url(), "format": "adblock"}, {"url": web.url("/other.txt"), "format": "adblock"}
        )
        assert blockproxy("rules", "update", "other", "--config", path).out.startswith("other: updated")
        assert [path for path, _ in web.asked] == ["/other.txt"]
        ended = blockproxy("rules", "update", "third", "--config", path)
    assert ended.code == 2
    assert ended.err == "blockproxy: no list is called 'third'; there are: list, other\n"


def test_without_lists_it_says_so(tmp_path: Path) -> None:
    ended = blockproxy("rules", "update", "--config", settings(tmp_path))
    assert (ended.code, ended.out) == (
        0, "the settings subscribe to no list: name one under `rules: lists:`\n",
    )  # fmt: skip


def test_check_tells_which_lists_are_there(tmp_path: Path) -> None:
    with serving(list=Page()) as web:
        path = settings(
            tmp_path, {"url": web.url(), "format": "adblock"}, {"url": web.url("/no.txt"), "format": "hosts"}
        )
        blockproxy("rules", "update", "list", "--config", path)
        ended = blockproxy("check", "--local", "--config", path)
    assert ended.code == 0, ended.out
    assert "list list: 2 entries" in ended.out
    assert "list no: not fetched yet" in ended.out


LINE_2 = r"list list, line 2|list/line-2"


@pytest.mark.parametrize("jobs", [1, 2])
def test_clean_and_scan_go_by_the_lists_of_the_settings(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "mail").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"mail/{name}.eml").write_bytes(
            b"From: news@example.org\r\nContent-Type: text/html\r\n\r\n"
            b'<p>Hello</p><img src="https://tracker.example/p.gif" width="1" height="1"><p>Bye</p>\r\n'
        )
    with serving(list=Page()) as web:
        path = settings(tmp_path, {"url": web.url(), "format": "adblock"})
        blockproxy("rules", "update", "--config", path)
    for command in ("clean", "scan"):
        words = (command, "--jobs", jobs, tmp_path / "mail")
        assert not re.search(LINE_2, blockproxy(*words).out)
        assert len(re.findall(LINE_2, blockproxy(*words, "--config", path).out)) == 2


def test_explain_tells_which_list_names_a_url(tmp_path: Path) -> None:
    with serving(list=Page()) as web:
        path = settings(tmp_path, {"url": web.url(), "format": "adblock"})
        blockproxy("rules", "update", "--config", path)
        ended = blockproxy("rules", "explain", "--json", "--config", path, "https://a.tracker.example/p.gif")
        said = json.loads(ended.out)
        plain = blockproxy("rules", "explain", "https://a.tracker.example/p.gif").out
    assert said["lists"] == [
        {
            "list": "list",
            "line": 2,
            "says": "names the whole host; what somebody may be looking at stays, and so do links",
        }
    ]
    assert [(each["place"], each["action"], each["rule"]) for each in said["outcome"]] == [
        ("a link", "keep", ""),
        ("an invisible picture", "remove", "list/line-2"),
        ("a picture", "keep", ""),
    ]
    assert "no list that the settings subscribe to names it" in plain


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"url": "http://lists.example.org/a.txt", "format": "adblock"}, "must begin with https://"),
        ({"url": "file:///etc/hosts", "format": "hosts"}, "must begin with https://"),
        ({"url": "https:///a.txt", "format": "hosts"}, "names no server"),
        (
            {"url": "https://lists.example.org/a.txt", "format": "text"},
            "allowed: adblock, hosts, clearurls, disconnect",
        ),
        ({"url": "https://lists.example.org/a.txt"}, "`rules.lists[0].format` is missing"),
        ({"url": "https://lists.example.org/a.txt", "format": "hosts", "name": "A/b"}, "lower-case words with hyphens"),
        ({"url": "https://lists.example.org/a.txt", "format": "hosts", "nmae": "a"}, "did you mean `name`?"),
        ({"url": "https://lists.example.org/a.txt", "format": "hosts", "ca_file": "no.pem"}, "there is no file"),
    ],
)
def test_a_wrong_subscription_is_told_with_its_line(tmp_path: Path, entry: dict[str, str], message: str) -> None:
    ended = blockproxy("rules", "update", "--config", settings(tmp_path, entry))
    assert ended.code == 2
    assert "blockproxy.yaml:" in ended.err
    assert message in ended.err


def test_two_lists_need_two_names(tmp_path: Path) -> None:
    entry = {"url": "https://lists.example.org/a.txt", "format": "hosts"}
    ended = blockproxy("rules", "update", "--config", settings(tmp_path, entry, entry))
    assert ended.code == 2
    assert "two lists are called 'a': give one of them another `name`" in ended.err
