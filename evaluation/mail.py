"""Whole sets of mail: what is found in them, what is done about it, and whether every invariant holds."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from blockproxy.cleaner import clean
from blockproxy.detect.individual import layout_name
from blockproxy.model import Action, Cleaned, Context, Finding, Trigger
from blockproxy.scan.report import MAX_HEADER, recipients
from blockproxy.url import parse
from evaluation.invariants import CHECKS
from tests.corpus_path import files

CHUNK = 8  # messages handed to a process at once
POOL_FROM = 50  # messages; below that, starting processes takes longer than they save

SETS = ("newsletters", "phishing", "list-a", "list-b", "spam", "newsletters-2002", "ham-2002", "mime")
NEGATIVES = ("ham-2002", "newsletters-2002")  # older than what is looked for, or from one person to another


@dataclass(frozen=True, slots=True)
class Measured:
    """One message, or several: counts by name, and which message broke which invariant."""

    folder: str
    counts: Counter[str] = field(default_factory=Counter)
    broken: tuple[tuple[str, str], ...] = ()


def found_sets(root: Path) -> dict[str, list[Path]]:
    """The messages of each set that is there."""
    sets: dict[str, list[Path]] = {name: [] for name in SETS}
    for path in files(root):
        name = path.relative_to(root).parts[0]
        if name in sets:
            sets[name].append(path)
    return {name: paths for name, paths in sets.items() if paths}


def measure_all(paths: Sequence[Path], root: Path) -> Iterator[Measured]:
    """Measure every message, in the order of `paths`, on all cores where that pays."""
    work = [(path, root) for path in paths]
    if len(work) < POOL_FROM:
        yield from map(_measure, work)
        return
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_measure, work, chunksize=CHUNK)


def _measure(work: tuple[Path, Path]) -> Measured:
    path, root = work
    return measure(path.read_bytes(), path.relative_to(root).parts[0], str(path.relative_to(root)))


def measure(message: bytes, folder: str, name: str) -> Measured:
    """Clean `message` for those it is addressed to, count, and check."""
    context = Context(tuple(sorted(recipients(message[:MAX_HEADER]))))
    cleaned = clean(message, context=context)
    counts = Counter({"messages": 1, "octets": len(message)})
    counts["changed"] = int(cleaned.message != message)
    counts["with findings"] = int(bool(cleaned.findings))
    counts.update({f"with {finding.technique}" for finding in cleaned.findings})
    for finding in cleaned.findings:
        counts.update(_names(finding))
    counts.update(f"skipped {skip.reason}" for skip in cleaned.skipped)
    return Measured(folder, counts, tuple(_checked(message, cleaned, context, counts, name)))


def _names(finding: Finding) -> Iterator[str]:
    yield f"action {finding.action}"
    if finding.blocked:
        yield f"by {finding.technique} {finding.rule}"
    opened = finding.reference is not None and finding.reference.place.trigger is Trigger.OPEN
    url = parse(finding.url)
    if finding.action is Action.REMOVE and opened and url and layout_name(url) and not url.query:
        yield "spacer removed"


def _checked(
    message: bytes, cleaned: Cleaned, context: Context, counts: Counter[str], name: str
) -> Iterator[tuple[str, str]]:
    for check, holds in CHECKS.items():
        counts[f"checked {check}"] += 1
        if not holds(message, cleaned, context):
            yield check, name


def add_up(measured: Sequence[Measured], folder: str) -> Measured:
    """Those of `folder` as one."""
    own = [one for one in measured if one.folder == folder]
    total: Counter[str] = Counter()
    for one in own:
        total.update(one.counts)
    return Measured(folder, total, tuple(pair for one in own for pair in one.broken))
