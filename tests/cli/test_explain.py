"""`blockproxy explain`: everything about one message, and a page that is safe to open."""

import html.parser
import io
import json
import os
import pty
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import blockproxy as library
from blockproxy.cli.explain_page import page
from blockproxy.cli.explaining import Explanation, explain
from blockproxy.detect.rules import built_in
from blockproxy.model import Action, Context, Policy, Technique
from tests import generated
from tests.cli.command import PROGRAM, blockproxy, environment
from tests.corpus_path import messages, needs_corpus

HERE = Path(__file__).parent / "explained"
LETTER = HERE / "letter.eml"
PAIRS = sorted((Path(__file__).parent.parent / "corpus").glob("*/before.eml"))
READER = Context(("reader@example.org",))
BIG = 15 * 1024 * 1024  # octets, below what a leaf may have to be looked into
LINK = b'<p>%s<a href="https://x.example/unsubscribe">y</a>' % (b"words " * 50)
SECONDS = 30  # of the processor, for a message of 16 MB; two are usual


def explained(message: bytes, policy: Policy = Policy()) -> Explanation:  # noqa: B008 - a frozen value
    return explain(message, built_in(), policy, READER)


def found(*words: object) -> dict[str, list[dict[str, object]]]:
    told: dict[str, list[dict[str, object]]] = json.loads(blockproxy("explain", "--json", *words).out)
    return told


def test_a_letter_is_explained_like_this() -> None:
    ended = blockproxy("explain", LETTER)
    assert ended.out == (HERE / "letter.txt").read_text()
    assert (ended.code, ended.err) == (0, "")


def test_every_finding_has_its_tag_before_and_after() -> None:
    told = found(LETTER)
    before = {finding["rule"]: (finding["before"], finding["after"]) for finding in told["findings"]}
    assert before["meta/fbclid"][0] == "Look: https://example.org/?fbclid=fake-fake"
    for finding in told["findings"]:
        assert (finding["before"] == finding["after"]) is (finding["action"] == Action.REPORT)


def test_what_was_left_alone_says_why() -> None:
    told = found(LETTER)
    assert [(one["why"], one["url"]) for one in told["left"]] == [
        ("same-for-all", "https://static.example.com/spacer.gif"),
        ("visible", "https://static.example.com/logo.png"),
        ("spared", "https://example.com/unsubscribe?u=fake&utm_source=news"),
        ("unknown", "https://www.example.com/"),
    ]
    assert told["skipped"] == [{"part": "3.1", "reason": "signed", "detail": ""}]
    assert [one["type"] for one in told["not_read"]] == ["application/pgp-signature", "image/png"]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (Policy({Technique.LINK_DECORATION: Action.REPORT}), "the settings say: report link-decoration"),
        (Policy(threshold=0.99), "less sure (0.95) than the threshold of 0.99"),
    ],
)
def test_what_is_only_reported_says_why(policy: Policy, why: str) -> None:
    notes = {note.finding.rule: note for note in explained(LETTER.read_bytes(), policy).notes()}
    assert notes["google-analytics/utm_source"].why == why


def test_blocked_remote_content_leaves_no_picture_to_explain() -> None:
    assert [one["place"] for one in found(LETTER, "--remote", "block")["left"]] == ["a href", "a href"]


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.parent.name)
def test_who_takes_notes_cleans_as_the_proxy_does(path: Path) -> None:
    assert_same(path.read_bytes())


@settings(max_examples=60, deadline=None)
@given(generated.messages | st.binary(max_size=400))
def test_any_octets_can_be_explained(message: bytes) -> None:
    explanation = assert_same(message)
    Elements().feed(page("any", explanation))


@needs_corpus
def test_real_mail_can_be_explained() -> None:
    for _, message in messages("mime", "phishing")[::12]:
        assert_same(message)


