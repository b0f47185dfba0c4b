"""HTML that was made to be slow to clean: dozens of shapes, each in two sizes, up to 1.5 MB."""

import time
from collections.abc import Callable, Iterator

from bench import messages
from bench.cleaning import clean
from bench.measure import Row
from blockproxy.detect.rules import built_in
from tests.message.hostile import SHAPES

MAX_SECONDS = 1.0
MAX_GROWTH = 2.6  # times as long for twice the octets; 2 is linear, 4 quadratic
MEASURABLE = 0.02  # seconds; below, growth says nothing
SLOWEST = 5  # shapes that get a row of their own

# Something to find in front and behind: without a reference the cleaner would not even look at the rest.
_BEFORE = (
    b'<img src="https://example.us1.list-manage.com/track/open.php?u=0000fake0000&id=fake01" width=1 height=1>'
    b'<img src="https://img.example.org/o/fake-fake-fake-0001">'
)
_BEHIND = b'<img src="https://img.example.net/o?id=fake-fake-fake-0002">'


def hostile(quick: bool) -> Iterator[Row]:
    """The slowest shape, the one that grows most, and the five slowest for information."""
    seconds: dict[str, float] = {}
    growth: dict[str, float] = {}
    for name, (build, count) in SHAPES.items():
        half = _seconds(build, count // 2, 1 if quick else 2)
        seconds[name] = _seconds(build, count, 1 if quick else 2)
        if seconds[name] >= MEASURABLE:
            growth[name] = seconds[name] / half
    by_time = sorted(seconds, key=lambda name: seconds[name], reverse=True)
    steepest = max(growth, key=lambda name: growth[name])
    about = f"the worst of {len(seconds)} shapes"
    yield Row("hostile HTML, growth", growth[steepest], "x", MAX_GROWTH, f"{about}, {steepest}: n beside n/2")
    for name in by_time[: 1 if quick else SLOWEST]:
        yield Row(f"hostile HTML, {name}", seconds[name], "s", MAX_SECONDS, f"one of the slowest of {len(seconds)}")


def _seconds(build: Callable[[int], bytes], count: int, rounds: int) -> float:
    """The quickest of `rounds`."""
    message = messages.html_message(_BEFORE + build(count) + _BEHIND, "8bit")
    spent = []
    for _ in range(rounds):
        start = time.thread_time()
        clean(built_in(), message)
        spent.append(time.thread_time() - start)
    return min(spent)
