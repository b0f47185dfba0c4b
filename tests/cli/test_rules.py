"""`blockproxy rules ...` as a person types it."""

import json
from pathlib import Path

import pytest

from blockproxy.detect.rules import built_in_folder
from tests.cli.command import blockproxy

VENDOR = """\
id: fake-mailer
name: Fake Mailer
site: https://mailer.example/
evidence: [https://mailer.example/docs/open-tracking]
added: 2026-01-15
rules:
  - id: click
    technique: link-redirect
    match: "||mailer.example/c/"
    target: query:url
    examples:
      catches:
        - url: https://mailer.example/c/7?url=https%3A%2F%2Fshop.example%2F
          becomes: https://shop.example/
      spares: ["https://mailer.example/pricing"]
"""
CLICK = "https://mailer.example/c/7?url=https%3A%2F%2Fshop.example%2F%3Futm_source%3Dn%26id%3D4"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "fake-mailer.yaml").write_text(VENDOR)
    return tmp_path


def test_the_list_has_what_the_word_is_in(mine: Path) -> None:
    ended = blockproxy("rules", "list", "--rules", mine, "fake mailer")
    assert ended.code == 0
    head, row, _, counts = ended.out.splitlines()
    assert head.split() == ["rule", "vendor", "what", "does", "knows"]
    assert row.split() == ["fake-mailer/click", "Fake", "Mailer", "link-redirect", "unwrap", "||mailer.example/c/"]
    assert counts.startswith("vendors: 1, rules: 1, parameters: 0")


def test_the_whole_list_is_one_object(mine: Path) -> None:
    everything = json.loads(blockproxy("rules", "list", "--rules", mine, "--json").out)
    assert everything["counts"]["vendors"] > 400
    assert everything["counts"]["parameters"] > 500
    rows = {row["rule"]: row for row in everything["rows"]}
    assert rows["fake-mailer/click"]["does"] == "unwrap"
    assert rows["safe-links/click"]["what"] == "gateway"
    assert rows["safe-links/click"]["does"] == "report"
    assert rows["google-analytics/utm_*"] == {
        "rule": "google-analytics/utm_*",
        "vendor": "Google Analytics (UTM)",
        "what": "campaign",
        "does": "strip",
        "knows": ["not onet.pl", "not sendgb.com"],
    }


def test_a_word_that_nothing_has_is_told_as_grep_does_and_with_what_is_similar() -> None:
    ended = blockproxy("rules", "list", "zzzz")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "blockproxy: nothing is known by the name 'zzzz'\n"
    assert "did you mean mailchimp" in blockproxy("rules", "list", "mailchmp").err
    nothing = blockproxy("rules", "list", "zzzz", "--json")
    assert (nothing.code, json.loads(nothing.out)["rows"]) == (1, [])


def test_list_test_and_lint_read_the_folders_of_the_settings(mine: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / "blockproxy.yaml").write_text(
        "imap: {listen: {port: 1143}, upstream: {host: imap.example.org, port: 993}}\nrules: {folders: [..]}\n"
    )
    config = ("--config", settings / "blockproxy.yaml")
    assert "fake-mailer/click" in blockproxy("rules", "list", "fake-mailer", *config).out
    (mine / "fake-mailer.yaml").write_text(VENDOR.replace("/c/7", "/d/7"))
    for command in ("test", "lint"):
        for place in (config, ("--rules", mine)):
            ended = blockproxy("rules", command, *place)
            assert ended.code == 1
            assert "fake-mailer.yaml:" in ended.err


def explained(*words: object) -> dict[str, list[dict[str, object]]]:
    ended = blockproxy("rules", "explain", "--json", *words)
    assert ended.code == 0
    found: dict[str, list[dict[str, object]]] = json.loads(ended.out)
    return found


def test_a_redirect_is_explained(mine: Path) -> None:
    said = explained("--rules", mine, CLICK)
    (rule,) = said["rules"]
    assert (rule["rule"], rule["speaks"]) == ("fake-mailer/click", True)
    assert rule["leads_to"] == "https://shop.example/?utm_source=n&id=4"
    link, *_ = said["outcome"]
    assert (link["action"], link["becomes"]) == ("unwrap", "https://shop.example/?id=4")


def test_parameters_are_explained_and_why_one_stays() -> None:
    said = explained("https://example.com/a?utm_id=1&midToken=2&awc=3&x=4")
    assert [(one["name"], one["applies"], one["says"]) for one in said["parameters"]] == [
        ("utm_id", True, "as utm_*; sites that read these to work were reported: onet.pl and sendgb.com"),
        ("midToken", False, said["parameters"][1]["says"]),
        ("awc", True, "says who is paid: never taken off"),
    ]
    assert str(said["parameters"][1]["says"]).startswith("only on linkedin.com")
    assert said["outcome"][0]["becomes"] == "https://example.com/a?midToken=2&awc=3&x=4"