def assert_same(message: bytes) -> Explanation:
    explanation, cleaned = explained(message), library.clean(message, context=READER)
    assert explanation.cleaned.message == cleaned.message
    assert explanation.skipped == cleaned.skipped
    notes = [note.finding for note in explanation.notes() if not note.left]
    assert sorted((one.rule, one.action, one.url) for one in notes) == sorted(
        (one.rule, one.action, one.url) for one in cleaned.findings
    )
    for note in explanation.notes():
        assert len(note.source.before) == len(note.source.after)
        assert (note.before != note.after) or not note.finding.blocked
    return explanation


def test_colours_are_for_terminals_and_the_mail_sends_none_there(tmp_path: Path) -> None:
    message = tmp_path / "hostile.eml"
    message.write_bytes(HOSTILE)
    assert "\x1b" not in blockproxy("explain", message).out
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            [*PROGRAM, "explain", str(message)], stdout=theirs, env={**environment(), "TERM": "xterm"}
        )
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux says so when the other side is closed
            while block := terminal.read(4096):
                shown += block
    assert process.wait(60) == 0
    assert b"\x1b[1m" in shown
    assert b"\x1b[31mred" not in shown
    assert b"\xe2\x80\xae" not in shown


# The page.

HOSTILE = b"""Subject: <script>document.title="owned"</script>
Content-Type: text/html; charset=utf-8

<img src="http://t.example/open?u=fake12345\x1b[31mred\xe2\x80\xae" width=1 height=1>
<script>document.title="owned"</script></td></table></mark><img src="http://t.example/open?u=fake12345" width=1
height=1 onerror="document.title='owned'"><style>@import "http://t.example/x.css"; body{display:none}</style>
<base href="http://t.example/"><meta http-equiv=refresh content="0;url=http://t.example/">
<a href="http://t.example/unsubscribe?'&quot;&gt;<script>x</script>">x</a>&lt;script&gt;document.title="owned"&lt;/script&gt;
\xe2\x80\xaeturned around, and \x1b[31mred, \x00 and \xff
"""
_OURS = "html head meta title style body h1 h2 p table tr th td a span strong mark code br"
ALLOWED = frozenset(_OURS.split())


