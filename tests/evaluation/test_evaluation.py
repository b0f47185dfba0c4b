"""`make evaluate` from end to end, over a small corpus that is made here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import cleaning
from bench.measure import Row
from evaluation import __main__ as program
from evaluation import labelled, report
from evaluation.invariants import CHECKS
from tests.corpus_path import corpus, needs_corpus

PIXEL = '<img src="https://example.us1.list-manage.com/track/open.php?u=fake0001&amp;id=fake0002" width="1" height="1">'
SPACER = '<img src="https://static.example.com/spacer.gif" width="1" height="1">'
LINK = '<a href="https://shop.example.com/?utm_source=news&amp;id=7">offer</a>'
HEADER = "From: a@example.com\nTo: reader@example.org\nContent-Type: text/html; charset=utf-8\n\n"

PIXEL_CASE = {"test": "testPixel", "html": f"<p>{PIXEL}</p>", "expected": "<p></p>", "certainty": "HARD_MATCH"}
SPACER_CASE = {"test": "testSpacer", "html": SPACER, "certainty": "LOW_NO_MATCHES"}
WRONG_CASE = {"test": "testWrong", "html": SPACER, "expected": "", "certainty": "HARD_MATCH"}
TROCKER = [
    {"kind": "OpenTracker", "service": "XX", "hit": ["https://t.example.com/o?u=fake0001fake"], "miss": []},
    {"kind": "ClickTracker", "service": "XX", "hit": [], "miss": ["https://www.example.com/"]},
]
PARAMETERS = {
    "a set": {
        "tests": [
            {"name": "goes", "testURL": "https://example.com/?a=1&fbclid=2", "expectURL": "https://example.com/?a=1"},
            {"name": "stays", "testURL": "https://example.com/?a=1", "expectURL": "https://example.com/?a=1"},
        ]
    }
}


def written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A corpus of three messages and a few labels."""
    folder = tmp_path / "corpus"
    written(folder / "newsletters" / "one.eml", HEADER + PIXEL + LINK + SPACER)
    written(folder / "newsletters" / "two.eml", HEADER + "<p>nothing</p>")
    written(folder / "ham-2002" / "one.eml", HEADER + SPACER)
    written(folder / "elsewhere" / "one.eml", HEADER + PIXEL)
    written(folder / "labelled" / "mailtrackerblocker" / "cases.json", json.dumps([PIXEL_CASE, SPACER_CASE]))
    written(folder / "labelled" / "trocker" / "samples.json", json.dumps(TROCKER))
    written(folder / "labelled" / "url-parameters" / "x_tests.json", json.dumps(PARAMETERS))
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(_quick: bool) -> Iterator[Row]:
        yield Row("a row of the benchmarks", 1.5, "x", 2.0, "how")

    monkeypatch.setattr(cleaning, "newsletters", rows)
    monkeypatch.setattr(cleaning, "quiet", rows)
    monkeypatch.setattr(program, "QUICK", 1)


def evaluated(root: Path, tmp_path: Path) -> tuple[int, str]:
    out = tmp_path / "evaluation.md"
    code = program.main(["--quick", "--corpus", str(root), "--out", str(out)])
    return code, out.read_text()


def test_a_corpus_becomes_tables(root: Path, tmp_path: Path) -> None:
    code, text = evaluated(root, tmp_path)
    assert code == 0
    for line in (
        "| newsletters | 2 | 50.0 % | 50.0 % | 0.0 % | 0.0 % | 50.0 % | 0.0 % | 0.0 % |",
        "| newsletters | 50.0 % | 1 | 0 | 1 | 0 | 0 |",
        "`ham-2002`: 0 of 1 messages changed, spacers removed: 0",
        "| mailtrackerblocker | 2 | 2 | 0 | 0 |",
        "| trocker | 2 | 2 | 0 | 0 |",
        "| url-parameters | 2 | 2 | 0 | 0 |",
        "| as many octets | 3 | 0 |",
        "| base64 | 1 of 1 | 100.0 % | 1 of 1 | 100.0 % |",
        "| random identifiers that are nobody's address | 1 | 0 |",
        "| a row of the benchmarks | 1.50 x | 2 x |",
    ):
        assert line in text.splitlines()
    assert "not measured: phishing, list-a" in text
    assert "labelled/mailspring" in text


def test_nothing_of_the_mail_gets_into_the_report(root: Path, tmp_path: Path) -> None:
    _, text = evaluated(root, tmp_path)
    assert not [word for word in ("fake000", "shop.example", "static.example", "reader@", "spacer.gif") if word in text]


def test_it_is_the_same_every_time(root: Path, tmp_path: Path) -> None:
    assert evaluated(root, tmp_path) == evaluated(root, tmp_path)


def test_a_case_that_is_wrong_without_a_reason_ends_with_1(root: Path, tmp_path: Path) -> None:
    path = root / "labelled" / "mailtrackerblocker" / "cases.json"
    path.write_text(json.dumps([PIXEL_CASE, WRONG_CASE]))
    code, text = evaluated(root, tmp_path)
    assert code == 1
    assert "| mailtrackerblocker | 2 | 1 | 0 | 1 |" in text
    assert (
        '- mailtrackerblocker, testWrong 1: the label says "resource 1 of 1 goes", we: "all stays". **Wrong.**' in text
    )


def test_a_reason_makes_it_meant_and_one_that_nobody_needs_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "labelled" / "mailtrackerblocker" / "cases.json"
    path.write_text(json.dumps([PIXEL_CASE, WRONG_CASE]))
    reasons = {"mailtrackerblocker/testWrong 1": "a reason", "mailtrackerblocker/testPixel 1": "an old one"}
    monkeypatch.setattr(labelled, "on_purpose", lambda: reasons)
    code, text = evaluated(root, tmp_path)
    assert code == 0
    assert '"all stays". a reason' in text
    assert "No longer needed in `evaluation/on_purpose.yaml`: mailtrackerblocker/testPixel 1" in text


def test_an_invariant_that_breaks_is_told(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {**CHECKS, "as many octets": lambda message, cleaned, context: False}
    monkeypatch.setattr("evaluation.mail.CHECKS", broken)
    code, text = evaluated(root, tmp_path)
    assert code == 1
    assert "| as many octets | 3 | 3 |" in text
    assert "as many octets: broken in `ham-2002/one.eml`, `newsletters/one.eml`, `newsletters/two.eml`" in text


def test_without_a_corpus_the_rest_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "corpus", lambda: None)
    out = tmp_path / "evaluation.md"
    assert program.main(["--quick", "--out", str(out)]) == 0
    assert "## Recall by disguise" in out.read_text()
    assert "## Mail" not in out.read_text()


@needs_corpus
def test_every_reason_belongs_to_a_case_that_we_see_otherwise() -> None:
    root = corpus()
    assert root is not None
    differing = {report.key(case) for case in labelled.cases(root / "labelled") if not case.right}
    assert differing == set(labelled.on_purpose())
