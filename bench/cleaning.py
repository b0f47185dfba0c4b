"""The cleaner beside lxml: what it takes to read, judge and rewrite a newsletter, and to see that there is nothing.

The measure is what anybody pays who touches HTML at all: `lxml.html.fromstring` and `tostring` of the decoded HTML,
which is C. Each round has a letter of its own, because the cleaner remembers URLs that it has seen.
"""

from collections.abc import Iterator, Sequence

import lxml.html

from bench import messages
from bench.measure import Row, interleaved, median_row, ratios
from bench.newsletter import newsletter
from blockproxy.cleaner import Cleaner
from blockproxy.detect.rules import RuleSet, built_in
from blockproxy.model import Cleaned, Context, Policy
from blockproxy.remember import keep_for_good

SIZE = 100_000  # octets of HTML
MAX_NEWSLETTER = 2.0  # times as long as lxml
MAX_QUIET = 0.2  # times as long as lxml, where there is nothing remote to find
CONTEXT = Context((messages.READER,))


def newsletters(quick: bool) -> Iterator[Row]:
    """Newsletters in quoted-printable, with four kinds of links."""
    rounds = 3 if quick else 15
    for name, dress in messages.DRESSES.items():
        html = [messages.remote_letter(SIZE, dress, seed) for seed in range(rounds + 1)]
        letters = [messages.html_message(each) for each in html]
        found = clean(built_in(), letters[0]).findings
        how = f"100 KB, quoted-printable; {len(found)} findings, {sum(each.blocked for each in found)} acted upon"
        yield _beside_lxml(f"cleaner, {name}", letters, html, MAX_NEWSLETTER, how)


def quiet(quick: bool) -> Iterator[Row]:
    """Mail without remote content: HTML with pictures that came along, and text."""
    rounds = 3 if quick else 15
    html = [newsletter(SIZE, remote=False, seed=seed) for seed in range(rounds + 1)]
    prose = [messages.text(SIZE, seed) for seed in range(rounds + 1)]
    kinds = {
        "HTML in quoted-printable": [messages.html_message(each) for each in html],
        "HTML in base64": [messages.html_message(each, "base64") for each in html],
        "text in quoted-printable": [messages.text_message(each) for each in prose],
        "text in 8bit": [messages.text_message(each, "8bit") for each in prose],
    }
    for name, letters in kinds.items():
        yield _beside_lxml(f"cleaner, nothing remote, {name}", letters, html, MAX_QUIET, "100 KB")


def clean(rules: RuleSet, message: bytes) -> Cleaned:
    """Clean a message as the proxy does, in one piece."""
    cleaner = Cleaner(rules, Policy(), CONTEXT)
    head = cleaner.feed(message)
    cleaned = cleaner.close()
    assert len(head) + len(cleaned.message) == len(message)
    return cleaned


def through_lxml(html: bytes) -> object:
    """Parse and print."""
    return lxml.html.tostring(lxml.html.fromstring(html))


def _beside_lxml(name: str, letters: Sequence[bytes], html: Sequence[bytes], target: float, how: str) -> Row:
    rules = built_in()
    keep_for_good()  # as `blockproxy run` does
    ours, theirs = interleaved(
        [lambda n: clean(rules, letters[n]), lambda n: through_lxml(html[n])], rounds=len(letters) - 1
    )
    milliseconds = f"{1000 * min(ours):.1f} ms beside {1000 * min(theirs):.1f} ms at best"
    return median_row(name, ratios(ours, theirs), "x", target, f"{how}; lxml parses and prints it; {milliseconds}")