def test_what_is_spared_says_for_which_reason() -> None:
    ended = blockproxy("rules", "explain", "https://example.com/unsubscribe?utm_source=n")
    assert ended.code == 0
    assert "a way to unsubscribe" in ended.out
    assert "never touched" in ended.out


def test_the_settings_policy_counts(tmp_path: Path) -> None:
    (tmp_path / "blockproxy.yaml").write_text(
        "imap: {listen: {port: 1143}, upstream: {host: imap.example.org, port: 993}}\npolicy: {gateways: unwrap}\n"
    )
    url = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa&data=fake&reserved=0"
    without, with_settings = explained(url), explained("--config", tmp_path / "blockproxy.yaml", url)
    assert (without["outcome"][0]["action"], with_settings["outcome"][0]["action"]) == ("report", "unwrap")
    assert "security gateway" in str(without["outcome"][0]["why"])


def test_a_host_that_is_known_is_told_where_the_path_is_not() -> None:
    assert "knows the host, not the path" in blockproxy("rules", "explain", "https://mandrillapp.com/pricing").out


def test_a_url_as_a_browser_reads_it_is_shown() -> None:
    assert "is read as https://example.com/a" in blockproxy("rules", "explain", "HTTPS:\\\\Example.com\\a").out


@pytest.mark.parametrize("word", ["example.com", "mailto:a@example.com", "https://"])
def test_what_is_no_web_address_is_refused_with_the_way_to_write_one(word: str) -> None:
    ended = blockproxy("rules", "explain", word)
    assert ended.code == 2
    assert "begins with https:// and names a host" in ended.err


def test_one_file_is_tried_alone(mine: Path) -> None:
    file = mine / "fake-mailer.yaml"
    assert blockproxy("rules", "test", file).code == 0
    file.write_text(VENDOR.replace("becomes: https://shop.example/", "becomes: https://shop.example/x"))
    ended = blockproxy("rules", "test", file)
    assert ended.code == 1
    (line,) = ended.err.splitlines()
    assert f"{file}:13: " in line


def test_a_green_file_that_no_mail_goes_by_is_told(mine: Path) -> None:
    file = mine / "fake-mailer.yaml"
    ended = blockproxy("rules", "test", file)
    assert (ended.code, f"{file} is not among the rules in use" in ended.out) == (0, True)
    assert "\N{REPLACEMENT CHARACTER}" not in ended.out
    assert "in use" not in blockproxy("rules", "test", file, "--rules", mine).out
    assert "in use" not in blockproxy("rules", "test", built_in_folder() / "vendors" / "mandrill.yaml").out


def test_a_file_of_ones_own_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "parameters" / "drip.yaml"
    file.parent.mkdir()
    file.write_text(
        "id: drip\nname: Drip\nevidence: [the documentation]\nadded: 2026-01-15\n"
        "parameters:\n  - {name: __drip, meaning: recipient}\n"
        "examples:\n  catches: [{url: https://example.com/?__drip=fake, becomes: https://example.com/}]\n"
        "  spares: [https://example.com/?__s=fake]\n"
    )
    assert blockproxy("rules", "test", file).code == 0
    assert blockproxy("rules", "test", tmp_path).code == 0


def test_lint_tells_file_and_line(mine: Path) -> None:
    assert blockproxy("rules", "lint", mine).code == 0
    (mine / "fake-mailer.yaml").write_text(VENDOR.replace("/c/", "/c/<b>").replace("c/7", "c/<b>7"))
    ended = blockproxy("rules", "lint", mine / "fake-mailer.yaml")
    assert ended.code == 1
    assert "fake-mailer.yaml:9: ||mailer.example/c/<b> can never match" in ended.err


@pytest.mark.parametrize("command", ["list", "explain", "test", "lint"])
def test_help_has_an_example(command: str) -> None:
    ended = blockproxy("rules", command, "--help")
    assert ended.code == 0
    assert f"blockproxy rules {command}" in ended.out.partition("Example:")[2]


def test_a_file_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    for command in ("test", "lint"):
        assert blockproxy("rules", command, tmp_path / "nothing").code == 2


def test_a_broken_rule_is_a_finding_of_the_test_and_an_obstacle_for_the_others(mine: Path, tmp_path: Path) -> None:
    (mine / "fake-mailer.yaml").write_text(VENDOR.replace("technique: link-redirect", "technique: magic"))
    codes = {command: blockproxy("rules", command, mine).code for command in ("test", "lint")}
    letter = tmp_path / "letter.eml"
    letter.write_text("Subject: x\n\nx\n")
    codes["clean"] = blockproxy("clean", "--rules", mine, letter).code
    codes["list"] = blockproxy("rules", "list", "--rules", mine).code
    codes["events"] = blockproxy("events", "--log", tmp_path / "nothing.sqlite3").code
    assert codes == {"test": 1, "lint": 1, "clean": 2, "list": 2, "events": 2}
