"""Who is exempt: by address, domain and list, by account, for a while."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from blockproxy import config
from blockproxy.errors import InputError
from blockproxy.exemptions import MAX_PAUSE, Exemption, Exemptions, Sender, Treatment, sender_name

NEWS = Sender("news@mail.example.org", "mail.example.org", "weekly.example.org")
CLEAN, OFF, REPORT = Treatment.CLEAN, Treatment.OFF, Treatment.REPORT

HOLDS = ["news@mail.example.org", "mail.example.org", "example.org", "<weekly.example.org>", "News@Mail.Example.ORG"]
HOLDS_NOT = [
    "other@mail.example.org",
    "ample.org",
    "mail.example.org.evil.example",
    "<example.org>",
    "<news@mail.example.org>",
]


@pytest.mark.parametrize("name", HOLDS)
def test_a_sender_is_an_address_a_domain_or_a_list(name: str) -> None:
    assert Exemptions((Exemption(sender=name),)).treatment("anna", NEWS) is OFF


@pytest.mark.parametrize("name", HOLDS_NOT)
def test_nobody_else_is_meant(name: str) -> None:
    assert Exemptions((Exemption(sender=name),)).treatment("anna", NEWS) is CLEAN


@pytest.mark.parametrize(
    "name", ["", "org", "a@b@c", "two words", "<>", "@example.org", "http://example.org/", "a" * 400]
)
def test_what_is_no_sender_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        sender_name(name)
    with pytest.raises(ValidationError):
        Exemption(sender=name)


def test_a_sender_is_read_from_the_header() -> None:
    header = (
        b'From: "The <b@c.example> Gazette" <News@mail.Example.org>\r\nList-Id: Weekly <weekly.example.org>\r\n\r\n'
    )
    assert Sender.of(header).list_id == "weekly.example.org"
    assert Sender.of(b"From: News@mail.Example.org (the news)\r\n\r\n") == NEWS._replace(list_id="")
    assert Sender.of(b"Subject: nobody\r\n\r\n") == Sender()


def test_the_first_that_holds_counts() -> None:
    settled = (
        Exemption(sender="example.org", account="Anna", treatment=CLEAN),
        Exemption(sender="example.org", treatment=REPORT),
        Exemption(account="bert"),
    )
    exemptions = Exemptions(settled)
    assert exemptions.treatment("anna", NEWS) is CLEAN
    assert exemptions.treatment("carl", NEWS) is REPORT
    assert exemptions.treatment("bert", NEWS) is REPORT
    assert exemptions.treatment("bert", Sender()) is OFF
    exemptions.allow("mail.example.org")
    assert exemptions.treatment("anna", NEWS) is OFF


def test_who_is_allowed_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "allowed.json"
    exemptions = Exemptions(path=path)
    before = exemptions.version("anna")
    exemptions.allow("News@mail.example.org")
    exemptions.allow("<weekly.example.org>")
    assert exemptions.version("anna") != before
    assert path.stat().st_mode & 0o777 == 0o600
    again = Exemptions(path=path)
    assert again.allowed == ["<weekly.example.org>", "news@mail.example.org"]
    again.disallow("news@mail.example.org")
    assert Exemptions(path=path).allowed == ["<weekly.example.org>"]
    with pytest.raises(ValueError, match="was not allowed"):
        again.disallow("news@mail.example.org")


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"allowed": ["no sender"]}', '{"allowed": [7]}'])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "allowed.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"allowed\.json"):
        Exemptions(path=path)


def test_a_pause_ends_by_itself() -> None:
    now = 1_000.0
    exemptions = Exemptions(clock=lambda: now)
    exemptions.pause("Anna", 600)
    versions = [exemptions.version("anna")]
    assert exemptions.treatment("anna", NEWS) is OFF
    assert exemptions.treatment("bert", NEWS) is CLEAN
    now += 601
    assert exemptions.treatment("anna", NEWS) is CLEAN
    versions.append(exemptions.version("anna"))
    exemptions.pause("anna", 600)
    exemptions.pause("anna", 0)
    assert not exemptions.paused("anna")
    assert versions[0] != versions[1]
    for seconds in (-1, MAX_PAUSE + 1):
        with pytest.raises(ValueError, match="at most"):
            exemptions.pause("anna", seconds)


def test_the_settings_of_the_readme_are_read(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    block = re.search(r"```yaml\n(exemptions:.*?)```", readme, re.DOTALL)
    assert block
    path = tmp_path / "blockproxy.yaml"
    path.write_text("imap: {upstream: {host: imap.example.org, port: 993}}\n" + block[1])
    assert [one.treatment for one in config.load(path).exemptions] == [REPORT, OFF]


def test_what_cannot_be_kept_does_not_hold(tmp_path: Path) -> None:
    exemptions = Exemptions((), tmp_path / "nowhere" / "allowed.json")
    with pytest.raises(OSError, match="nowhere"):
        exemptions.allow("example.org")
    assert exemptions.allowed == []


def test_a_pause_can_be_ended_when_there_are_as_many_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockproxy.exemptions.MAX_PAUSES", 1)
    exemptions = Exemptions()
    exemptions.pause("anna", 60)
    exemptions.pause("Anna", 0)
    assert not exemptions.paused("anna")
