"""The rule set: which rule speaks, what it answers, and how a wrong file is reported."""

import json
import pickle
import re
from pathlib import Path

import pytest

from blockproxy.detect.loading import load_folders
from blockproxy.detect.mistakes import PATTERNS
from blockproxy.detect.rules import RuleSet, built_in, load
from blockproxy.detect.schema import json_schema
from blockproxy.errors import RuleError
from blockproxy.model import Kind, Resource, Technique, Trigger
from blockproxy.url import Url, parse

VENDOR = """\
id: fake-mailer
name: Fake Mailer
site: https://mailer.example/
evidence: [https://mailer.example/docs/open-tracking]
added: 2026-01-15
rules:
  - id: open
    technique: open-pixel
    match: "||mailer.example/track/open^"
    examples:
      catches: ["https://eu.mailer.example/track/open?u=1"]
      spares: ["https://mailer.example/logo.png"]
"""


def url(text: str) -> Url:
    parsed = parse(text)
    assert parsed is not None
    return parsed


def folder(path: Path, content: str, name: str = "fake-mailer.yaml") -> Path:
    (path / "vendors").mkdir(exist_ok=True)
    (path / "vendors" / name).write_text(content)
    return path


@pytest.fixture
def rules() -> RuleSet:
    return built_in()


def test_a_rule_speaks_about_opening_or_about_clicking(rules: RuleSet) -> None:
    pixel = url("https://example.us1.list-manage.com/track/open.php?u=fake&id=fake&e=fake")
    match = rules.match(pixel, Trigger.OPEN)
    assert match is not None
    assert match.name == "mailchimp/open"
    assert (match.vendor.name, match.rule.technique) == ("Mailchimp", Technique.OPEN_PIXEL)
    assert rules.match(pixel, Trigger.CLICK) is None


def test_a_rule_that_knows_the_host_goes_before_one_that_does_not(rules: RuleSet) -> None:
    known = rules.match(url("https://link.mail.beehiiv.com/ss/c/u001.fake/fak/fake"), Trigger.CLICK)
    shape = rules.match(url("https://link.example.com/ss/c/u001.fake/fak/fake"), Trigger.CLICK)
    assert known is not None
    assert shape is not None
    assert (known.name, shape.name) == ("beehiiv/click", "sendgrid/click-own-domain")


def test_a_path_on_any_host_asks_for_an_invisible_image(rules: RuleSet) -> None:
    for match in [rules.match(url("https://url1.example.com/wf/open?upn=fake"), Trigger.OPEN)]:
        assert match is not None
        assert match.rule.needs_invisible


def test_a_rule_for_images_is_silent_about_style_sheets(rules: RuleSet) -> None:
    litmus = url("https://fake.emltrk.com/fake?d=fake")
    names = [rules.match(litmus, Trigger.OPEN, resource) for resource in (Resource.IMAGE, Resource.STYLE)]
    assert [match and match.rule.technique for match in names] == [Technique.OPEN_PIXEL, Technique.REMOTE_STYLE]


def test_the_link_of_a_host_is_left_alone_where_only_its_pixel_is_known(rules: RuleSet) -> None:
    dropbox = url("https://www.dropbox.com/l/fake")
    match = rules.match(dropbox, Trigger.OPEN)
    assert match is not None
    assert match.rule.needs_invisible
    assert rules.match(dropbox, Trigger.CLICK) is None


NESTED = "https://click.pstmrk.it/3s/click.example.com%2FCL0%2Fhttps:%252F%252Fexample.com%252Fa%2F1%2Ffake-fake/x/y/z"


def test_redirects_in_one_another_are_unwrapped_at_once(rules: RuleSet) -> None:
    wrapped = url(NESTED)
    match = rules.match(wrapped, Trigger.CLICK)
    assert match is not None
    assert rules.target(match, wrapped) == "https://example.com/a"


def test_unwrapping_ends_after_five_redirects(rules: RuleSet) -> None:
    nested = "https://t.yesware.com/tt/a/b/c/" + "t.yesware.com/tt/a/b/c/" * 7 + "example.com/"
    match = rules.match(url(nested), Trigger.CLICK)
    assert match is not None
    assert rules.target(match, url(nested)) == "https://t.yesware.com/tt/a/b/c/" * 1 + "t.yesware.com/tt/a/b/c/" * 2 + (
        "example.com/"
    )


