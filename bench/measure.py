"""What a benchmark measures, and how: jobs side by side in turns, the median of many rounds.

Seconds say more about the machine than about the program, and a busy machine slows everything down for a while.
Ratios of jobs that ran in turns (A B, B A, A B, ...) survive both.
"""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Clock = Callable[[], float]
Job = Callable[[int], object]
"""Does its work once; the argument is the number of the round, so that each round can have fresh material."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `value` in `unit` may be at most `target`; None: for information.

    `spread` is the lowest and the highest round, `how` says what was measured.
    """

    name: str
    value: float
    unit: str
    target: float | None
    how: str
    spread: tuple[float, float] | None = None

    @property
    def within(self) -> bool:
        """Whether the target is met; true without one."""
        return self.target is None or self.value <= self.target

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.target is None:
            return "information"
        return "within" if self.within else "OVER"


Benchmark = Callable[[bool], Iterable[Row]]
"""Measures; the argument says whether it has to be quick, with fewer rounds and smaller sizes."""


def median_row(name: str, values: Sequence[float], unit: str, target: float | None, how: str) -> Row:
    """The row for the values of several rounds."""
    return Row(name, statistics.median(values), unit, target, how, (min(values), max(values)))


def interleaved(jobs: Sequence[Job], rounds: int, clock: Clock = time.thread_time) -> list[list[float]]:
    """The seconds of each job (outer list) in each round; round 0 warms up and does not count.

    The standard clock counts the thread's own time on the processor, so that what else the machine does matters less.
    """
    seconds: list[list[float]] = [[] for _ in jobs]
    for number in range(rounds + 1):
        order = range(len(jobs)) if number % 2 else reversed(range(len(jobs)))
        for index in order:
            gc.collect()  # nobody pays for what another left behind
            start = clock()
            jobs[index](number)
            spent = clock() - start
            if number:
                seconds[index].append(spent)
    return seconds


def ratios(seconds: Sequence[float], base: Sequence[float]) -> list[float]:
    """How many times as long as `base`, round by round."""
    return [mine / theirs for mine, theirs in zip(seconds, base, strict=True)]
