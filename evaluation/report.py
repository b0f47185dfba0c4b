"""The tables of `evaluation.md`."""

import platform
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby

from bench.measure import Row
from blockproxy import __version__
from blockproxy.detect.rules import RuleSet, built_in_folder
from blockproxy.model import Action, Technique
from evaluation.disguised import Recall
from evaluation.invariants import CHECKS
from evaluation.labelled import Case
from evaluation.mail import NEGATIVES, Measured
from evaluation.proofs import Proof

LIBRARIES = ("ada-url", "lxml", "beautifulsoup4", "tldextract", "PyYAML")  # those that may change a result
MAX_NAMED = 10  # messages named for each invariant that broke
# What is found in real mail on its way to the reader; the others are found elsewhere, or only with other settings.
FOUND = (
    Technique.OPEN_PIXEL,
    Technique.ADDRESS_LEAK,
    Technique.LINK_REDIRECT,
    Technique.LINK_DECORATION,
    Technique.REMOTE_STYLE,
    Technique.RECEIPT_REQUEST,
)

_ADDED = re.compile(r"^added: (\d{4}-\d\d-\d\d)$", re.MULTILINE)


def header(rules: RuleSet, missing: Iterable[str], seeds: str) -> str:
    """What was measured with what."""
    files = sorted(built_in_folder().rglob("*.yaml"))
    dates = [day for path in files for day in _ADDED.findall(path.read_text(encoding="utf-8"))]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines = [
        "# Evaluation",
        "",
        "Written by `make evaluate`; how it is done is told in [`evaluation/`](evaluation/__init__.py).",
        "",
        f"- rules: SHA-256 `{rules.digest}`, newest of {max(dates, default='no date')}; {_size(rules)}",
        f"- blockproxy {__version__}, Python {platform.python_version()}, {libraries}",
        f"- standard policy; the reader's addresses are those a message is addressed to; seeds: {seeds}",
    ]
    gone = list(missing)
    return "\n".join(lines + ([f"- not there, and not measured: {', '.join(gone)}"] if gone else []))


def _size(rules: RuleSet) -> str:
    count = sum(map(len, rules.vendors.values()))
    known = f"{len(rules.known_parameters)} parameters, {len(rules.reasons)} reasons to leave an address alone"
    return f"{len(rules.vendors)} vendors with {count} rules, {known}"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown; numbers are at the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---", *("---:" for _ in headings[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(headings), rule, *cells])