def test_the_fragment_goes_along_as_in_a_browser(rules: RuleSet) -> None:
    wrapped = url("https://via.intercom.io/c?url=https%3A%2F%2Fexample.com%2Fa&h=fake&padding=fakefake#part")
    match = rules.match(wrapped, Trigger.CLICK)
    assert match is not None
    assert rules.target(match, wrapped) == "https://example.com/a#part"


def test_a_secret_target_is_none(rules: RuleSet) -> None:
    opaque = url("https://u1.ct.sendgrid.net/ls/click?upn=u001.fake")
    match = rules.match(opaque, Trigger.CLICK)
    assert match is not None
    assert rules.target(match, opaque) is None


def test_a_redirect_is_spared_for_the_address_inside_and_not_for_its_own_signature(rules: RuleSet) -> None:
    article = "https://mailtrack.io/trace/link/fake?url=https%3A%2F%2Fexample.com%2Farticle&signature=fake"
    leave = "https://fake.mjt.lu/lnk/FAKE/1/fake/aHR0cHM6Ly9leGFtcGxlLmNvbS91bnN1YnNjcmliZQ"
    assert rules.spared(url(article)) is None
    assert "unsubscribe" in (rules.spared(url(leave)) or "")
    assert "signed" in (rules.spared(url("https://example.com/article?signature=fake")) or "")


def test_a_rule_set_can_be_sent_to_another_process(rules: RuleSet) -> None:
    copy = pickle.loads(pickle.dumps(rules))
    pixel = url("https://track.pstmrk.it/open?m=fake")
    assert copy.digest == rules.digest
    assert copy.match(pixel, Trigger.OPEN) == rules.match(pixel, Trigger.OPEN)
    assert copy.parameters(url("https://example.com/?utm_source=x")) == rules.parameters(
        url("https://example.com/?utm_source=x")
    )


def test_the_users_file_wins_over_the_shipped_one(tmp_path: Path, rules: RuleSet) -> None:
    mine = load([folder(tmp_path, VENDOR.replace("fake-mailer", "mailchimp"), "mailchimp.yaml")])
    pixel = url("https://example.us1.list-manage.com/track/open.php?u=fake&id=fake&e=fake")
    found = mine.match(url("https://mailer.example/track/open?u=1"), Trigger.OPEN)
    assert found is not None
    assert found.name == "mailchimp/open"
    shape = mine.match(pixel, Trigger.OPEN)
    assert shape is None or shape.vendor.id != "mailchimp"
    assert mine.digest != rules.digest


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://example.us1.list-manage.com/tr%61ck/%6Fpen.php?u=fake&id=fake&e=fake", "mailchimp/open"),
        ("https://go.example.com/tr%61ck/%6fpen.php?%75=1&id=fake", "mandrill/open-own-domain"),
        ("https://example.us1.list-manage.com/track%2Fopen.php?u=fake&id=fake&e=fake", None),
    ],
)
def test_a_needless_escape_hides_nothing(rules: RuleSet, text: str, name: str | None) -> None:
    found = rules.match(url(text), Trigger.OPEN)
    assert (found and found.name) == name


