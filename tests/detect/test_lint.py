"""What is no mistake and does no good is found: each remark once, and nothing else."""

from pathlib import Path

import pytest

from blockproxy.detect.lint import lint

VENDOR = """\
id: fake-mailer
name: Fake Mailer
site: https://mailer.example/
evidence: [https://mailer.example/docs/open-tracking]
added: 2026-01-15
rules:
  - id: click
    technique: link-redirect
    matches: ["||mailer.example/c/", "||mailer*.example/d/"]
    examples:
      catches: ["https://mailer.example/c/7", "https://mailer7.example/d/7"]
      spares: ["https://mailer.example/pricing"]
"""
PARAMETERS = """\
id: fake-mailer
name: Fake Mailer
evidence: [https://mailer.example/docs/open-tracking]
added: 2026-01-15
parameters:
  - {name: fake_eid, meaning: recipient}
examples:
  catches: [{url: "https://example.com/?fake_eid=fake", becomes: "https://example.com/"}]
  spares: ["https://example.com/?fake=1"]
"""


def linted(folder: Path, content: str) -> list[str]:
    path = folder / ("parameters" if content.startswith(PARAMETERS[:20]) and "parameters:" in content else "vendors")
    path.mkdir(exist_ok=True)
    (path / "fake-mailer.yaml").write_text(content)
    return [str(problem).removeprefix(f"{path}/fake-mailer.yaml:") for problem in lint([folder])]


@pytest.mark.parametrize("content", [VENDOR, PARAMETERS])
def test_a_good_file_is_fine(tmp_path: Path, content: str) -> None:
    assert linted(tmp_path, content) == []


PATTERNS = [
    ("||mailer.example/<c>/", "can never match"),
    ("||mailer.example/a/../c/", "can never match"),
    ("||mailer.example/%63/", "can never match"),
    ("||mailer.example/c/x", "is never needed: ||mailer.example/c/ matches all of it"),
    ("||eu.mailer.example/c/", "is never needed: ||mailer.example/c/ matches all of it"),
    ("||mailer.example/e/", "no example under 'catches' has what"),
    ("||mandrillapp.com/track/click/", "never speaks: fake-mailer/click takes"),
    ("||*/x/yz", "is too wide"),
]


@pytest.mark.parametrize(("pattern", "says"), PATTERNS)
def test_a_pattern_that_does_no_good_is_found(tmp_path: Path, pattern: str, says: str) -> None:
    remarks = linted(tmp_path, VENDOR.replace('"||mailer*.example/d/"', f'"{pattern}"'))
    assert [remark for remark in remarks if pattern in remark and says in remark], remarks


NAMES = [
    ("{name: source, meaning: campaign}", "source is too wide"),
    ("{name: _q, meaning: click}", "_q is short"),
    ("{name: fk_*, meaning: click}", "4 characters in front of the '*'"),
    ("{name: signature, meaning: click}", "is never taken off"),
    ("{name: fbclid, meaning: click}", "fbclid is meta's too"),
    ("{name: fake_e, meaning: click, hosts: {only: [a.example], never: [a.example]}}", "both in 'only' and in 'never'"),
    ("{name: fake_*, meaning: recipient}", "fake_eid is never needed: fake_* says the same"),
]


@pytest.mark.parametrize(("parameter", "says"), NAMES)
def test_a_parameter_that_does_no_good_is_found(tmp_path: Path, parameter: str, says: str) -> None:
    remarks = linted(tmp_path, PARAMETERS.replace("examples:", f"  - {parameter}\nexamples:"))
    assert [remark for remark in remarks if says in remark], remarks


def test_a_name_that_everybody_uses_is_fine_on_named_hosts(tmp_path: Path) -> None:
    named = "  - {name: source, meaning: campaign, hosts: {only: [shop.example]}}\nexamples:"
    assert linted(tmp_path, PARAMETERS.replace("examples:", named)) == []


def test_a_broken_file_is_told_first(tmp_path: Path) -> None:
    assert "is missing" in linted(tmp_path, VENDOR.replace("name: Fake Mailer\n", ""))[0]