def share(part: int, whole: int) -> str:
    """In percent, with one decimal."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def sets(totals: Mapping[str, Measured]) -> Iterator[str]:
    """What is found, and what is done about it."""
    yield "## Mail"
    yield "Share of the messages of each set in which a technique was found, whatever was done about it."
    yield table(
        ("set", "messages", "any", *FOUND),
        (
            (
                name,
                one.counts["messages"],
                *(share(one.counts[key], one.counts["messages"]) for key in ("with findings", *_with())),
            )
            for name, one in totals.items()
        ),
    )
    yield "What was done."
    actions = (Action.REMOVE, Action.UNWRAP, Action.STRIP, Action.RENAME, Action.REPORT)
    yield table(
        ("set", "changed", "resources removed", "links unwrapped", "links stripped", "fields renamed", "reported"),
        (
            (
                name,
                share(one.counts["changed"], one.counts["messages"]),
                *(one.counts[f"action {action}"] for action in actions),
            )
            for name, one in totals.items()
        ),
    )
    reasons = sorted({key for one in totals.values() for key in one.counts if key.startswith("skipped ")})
    yield "Parts that could not be looked into."
    yield table(
        ("set", *(reason.removeprefix("skipped ") for reason in reasons)),
        ((name, *(one.counts[reason] for reason in reasons)) for name, one in totals.items()),
    )


def _with() -> tuple[str, ...]:
    return tuple(f"with {technique}" for technique in FOUND)


def negatives(totals: Mapping[str, Measured]) -> Iterator[str]:
    """What sets lose that hold few trackers or none."""
    yield "## Negatives"
    yield (
        "Sets with few trackers or none: what was changed in them, by which rule. A spacer is a picture that has a name"
        " which layouts use, and no query."
    )
    for name in NEGATIVES:
        if name in totals:
            counts = totals[name].counts
            changed = f"{counts['changed']} of {counts['messages']} messages changed"
            yield f"`{name}`: {changed}, spacers removed: {counts['spacer removed']}"
            acted = Counter({key.removeprefix("by "): count for key, count in counts.items() if key.startswith("by ")})
            if acted:
                rows = sorted(acted.items(), key=lambda pair: (-pair[1], pair[0]))
                yield table(("technique and rule", "times"), rows)


def invariants(totals: Mapping[str, Measured]) -> Iterator[str]:
    """Which held, in how many messages."""
    yield "## Invariants"
    broken = [pair for one in totals.values() for pair in one.broken]
    yield table(
        ("invariant", "messages checked", "broken"),
        (
            (
                check,
                sum(one.counts[f"checked {check}"] for one in totals.values()),
                sum(name == check for name, _ in broken),
            )
            for check in CHECKS
        ),
    )
    for check in CHECKS:
        names = sorted(message for name, message in broken if name == check)
        if names:
            yield f"{check}: broken in {', '.join(f'`{name}`' for name in names[:MAX_NAMED])}"


def labelled(cases: Sequence[Case], purposes: Mapping[str, str]) -> Iterator[str]:
    """Where we agree with others, where not on purpose, and where not at all."""
    yield "## Labelled cases"
    rows = []
    for collection, group in groupby(cases, key=lambda case: case.collection):
        own = list(group)
        wrong = [case for case in own if not case.right]
        meant = sum(key(case) in purposes for case in wrong)
        rows.append((collection, len(own), len(own) - len(wrong), meant, len(wrong) - meant))
    yield table(("collection", "cases", "as labelled", "otherwise on purpose", "wrong"), rows)
    differing = [case for case in cases if not case.right]
    if differing:
        lines = (
            f'- {case.collection}, {case.name}: the label says "{case.said}", we: "{case.got}".'
            f" {purposes.get(key(case), '**Wrong.**').strip()}"
            for case in differing
        )
        yield "\n".join(lines)
    stale = sorted(set(purposes) & {key(case) for case in cases if case.right})
    if stale:
        yield f"No longer needed in `evaluation/on_purpose.yaml`: {', '.join(stale)}"


def key(case: Case) -> str:
    """How `on_purpose.yaml` names it."""
    return f"{case.collection}/{case.name}"


def own(known: Iterable[tuple[str, int, int]], proofs: Iterable[Proof]) -> Iterator[str]:
    """What is known by name, and whether the project's own claims hold."""
    yield "## Rules and claims"
    yield table(("what is known by name", "how many", "of so many vendors or families"), known)
    yield table(("what must hold", "tried", "failed"), proofs)


def recall(rows: Sequence[Recall]) -> Iterator[str]:
    """By disguise."""
    yield "## Recall by disguise"
    yield (
        "Every pixel that a rule knows (its own examples), and some that none knows, each in a message of its own. In"
        " the lower part a pixel cannot be seen to be invisible, so that only its address can give it away."
    )
    yield table(
        ("disguise", "known by a rule", "", "known by none", ""),
        (
            (row.disguise, f"{row.known[0]:,} of {row.known[1]:,}", share(*row.known),
             f"{row.unknown[0]} of {row.unknown[1]}", share(*row.unknown))
            for row in sorted(rows, key=lambda row: not row.invisible)
        ),
    )  # fmt: skip


def speed(rows: Sequence[Row]) -> Iterator[str]:
    """Ratios within one run."""
    yield "## Speed"
    yield "Times as long as `lxml.html.fromstring` and `tostring` take for the same HTML in the same run; medians."
    yield table(
        ("what", "measured", "at most"),
        ((row.name, f"{row.value:.2f} {row.unit}", f"{row.target:g} {row.unit}") for row in rows),
    )


def whole(parts: Iterable[str]) -> str:
    """Paragraphs with an empty line between."""
    return "\n\n".join(parts) + "\n"
