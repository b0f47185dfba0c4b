"""Reading messages on all cores, in their order, with a bounded number of them on the way."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

from blockproxy.detect.rules import RuleSet, load
from blockproxy.scan.report import Report, Task, report
from blockproxy.scan.sources import Letter

POOL_FROM = 200  # messages; starting processes takes half a second, in which one process reads about that many
CHUNK = 16  # messages handed to a process at once
AHEAD = 4  # chunks a process that are on the way; more would only take memory


def read_all(
    letters: Iterable[Letter], folders: tuple[Path, ...], task: Task, jobs: int = 0
) -> Generator[Report, None, None]:
    """What there is to tell about each of `letters`, by the shipped rules and those in `folders`; 0 jobs: all cores."""
    source = iter(letters)
    first = list(islice(source, POOL_FROM + 1)) if jobs == 0 else []
    if jobs == 0:
        jobs = (os.cpu_count() or 1) if len(first) > POOL_FROM else 1
    source = chain(first, source)
    if jobs == 1:
        rules = load(folders)
        yield from (report(letter, rules, task) for letter in source)
        return
    with _pool(jobs, folders, task) as pool:
        yield from _in_order(pool, source, jobs * AHEAD)


def _in_order(pool: ProcessPoolExecutor, source: Iterator[Letter], most: int) -> Iterator[Report]:
    waiting: deque[Future[list[Report]]] = deque()
    while chunk := list(islice(source, CHUNK)):
        with _interrupts_ignored():
            waiting.append(pool.submit(_in_process, chunk))
        if len(waiting) >= most:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()


@contextmanager
def _pool(jobs: int, folders: tuple[Path, ...], task: Task) -> Iterator[ProcessPoolExecutor]:
    # A fork would copy the thread that draws the progress bar, in whatever state it is.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(folders, task))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ctrl-C reaches every process of the terminal; those that are started in here leave the answer to the first."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_state: list[tuple[RuleSet, Task]] = []  # of this process: a pool's function can only find what is global


def _start(folders: tuple[Path, ...], task: Task) -> None:
    _state[:] = [(load(folders), task)]


def _in_process(letters: list[Letter]) -> list[Report]:
    rules, task = _state[0]
    return [report(letter, rules, task) for letter in letters]
