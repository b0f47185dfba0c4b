"""Reading messages: what there is to tell about each of them."""

from collections.abc import Callable, Generator, Iterable
from functools import partial

from blockproxy.rulesettings import Rules
from blockproxy.scan import pool
from blockproxy.scan.kept import kept
from blockproxy.scan.report import Report, Task, report
from blockproxy.scan.sources import Letter
from blockproxy.subscriptions.load import load


def read_all(letters: Iterable[Letter], rules: Rules, task: Task, jobs: int = 0) -> Generator[Report, None, None]:
    """What there is to tell about each of `letters`, by the shipped rules and `rules`; 0 jobs: all cores."""
    return pool.in_order(letters, _reader, (rules, task), jobs)


def _reader(made_of: tuple[Rules, Task]) -> Callable[[Letter], Report]:
    rules, task = made_of
    with kept():
        return partial(report, rules=load(rules), task=task)
