"""HTML that was made to be slow to clean: dozens of shapes, each in two sizes, up to 1.5 MB."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import messages
from bench.cleaning import clean
from bench.measure import Row
from blockproxy.detect.rules import built_in
from tests.message.hostile import SHAPES

MAX_SECONDS = 1.0
MAX_GROWTH = 2.6  # times as long for twice the octets; 2 is linear, 4 quadratic
MEASURABLE = 0.02  # seconds; below, growth says nothing
PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of a shape's size
SLOWEST = 5  # shapes that get a row of their own

# Something to find in front and behind: without a reference the cleaner would not even look at the rest.
_BEFORE = (
    b'<img src="https://example.us1.list-manage.com/track/open.php?u=0000fake0000&id=fake01" width=1 height=1>'
    b'<img src="https://img.example.org/o/fake-fake-fake-0001">'
)
_BEHIND = b'<img src="https://img.example.net/o?id=fake-fake-fake-0002">'


@dataclass(frozen=True, slots=True)
class Timing:
    """The largest size of a shape that was tried: a `part` of the whole, its seconds, and those of half of it."""

    part: float
    seconds: float
    half: float

    @property
    def growth(self) -> float:
        """How many times as long as half of it."""
        return self.seconds / self.half if self.seconds >= MEASURABLE else 0.0


def hostile(quick: bool) -> Iterator[Row]:
    """The one that grows most, and the slowest ones."""
    timings = {name: timing(*shape, rounds=1 if quick else 2) for name, shape in SHAPES.items()}
    steepest = max(timings, key=lambda name: timings[name].growth)
    how = f"the worst of {len(timings)} shapes, {steepest}: n beside n/2"
    yield Row("hostile HTML, growth", timings[steepest].growth, "x", MAX_GROWTH, how)
    slowest = sorted(timings, key=lambda name: timings[name].seconds / timings[name].part, reverse=True)
    for name in slowest[:SLOWEST]:
        found = timings[name]
        how = f"one of the slowest of {len(timings)}" + (
            f"; given up at n/{1 / found.part:.0f}" if found.part < 1 else ""
        )
        yield Row(f"hostile HTML, {name}", found.seconds, "s", MAX_SECONDS, how)


def timing(build: Callable[[int], bytes], count: int, rounds: int) -> Timing:
    """Doubles the size up to `count` repetitions, or until it takes too long already."""
    half = _seconds(build, int(count * PARTS[0]), rounds)
    for part in PARTS[1:]:
        seconds = _seconds(build, int(count * part), rounds)
        if part == 1 or seconds > MAX_SECONDS:
            break
        half = seconds
    return Timing(part, seconds, half)


def _seconds(build: Callable[[int], bytes], count: int, rounds: int) -> float:
    """The quickest of `rounds`."""
    message = messages.html_message(_BEFORE + build(count) + _BEHIND, "8bit")
    spent = []
    for _ in range(rounds):
        start = time.thread_time()
        clean(built_in(), message)
        spent.append(time.thread_time() - start)
    return min(spent)
