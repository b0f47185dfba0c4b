"""`python -m evaluation`: measure everything that is there, and write `evaluation.md`.

Exit code 1 when an invariant broke, a claim failed, or a labelled case is wrong without a reason.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from bench import cleaning
from bench.measure import Row
from blockproxy.cli.progress import progress
from blockproxy.detect.rules import built_in
from evaluation import disguised, labelled, mail, proofs, report
from tests.corpus_path import PROJECT, corpus

Item = TypeVar("Item")

QUICK = 10  # pixels of each kind in disguise, and random identifiers, when it has to be quick


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="the folder of real mail; else BLOCKPROXY_CORPUS says where")
    parser.add_argument("--out", type=Path, default=PROJECT / "evaluation.md", help="the report; - is stdout")
    parser.add_argument("--quick", action="store_true", help="fewer pixels and rounds: does everything run?")
    return parser.parse_args(words)


def evaluate(root: Path | None, *, quick: bool) -> tuple[str, bool]:
    """The report, and whether everything is as it should be."""
    sets = mail.found_sets(root) if root else {}
    cases = list(labelled.cases(root / "labelled")) if root else []
    collections = {case.collection for case in cases}
    missing = [name for name in mail.SETS if name not in sets]
    missing += [f"labelled/{name}" for name in labelled.COLLECTIONS if name not in collections]
    totals = _measured(sets, root) if root else {}
    purposes = labelled.on_purpose()
    claims = list(_told("claim", proofs.proofs(QUICK if quick else proofs.TOKENS)))
    rows = list(_speed(quick=quick))
    recalls = list(_told("disguise", disguised.recall(QUICK if quick else None)))
    parts = [
        report.header(
            built_in(), missing, f"{proofs.TOKENS_SEED} for identifiers, 0 to {3 if quick else 15} for newsletters"
        ),
        *(report.sets(totals) if totals else ()),
        *(report.negatives(totals) if totals else ()),
        *(report.labelled(cases, purposes) if cases else ()),
        *(report.invariants(totals) if totals else ()),
        *report.own(proofs.known(built_in()), claims),
        *report.recall(recalls),
        *report.speed(rows),
    ]
    wrong = [case for case in cases if not case.right and report.key(case) not in purposes]
    good = not wrong and not any(one.broken for one in totals.values()) and not any(claim.failed for claim in claims)
    return report.whole(parts), good


def _measured(sets: dict[str, list[Path]], root: Path) -> dict[str, mail.Measured]:
    paths = [path for name in sets for path in sets[name]]
    measured = []
    with progress() as bar:
        for one in mail.measure_all(paths, root):
            measured.append(one)
            bar.advance(1, len(paths))
    return {name: mail.add_up(measured, name) for name in sets}


def _speed(*, quick: bool) -> Iterator[Row]:
    yield from _told("speed", cleaning.newsletters(quick))
    yield from _told("speed", cleaning.quiet(quick))


def _told(what: str, items: Iterable[Item]) -> Iterator[Item]:
    """`items`, with a line on a terminal for each."""
    for number, item in enumerate(items, 1):
        if sys.stderr.isatty():
            print(f"\r{what} {number}", end="\r", file=sys.stderr, flush=True)
        yield item


def main(words: Sequence[str]) -> int:
    """Measure and write."""
    chosen = arguments(words)
    root = chosen.corpus or corpus()
    if root is None:
        print("no corpus of real mail here (BLOCKPROXY_CORPUS says where): only a part is measured", file=sys.stderr)
    text, good = evaluate(root, quick=chosen.quick)
    if str(chosen.out) == "-":
        print(text, end="")
    else:
        chosen.out.write_text(text, encoding="utf-8")
        print(f"written: {chosen.out}", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
