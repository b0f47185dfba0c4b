"""`python -m bench [NAME...] [--json] [--quick]`: measure, print a table, exit 1 when a target is missed.

Nobody's tests depend on it: what a shared machine says about speed is worth a look, not a red build.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from bench import cleaning, events, hostile, imap, lists, memory, rules, smtp
from bench.measure import Benchmark, Row

BENCHMARKS: dict[str, Benchmark] = {
    "cleaner": cleaning.newsletters,
    "quiet": cleaning.quiet,
    "imap": imap.imap,
    "smtp": smtp.smtp,
    "memory": memory.memory,
    "hostile": hostile.hostile,
    "rules": rules.rules,
    "lists": lists.lists,
    "events": events.events,
}
HEADINGS = ("what", "measured", "at most", "spread", "verdict", "how")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all without one")
    parser.add_argument("--json", action="store_true", help="one JSON object for each row")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes: does everything run?")
    chosen = parser.parse_args(words)
    unknown = set(chosen.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    return chosen


def cells(row: Row) -> tuple[str, ...]:
    """A row as the table shows it."""
    target = "" if row.target is None else f"{row.target:g} {row.unit}"
    spread = "" if row.spread is None else f"{row.spread[0]:.2f}..{row.spread[1]:.2f}"
    return row.name, f"{row.value:.2f} {row.unit}", target, spread, row.verdict, row.how


def table(rows: Sequence[Row]) -> str:
    """The rows under their headings, in columns."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    widths[-1] = 0
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def main(words: Sequence[str]) -> int:
    """Measure and print; 0 when everything is within its target."""
    chosen = arguments(words)
    rows: list[Row] = []
    for name in chosen.names or BENCHMARKS:
        start = time.perf_counter()
        rows += BENCHMARKS[name](chosen.quick)
        print(f"{name}: measured in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    if chosen.json:
        print("\n".join(json.dumps({**asdict(row), "verdict": row.verdict}) for row in rows))
    else:
        print(table(rows))
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
