"""Reading messages: what there is to tell about each of them."""

from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path

from blockproxy.detect.rules import load
from blockproxy.scan import pool
from blockproxy.scan.report import Report, Task, report
from blockproxy.scan.sources import Letter


def read_all(
    letters: Iterable[Letter], folders: tuple[Path, ...], task: Task, jobs: int = 0
) -> Generator[Report, None, None]:
    """What there is to tell about each of `letters`, by the shipped rules and those in `folders`; 0 jobs: all cores."""
    return pool.in_order(letters, _reader, (folders, task), jobs)


def _reader(made_of: tuple[tuple[Path, ...], Task]) -> Callable[[Letter], Report]:
    folders, task = made_of
    return partial(report, rules=load(folders), task=task)