def test_a_rule_is_of_its_own_kind_or_of_its_vendors(tmp_path: Path) -> None:
    click = VENDOR.replace("open-pixel", "link-redirect").replace("added:", "kind: gateway\nadded:")
    own = click.replace("    match:", "    kind: affiliate\n    match:")
    for content, kind in ((click, Kind.GATEWAY), (own, Kind.AFFILIATE)):
        found = load([folder(tmp_path, content)]).match(url("https://mailer.example/track/open?u=1"), Trigger.CLICK)
        assert found is not None
        assert found.rule.kind is kind


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("technique: open-pixel", "technique: pixel"), 8, "allowed are 'open-pixel', 'remote-style'"),
        (("    match:", "    macht:"), 9, "'rules.macht' is no field of a rule file; allowed are confidence, examples"),
        (("added:", "kind: gatewa\nadded:"), 5, "allowed are 'tracking', 'gateway' or 'affiliate'"),
        (("added:", "kind: gateway\nadded:"), 1, "there is no link-redirect here"),
        (("    match:", "    kind: gateway\n    match:"), 7, "only a link-redirect has a 'kind'"),
        (("name: Fake Mailer\n", ""), 1, "'name' is missing"),
        (("id: fake-mailer", "id: other"), 1, "id is 'other', the file is fake-mailer.yaml"),
        (("name: Fake Mailer", "name: Fake Mailer\nname: Again"), 3, "'name' stands here for the second time"),
        (("||mailer.example/track/open^", "mailer.example"), 9, "a match begins with"),
        (('      spares: ["https://mailer.example/logo.png"]\n', ""), 10, "'rules.examples.spares' is missing"),
        (
            ('["https://mailer.example/logo.png"]', "[]"),
            12,
            "'rules.examples.spares' is an empty list; it must be a list with at least 1 entry",
        ),
        (
            ("evidence: [https://mailer.example/docs/open-tracking]", "evidence: []"),
            4,
            "'evidence' is an empty list; it must be a list",
        ),
        (("https://mailer.example/\n", "mailer.example\n"), 3, "site: not an http or https address"),
        (("    match:", "    target: query:u\n    match:"), 7, "only a link-redirect has a 'target'"),
        (("||mailer.example/track", "||*/track"), 7, "needs 'needs: invisible'"),
        (("added: 2026-01-15", "added: {"), 7, "no valid YAML"),
        (("    match:", "    regex: ^/x\n    match:"), 7, "'regex' and 'why' go together"),
        (("added: 2026-01-15", "added: someday"), 5, "'added' is 'someday'; it must be a day, such as 2026-01-15"),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_what_is_allowed(
    tmp_path: Path, change: tuple[str, str], line: int, says: str
) -> None:
    assert change[0] in VENDOR
    wrong = folder(tmp_path, VENDOR.replace(*change))
    with pytest.raises(RuleError) as caught:
        load([wrong])
    expected = f"{wrong / 'vendors' / 'fake-mailer.yaml'}:{line}: "
    assert [problem for problem in caught.value.problems if problem.startswith(expected) and says in problem], str(
        caught.value
    )


@pytest.mark.parametrize(
    "value", ["", "7", "1.5", "true", "x y", "[]", "[1]", "[[]]", "[x]", "{}", "{a: 1}", "2026-99-99"]
)
@pytest.mark.parametrize(
    "line",
    [
        *("id: fake-mailer", "name: Fake Mailer", "site: https://mailer.example/", "added: 2026-01-15"),
        *("evidence: [https://mailer.example/docs/open-tracking]", "technique: open-pixel", "confidence: 0.9"),
        *('match: "||mailer.example/track/open^"', 'spares: ["https://mailer.example/logo.png"]'),
    ],
)
def test_no_mistake_is_told_in_the_words_of_the_library(tmp_path: Path, line: str, value: str) -> None:
    content = VENDOR.replace("    match:", "    confidence: 0.9\n    match:")
    assert line in content
    wrong = folder(tmp_path, content.replace(line, f"{line.partition(':')[0]}: {value}"))
    told = "\n".join(map(str, load_folders([wrong]).problems))
    assert not re.search("Input|should|valid |Value error|instance|dictionary|boolean", told)


def test_every_pattern_of_a_field_has_its_words() -> None:
    assert set(re.findall(r'"pattern": (".*?")(?=,?$)', json_schema(), re.MULTILINE)) == {
        json.dumps(pattern) for pattern in PATTERNS
    }


def test_every_mistake_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    folder(tmp_path, VENDOR.replace("open-pixel", "pixel").replace("name: Fake Mailer\n", ""))
    folder(tmp_path, "[]", "list.yaml")
    folder(tmp_path, "a: &a [*a]", "loop.yaml")
    with pytest.raises(RuleError) as caught:
        load([tmp_path, tmp_path / "absent"])
    text = str(caught.value)
    assert text.count("fake-mailer.yaml") == 2
    assert "list.yaml:1: a rule file is a mapping" in text
    assert "loop.yaml:1: no aliases" in text
    assert "absent:1: no folder of rules" in text


def test_two_rules_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    rule = VENDOR[VENDOR.index("  - id: open") :]
    with pytest.raises(RuleError, match=r"fake-mailer.yaml:13: 'open' stands here for the second time"):
        load([folder(tmp_path, VENDOR + rule)])
