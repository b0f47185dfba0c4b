"""A subscribed list of 60,000 rules: how long it takes to read, and what it costs a newsletter with 200 links.

The list is made up in the proportions of EasyPrivacy and names the host of the newsletter's pictures, so that each of
them has to be looked at.
"""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench import messages
from bench.cleaning import CONTEXT, clean, through_lxml
from bench.measure import Row, interleaved, median_row, ratios
from bench.newsletter import newsletter
from blockproxy.detect.judge import Judge
from blockproxy.detect.rules import RuleSet, built_in
from blockproxy.lists.reading import read
from blockproxy.message.references import in_html
from blockproxy.model import Policy, Resource
from blockproxy.url import Url, parse

RULES = 60_000
SIZE = 100_000  # octets of HTML
LINKS = 200
URLS = 2_000
MAX_READING = 1000.0  # milliseconds
MAX_DETECTION = 2.5  # times as long as lxml
MAX_SHARE = 1.2  # times as long as without the list
MAX_JUDGING = 10.0  # microseconds for each URL

_BLOCK = b"<!--[if (mso)|(IE)]><table"  # begins a block of the newsletter

# How often each form stands in a hundred lines.
_FORMS = {
    "||t{n}.tracker{m}.example^": 45,
    "||stats{n}.example^$third-party": 20,
    "||shop{m}.example/t{n}/open^$image": 12,
    "||cdn{m}.example^*/pixel{n}.gif": 5,
    ".beacon{n}.example/o/$image,third-party": 6,
    "/mail{n}/open?*id=$image": 5,
    "@@||fine{n}.example^$image": 2,
    "$removeparam=par{n}": 2,
    "||site{n}.example^$removeparam=from{m}": 2,
    "||go{n}.example/out*^to=http$doc,urlskip=?to": 1,
}


def lists(quick: bool) -> Iterator[Row]:
    """Reading, asking, and a whole newsletter."""
    rounds = 3 if quick else 15
    text = made_up(RULES)
    reading = [1000 * _seconds(lambda: read(text, "adblock", "made-up")) for _ in range(min(rounds, 5))]
    how = f"{RULES:,} lines of adblock syntax, {len(text) // 1024} KB"
    yield median_row("lists, reading", reading, "ms", MAX_READING, how)
    rules = built_in().subscribing([read(text, "adblock", "made-up").entries])
    urls = _urls()
    asking = [1_000_000 * _seconds(partial(_ask, rules, urls)) / len(urls) for _ in range(rounds)]
    yield median_row("lists, asking", asking, "us", MAX_JUDGING, f"for each of {len(urls)} parsed URLs of pictures")
    yield from _newsletter(rules, rounds)


def made_up(count: int) -> str:
    """A list of `count` lines."""
    chance = random.Random(1)
    forms = chance.choices(list(_FORMS), weights=list(_FORMS.values()), k=count - 1)
    lines = [form.format(n=number, m=chance.randrange(3000)) for number, form in enumerate(forms)]
    return "\n".join([*lines, "||images.mailer.example^"])


def letter(seed: int) -> bytes:
    """HTML with `LINKS` links, of another kind in each block."""
    dresses = list(messages.DRESSES.values())
    blocks = newsletter(SIZE, seed=seed).split(_BLOCK)
    html = _BLOCK.join(dresses[number % len(dresses)](block) for number, block in enumerate(blocks))
    chance, more = random.Random(seed), list[str]()
    while html.count(b"<a ") + len(more) < LINKS:
        token = chance.randrange(10**9)
        more.append(
            f'<li><a href="https://www.example.com/p/{token}?par{token % RULES}=fake&amp;a=1">more</a></li>\r\n'
        )
    return html.replace(b"</body>", "".join(more).encode() + b"</body>")


def _newsletter(rules: RuleSet, rounds: int) -> Iterator[Row]:
    html = [letter(seed) for seed in range(rounds + 1)]
    letters = [messages.html_message(each) for each in html]
    found, own = clean(rules, letters[0]).findings, built_in()
    judge = Judge(rules, Policy(), CONTEXT)
    listed, unlisted, detected, lxml = interleaved(
        [
            lambda n: clean(rules, letters[n]),
            lambda n: clean(own, letters[n]),
            lambda n: judge.judge(in_html(html[n]), html[n]),
            lambda n: through_lxml(html[n]),
        ],
        rounds,
    )
    how = (
        f"{len(html[0]) // 1000} KB, {html[0].count(b'<a ')} links, {len(found)} findings; all rules and the list; "
        f"lxml parses and prints it; {1000 * min(listed):.1f} ms beside {1000 * min(lxml):.1f} ms at best"
    )
    yield median_row(
        "detection, with a list", ratios(detected, lxml), "x", MAX_DETECTION, "references and findings of it"
    )
    yield median_row("cleaner, with a list", ratios(listed, lxml), "x", None, how)
    yield median_row(
        "cleaner, with a list beside without", ratios(listed, unlisted), "x", MAX_SHARE, "the same letters"
    )


def _urls() -> list[Url]:
    """Of hosts that nobody knows, of listed ones, and with paths that are listed."""
    chance = random.Random(2)
    hosts = (
        "www.example.com",
        "cdn.images.example.net",
        "t7.tracker9.example",
        "a.b.c.stats8.example",
        "shop5.example",
    )
    texts = (f"https://{chance.choice(hosts)}/track{n}/img/{n}.png?u=fake{n}&id=fake" for n in range(URLS))
    return [url for url in map(parse, texts) if url]


def _ask(rules: RuleSet, urls: list[Url]) -> None:
    for url in urls:
        rules.listed(url, Resource.IMAGE)


def _seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start
