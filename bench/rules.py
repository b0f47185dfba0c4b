"""The rules: how long they take to load, and what one question costs. For information."""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench.measure import Row, median_row
from blockproxy.detect.rules import RuleSet, load
from blockproxy.model import Trigger
from blockproxy.url import Url, parse

URLS = 2_000


def rules(quick: bool) -> Iterator[Row]:
    """Loading, matching, parameters."""
    rounds = 2 if quick else 7
    loading = [_seconds(load) for _ in range(min(rounds, 3))]
    rule_set = load()
    count = sum(map(len, rule_set.vendors.values()))
    yield median_row(
        "rules, loading",
        [1000 * spent for spent in loading],
        "ms",
        None,
        f"{count} rules, {len(rule_set.vendors)} files",
    )
    urls = _urls()
    for name, ask in _QUESTIONS.items():
        spent = [_seconds(partial(_each, ask, rule_set, urls)) for _ in range(rounds)]
        microseconds = [1_000_000 * each / len(urls) for each in spent]
        yield median_row(f"rules, {name}", microseconds, "us", None, f"for each of {len(urls)} parsed URLs")


def _match(rule_set: RuleSet, url: Url) -> object:
    return rule_set.match(url, Trigger.OPEN)


_QUESTIONS: dict[str, Callable[[RuleSet, Url], object]] = {
    "match": _match,
    "parameters": RuleSet.parameters,
    "spared": RuleSet.spared,
}


def _each(ask: Callable[[RuleSet, Url], object], rule_set: RuleSet, urls: list[Url]) -> None:
    for url in urls:
        ask(rule_set, url)


def _urls() -> list[Url]:
    """Half of a host that nobody knows, half of a vendor's."""
    chance = random.Random(1)
    hosts = ["www.example.com", "cdn.images.example.net", "example.us1.list-manage.com", "ctrk.klclick1.com"]
    texts = (f"https://{chance.choice(hosts)}/track/{n}?u=fake{n}&id=fake&utm_source=letter" for n in range(URLS))
    return [url for url in map(parse, texts) if url]


def _seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start