class Elements(html.parser.HTMLParser):
    """Checks each start tag of a page: none but ours, and no address but places in the page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= {
            "href",
            "class",
            "id",
            "lang",
            "charset",
            "http-equiv",
            "content",
            "name",
        }
        assert all(re.fullmatch(r"#[nf]\d+", value or "") for name, value in attrs if name == "href")


def test_nothing_of_a_hostile_message_becomes_markup(tmp_path: Path) -> None:
    message = tmp_path / "<b>hostile.eml"
    message.write_bytes(HOSTILE)
    target = tmp_path / "page.html"
    ended = blockproxy("explain", "--html", target, message)
    assert (ended.code, ended.out) == (0, "")
    text = target.read_text()
    Elements().feed(text)
    assert "default-src 'none'" in text
    assert not re.search("[\u202e\x1b\0]", text)


def test_the_places_that_the_page_links_to_are_there() -> None:
    text = page("letter", explained(LETTER.read_bytes()))
    links, names = set(re.findall(r'href="#(\w+)"', text)), re.findall(r'id="(\w+)"', text)
    assert len(links) > 12
    assert links <= set(names)
    assert len(names) == len(set(names))


def test_a_page_says_which_side_is_which_and_folds_padding_and_quiet_lines_of_a_header() -> None:
    text = page("letter", explained(b"X-Quiet: yes\n" * 20 + LETTER.read_bytes()))
    for side in ("before", "after", "as it is"):
        assert f'<p class="side {side}"><span class="label">{side}</span>' in text
    assert "<th>before</th><th>after</th>" in text
    assert re.search(r"blocked: Mailchimp open-pixel<span class=\"pad\"> … \d+ blanks … </span>--&gt;", text)
    assert " " * 12 not in text
    assert "… 23 unchanged lines …" in text
    assert text.count("X-Quiet") == 0


@pytest.mark.parametrize(
    "filling",
    [b"<p>words that nobody needs</p>\r\n", b"<b>x</b>", b"\n", LINK],
    ids=["lines", "one line", "line ends", "links"],
)
def test_a_message_of_16_mb_takes_bounded_time(filling: bytes) -> None:
    pixel = b'<img src="http://t.example/open?u=fake12345" width=1 height=1>'
    message = b"Content-Type: text/html\r\n\r\n" + filling * (BIG // len(filling)) + pixel
    begin = time.process_time()
    explanation = explained(message)
    shown = page("big", explanation)
    assert time.process_time() - begin < SECONDS
    assert len(shown) < 5_000_000
    assert any(note.finding.blocked for note in explanation.notes())


# How it ends.


def test_standard_input_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    class Given:
        buffer = io.BytesIO(LETTER.read_bytes())

    monkeypatch.setattr("sys.stdin", Given)
    assert blockproxy("explain", "-").out.startswith("standard input: 1,488 octets")


@pytest.mark.parametrize("name", ["absent.eml", "."])
def test_what_cannot_be_read_ends_with_1(tmp_path: Path, name: str) -> None:
    ended = blockproxy("explain", tmp_path / name)
    assert ended.code == 1
    assert name.strip(".") in ended.err


def test_the_message_is_not_overwritten_by_its_page(tmp_path: Path) -> None:
    message = tmp_path / "letter.eml"
    message.write_bytes(LETTER.read_bytes())
    ended = blockproxy("explain", "--html", message, message)
    assert ended.code == 2
    assert message.read_bytes() == LETTER.read_bytes()


def test_a_page_that_cannot_be_written_ends_with_2(tmp_path: Path) -> None:
    assert blockproxy("explain", "--html", tmp_path / "absent" / "page.html", LETTER).code == 2


def test_a_page_replaces_an_earlier_page_and_nothing_else(tmp_path: Path) -> None:
    target, other = tmp_path / "page.html", tmp_path / "other.html"
    for _ in range(2):
        assert blockproxy("explain", "--html", target, LETTER).code == 0
    other.write_text("<!DOCTYPE html>\n<title>mine</title>")
    ended = blockproxy("explain", "--html", other, LETTER)
    assert (ended.code, other.read_text()) == (2, "<!DOCTYPE html>\n<title>mine</title>")
    assert "was not written by this command" in ended.err


def test_many_messages_in_one_file_are_not_explained_as_one(tmp_path: Path) -> None:
    separator = b"From a@example.org Thu Jan  1 00:00:00 2026\n"
    box = tmp_path / "box"
    box.write_bytes(separator + b"Subject: one\n\nquiet\n\n" + separator + LETTER.read_bytes())
    ended = blockproxy("explain", box)
    assert (ended.code, ended.out) == (1, "")
    assert "many messages in one file (mbox); `blockproxy scan` reads it" in ended.err
    box.write_bytes(separator + LETTER.read_bytes())
    assert blockproxy("explain", box).code == 0


def test_what_is_shown_of_a_text_is_never_cut_inside_a_letter(tmp_path: Path) -> None:
    letter = tmp_path / "letter.eml"
    for shift in range(4):
        text = "x" * shift + "\u20ac" * 40 + " https://example.org/?fbclid=fake-fake " + "\u20ac" * 40 + "x" * shift
        letter.write_bytes(b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode() + b"\n")
        [finding] = found(letter)["findings"]
        for shown in (finding["before"], finding["after"]):
            assert "\ufffd" not in str(shown)
            assert "\u20ac" * 12 in str(shown)


def test_the_settings_name_rules_here_too(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(
        "imap: {listen: {port: 1143}, upstream: {host: imap.example.org, port: 993}}\nrules: {folders: [mine]}\n"
    )
    (tmp_path / "mine/vendors").mkdir(parents=True)
    (tmp_path / "mine/vendors/broken.yaml").write_text("id: broken\nrules: nonsense\n")
    ended = blockproxy("explain", "--config", tmp_path / "settings.yaml", LETTER)
    assert ended.code == 2
    assert "vendors/broken.yaml:" in ended.err
