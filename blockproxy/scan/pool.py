"""One function over many messages on all cores, in their order, with a bounded number of them on the way."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TypeVar

POOL_FROM = 200  # messages; starting processes takes half a second, in which one process cleans about that many
CHUNK = 16  # messages handed to a process at once
AHEAD = 4  # chunks a process that are on the way; more would only take memory

Item = TypeVar("Item")
Result = TypeVar("Result")
Made = TypeVar("Made")


def in_order(
    items: Iterable[Item], make: Callable[[Made], Callable[[Item], Result]], made_of: Made, jobs: int = 0
) -> Generator[Result, None, None]:
    """`make(made_of)` applied to each of `items`; 0 jobs: one a core where that pays.

    What `make` gives is made once in each process; `make`, `made_of`, items and results are sent between processes.

    After an interrupt no item is begun, the results of all that were begun still come, and KeyboardInterrupt ends it:
    so a count of the results is a count of what was done. A second interrupt ends it at once.

    Close it (`closing`) where not all results are taken: until then Ctrl-C is answered in here.
    """
    source = iter(items)
    if jobs == 0:
        first = list(islice(source, POOL_FROM + 1))
        jobs = (os.cpu_count() or 1) if len(first) > POOL_FROM else 1
        source = chain(first, source)
    if jobs == 1:
        yield from _here(make(made_of), source)
        return
    with _processes(jobs, make, made_of) as pool:
        waiting: deque[Future[list[Result]]] = deque()
        try:
            while chunk := list(islice(source, CHUNK)):
                with _interrupts_ignored():
                    waiting.append(pool.submit(_in_process, chunk))
                yield from _results(waiting, jobs * AHEAD - 1)
            yield from _results(waiting)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)  # waits for the chunks that were begun
            yield from _results(deque(each for each in waiting if not each.cancelled()))
            raise


def _here(function: Callable[[Item], Result], source: Iterable[Item]) -> Iterator[Result]:
    for item in source:
        with _interrupts_deferred():
            yield function(item)


def _results(waiting: "deque[Future[list[Result]]]", left: int = 0) -> Iterator[Result]:
    """The results of the first of `waiting` until there are only so many `left`."""
    while len(waiting) > left:
        results = waiting[0].result()
        with _interrupts_deferred():  # the results of a chunk come all or not at all
            waiting.popleft()
            yield from results


@contextmanager
def _processes(jobs: int, make: Callable[[Any], Any], made_of: object) -> Iterator[ProcessPoolExecutor]:
    # A fork would copy the thread that draws the progress bar, in whatever state it is.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(make, made_of))
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


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """A first Ctrl-C is answered at the end of the block, a second one at once."""
    held: list[int] = []

    def hold(number: int, _: object) -> None:
        if held:
            raise KeyboardInterrupt
        held.append(number)

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt


_function: list[Callable[[Any], Any]] = []  # of this process: a pool's function can only find what is global


def _start(make: Callable[[Any], Any], made_of: object) -> None:
    _function[:] = [make(made_of)]


def _in_process(chunk: list[Any]) -> list[Any]:
    return [_function[0](item) for item in chunk]
